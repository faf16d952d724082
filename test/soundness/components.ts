/** Random systems of sources, components and connections, some with a role between them. */
import { Random } from "../../src/verify/schedule.ts";
import type { Generated } from "./generate.ts";
import { giveInputs, type GivenInput } from "./given.ts";
import { Maker, type Type } from "./maker.ts";

const types: Readonly<Record<string, Type>> = { k: "string", j: "string", v: "int" };
const sets = [["k"], ["k", "j"], ["k", "j"], ["k", "v"], ["k", "j", "v"]];

interface End {
  readonly name: string;
  readonly columns: readonly string[];
  /** Has no column that some component computes: it can go round in a cycle. */
  readonly isFinite: boolean;
}

interface Port {
  readonly name: string;
  readonly columns: readonly string[];
}

function typeOf(column: string): Type {
  return types[column] ?? "int";
}

function declared(columns: readonly string[]): string {
  return columns.map((column) => `${column}: ${typeOf(column)}`).join(", ");
}

/** A role that keeps what it gets, counts it, and compares two streams. */
function addRole(make: Maker, ends: End[], lines: string[], connections: string[]): void {
  const keyed = ends.filter(({ columns }) => columns.includes("k"));
  const [a, b] = [make.pick(keyed), make.pick(keyed)];
  const names = a.columns.join(", ");
  const shape = make.pick(["", "", "replicated x2", "partitioned by (k) x2"]);
  const gone = b.columns.map((column) => (a.columns.includes(column) ? column : "_")).join(", ");
  connections.push(`connect ${a.name} -> M.c;`, `connect ${b.name} -> M.d;`);
  lines.push(
    `role M ${shape} {`,
    `  channel c(${declared(a.columns)});`,
    `  channel d(${declared(b.columns)});`,
    `  table t(${declared(a.columns)});`,
    `  table u(${declared(b.columns)});`,
    `  t(${names}) <= c(${names});`,
    `  u(${b.columns.join(", ")}) <= d(${b.columns.join(", ")});`,
    `  output o(k: string, m: int);`,
    `  output left(${declared(a.columns)});`,
    `  o(k, count()) <= t(${a.columns.map((column) => (column === "k" ? "k" : "_")).join(", ")});`,
    `  left(${names}) <= ${make.pick(["t", "c"])}(${names}), not u(${gone});`,
    `}`,
  );
  ends.push(
    { name: "M.t", columns: a.columns, isFinite: false },
    { name: "M.c", columns: a.columns, isFinite: false },
    { name: "M.left", columns: a.columns, isFinite: false },
    { name: "M.o", columns: ["k", "m"], isFinite: false },
  );
}

export function generateComponents(seed: number): Generated {
  const make = new Maker(new Random(seed + 0xc0));
  const lines: string[] = [];
  const inputs: GivenInput[] = [];
  const ends: End[] = [];
  const connections: string[] = [];
  const targets: { readonly name: string; readonly columns: readonly string[] }[] = [];

  for (let s = 0, count = 2 + make.random.below(2); s < count; s++) {
    const columns = make.pick(sets);
    const name = `s${s}`;
    const seal = make.chance(0.6) ? columns.map((_, i) => i).filter(() => make.chance(0.55)) : null;
    const single = seal !== null && make.chance(0.2);
    const words =
      seal === null ? "" : seal.length === 0 ? " sealed" : ` sealed by (${seal.map((i) => columns[i]).join(", ")})`;
    lines.push(`source ${name}(${declared(columns)})${words}${single ? " single" : ""};`);
    inputs.push({ at: name, nodes: 1, name, types: columns.map(typeOf), seal, single, unique: 0 });
    ends.push({ name, columns, isFinite: true });
  }

  const at = make.chance(0.35) ? make.random.below(2) : -1;
  for (let c = 0, count = 1 + make.random.below(3); c < count; c++) {
    if (c === at) addRole(make, ends, lines, connections);
    const name = `C${c}`;
    const ins: Port[] = [];
    for (let i = 0, most = 1 + make.random.below(3); i < most; i++) {
      const from = make.pick(ends);
      const port = { name: `i${i}`, columns: from.columns };
      ins.push(port);
      connections.push(`connect ${from.name} -> ${name}.${port.name};`);
      const more = ends.filter((end) => end !== from && end.columns.join() === from.columns.join());
      if (more.length > 0 && make.chance(0.3))
        connections.push(`connect ${make.pick(more).name} -> ${name}.${port.name};`);
      targets.push({ name: `${name}.${port.name}`, columns: port.columns });
    }
    const outs: (Port & { readonly isFinite: boolean })[] = [];
    for (let o = 0, most = 1 + make.random.below(2); o < most; o++) {
      const base = make.pick(ins).columns;
      const kept = base.filter(() => make.chance(0.8));
      const isNew = kept.length === 0 || make.chance(0.5);
      const outName = make.chance(0.15) ? "i0" : `o${o}`;
      if (outs.some((out) => out.name === outName)) continue;
      outs.push({
        name: outName,
        columns: isNew ? [...kept, `n${c}${o}`] : kept,
        isFinite: !isNew && kept.every((column) => column in types),
      });
    }
    const paths: string[] = [];
    const pathOf = (from: Port, to: Port): void => {
      const word = make.pick(["CR", "CW", "CW", "OR", "OR", "OW"]);
      const known = [...new Set([...from.columns, ...to.columns])];
      const gate = known.filter(() => make.chance(0.6));
      const text = word.startsWith("C")
        ? word
        : `${word}(${gate.length === 0 || make.chance(0.05) ? "*" : gate.join(", ")})`;
      const path = `path ${from.name} -> ${to.name}`;
      if (!paths.some((each) => each.startsWith(`  ${path}:`))) paths.push(`  ${path}: ${text};`);
    };
    for (const from of ins) for (const to of outs) if (make.chance(0.6)) pathOf(from, to);
    for (const from of ins) if (!paths.some((path) => path.includes(` ${from.name} ->`))) pathOf(from, make.pick(outs));
    for (const to of outs) if (!paths.some((path) => path.includes(`-> ${to.name}:`))) pathOf(make.pick(ins), to);
    lines.push(`component ${name}${make.chance(0.55) ? " replicated x2" : ""} from "./c.ts" {`);
    for (const port of ins) lines.push(`  in ${port.name}(${declared(port.columns)});`);
    for (const port of outs)
      lines.push(
        `  out ${port.name}(${declared(port.columns)})${make.chance(0.1) ? " agreed" : make.chance(0.05) ? " any" : ""};`,
      );
    lines.push(...paths, "}");
    for (const { name: out, columns, isFinite } of outs) ends.push({ name: `${name}.${out}`, columns, isFinite });
  }

  for (const end of ends) {
    const back = targets.filter(({ columns }) => columns.join() === end.columns.join());
    if (!end.isFinite || back.length === 0 || !end.name.includes(".") || !make.chance(0.15)) continue;
    const connection = `connect ${end.name} -> ${make.pick(back).name};`;
    if (!connections.includes(connection)) connections.push(connection);
  }
  return {
    text: [...lines, ...connections].join("\n"),
    given: giveInputs(inputs, make),
    inputs,
    strategy: make.pick(["auto", "auto", "auto", "order", "seal", "barrier"]),
    interleave: true,
    permute: true,
  };
}
