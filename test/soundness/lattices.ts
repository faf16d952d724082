/** Lattices in generated programs: tables and scratches that merge what the program reads, and what is read of them. */
import { type Known, type Maker, type Type, written, values } from "./maker.ts";

interface Growing {
  readonly name: string;
  readonly key: Type;
  /** Of its elements, or its values. */
  readonly of: Type;
  readonly kind: "lset" | "lmax" | "lmin" | "lbool" | "gcounter" | "orset" | "lww" | "lmap";
}

const kinds = ["lset", "lset", "lset", "lmax", "lmax", "lmin", "lbool", "gcounter", "orset", "lww", "lmap"] as const;

function typeOf({ kind, of }: Growing): string {
  if (kind === "lbool" || kind === "gcounter") return kind;
  return kind === "lmap" ? `lmap<${of}, lmax<${of}>>` : `${kind}<${of}>`;
}

/** What is sent on to another role: a channel with a lattice column. */
export interface SentLattice {
  readonly channel: string;
  readonly lines: readonly string[];
}

/**
 * Lines for a role in which `readable` can be read. Collections of plain facts that come out of it are added to
 * `readable`; `forward` makes the head of a message to a further role.
 */
export function latticeLines(
  make: Maker,
  readable: Known[],
  forward: ((channel: string, rule: (head: string) => string) => string) | null,
): { lines: string[]; sent: SentLattice[] } {
  const lines: string[] = [];
  const made: Growing[] = [];
  const sent: SentLattice[] = [];
  const from = readable.filter(({ types }) => types.length > 1 && types.every((type) => type !== "addr"));
  if (from.length === 0) return { lines, sent };
  for (let n = 1; n <= 1 + make.random.below(3); n++) {
    const source = make.pick(from);
    const [key, of] = source.types;
    const growing: Growing = { name: `l${n}`, key, of, kind: make.pick(kinds) };
    const rest = source.types.slice(2).map(() => "_");
    const literal = `${source.name}(${["a", "b", ...rest].join(", ")})`;
    lines.push(`${make.chance(0.75) ? "table" : "scratch"} ${growing.name}(k: ${key}, v: ${typeOf(growing)});`);
    const isTable = lines[lines.length - 1].startsWith("table");
    lines.push(`${growing.name}(a, ${update(make, growing, isTable)}) <= ${literal};`);
    if (make.chance(0.3))
      lines.push(
        `${growing.name}(a, ${update(make, growing, isTable)}) ${isTable && make.chance(0.2) ? "<+" : "<="} ${literal}${make.chance(0.4) ? `, b != ${make.constant(of)}` : ""};`.replace(
          /(remove\(b\)\)|, b\)) <\+/,
          "$1 <=",
        ),
      );
    if (isTable && make.chance(0.08))
      lines.push(`${growing.name}(a, v) <- ${growing.name}(a, v), ${literal.replace("(a, b", "(a, _")};`);
    const same = made.find((each) => typeOf(each) === typeOf(growing) && each.key === key);
    if (same !== undefined && make.chance(0.5)) lines.push(`${growing.name}(a, v) <= ${same.name}(a, v);`);
    made.push(growing);
  }
  for (const growing of made) {
    if (make.chance(0.6)) reads(make, growing, lines, readable);
    if (make.chance(0.6)) shows(make, growing, lines);
    if (forward !== null && make.chance(0.4)) {
      const channel = `g${growing.name}`;
      lines.push(forward(channel, (head) => `${head}(k, v) <~ ${growing.name}(k, v);`));
      sent.push({ channel, lines: receives(make, { ...growing, name: channel }) });
    }
  }
  return { lines, sent };
}

function update(make: Maker, { kind, of, key }: Growing, isTable: boolean): string {
  switch (kind) {
    case "lset":
      return make.pick(["b", "b", "{b}", "choose(b)"]);
    case "lmax":
      return make.pick(["b", "b", "max(b)", of === "int" ? "count()" : "min(b)"]);
    case "lmin":
      return make.pick(["b", "b", "min(b)", "max(b)"]);
    case "lbool":
      return `b != ${written(of, values[of][0])}`;
    case "gcounter":
      return "inc(1)";
    case "orset":
      return isTable && make.chance(0.35) ? "remove(b)" : "add(b)";
    case "lww":
      return isTable && make.chance(0.4) ? "b" : key === "int" ? "stamped(a, b)" : "stamped(1, b)";
    case "lmap":
      return "{b: b}";
    default:
      return "b";
  }
}

/** Conditions, most of which only become true. */
function condition(make: Maker, { kind, of }: Growing): string {
  const constant = (): string => make.constant(of);
  switch (kind) {
    case "lset":
      return make.pick([
        "size(v) >= 2",
        "2 <= size(v)",
        "size(v) < 2",
        `contains(v, ${constant()})`,
        "size(union(v, v)) > 1",
        "size(v) == 2",
      ]);
    case "lmax":
      return make.pick([`v >= ${constant()}`, `v > ${constant()}`, `v == ${constant()}`, `!(v >= ${constant()})`]);
    case "lmin":
      return make.pick([`v <= ${constant()}`, `v < ${constant()}`, `v > ${constant()}`]);
    case "lbool":
      return make.pick(["whenTrue(v)", "reveal(v) == false"]);
    case "gcounter":
      return make.pick(["v >= 2", "v < 2", "value(v) > 1"]);
    case "orset":
      return make.pick(["size(v) >= 1", `contains(v, ${constant()})`]);
    case "lww":
      return `reveal(v) != ${constant()}`;
    case "lmap":
      return make.pick([
        `hasKey(v, ${constant()})`,
        "size(v) >= 2",
        `at(v, ${constant()}) >= ${constant()}`,
        "size(keys(v)) < 2",
      ]);
  }
}

/** A scratch of plain facts. */
function reads(make: Maker, growing: Growing, lines: string[], readable: Known[]): void {
  const { name, kind, key, of } = growing;
  const ranges = kind === "lset" || kind === "orset";
  if (ranges && make.chance(0.5)) {
    const also = make.chance(0.2) ? ", c in v" : "";
    lines.push(
      `scratch e${name}(x: ${key}, y: ${of});`,
      `e${name}(k, ${also === "" ? "b" : "c"}) <= ${name}(k, v), b in v${also};`,
    );
    readable.push({ name: `e${name}`, types: [key, of] });
    return;
  }
  if ((kind === "lmax" || kind === "lmin" || kind === "lww") && make.chance(0.3)) {
    lines.push(`scratch e${name}(x: ${key}, y: ${of});`, `e${name}(k, reveal(v)) <= ${name}(k, v);`);
    readable.push({ name: `e${name}`, types: [key, of] });
    return;
  }
  lines.push(
    `scratch e${name}(x: ${key}, y: ${key});`,
    `e${name}(k, k) <= ${name}(k, v), ${condition(make, growing)};`,
  );
  readable.push({ name: `e${name}`, types: [key, key] });
}

/** An output with the lattice column, or of what a condition lets through. */
function shows(make: Maker, growing: Growing, lines: string[]): void {
  const { name, key } = growing;
  const level = make.pick(["", "", "agreed", "eventual"]);
  if (make.chance(0.5))
    lines.push(`output p${name}(k: ${key}, v: ${typeOf(growing)}) ${level};`, `p${name}(k, v) <= ${name}(k, v);`);
  else lines.push(`output p${name}(k: ${key}) ${level};`, `p${name}(k) <= ${name}(k, v), ${condition(make, growing)};`);
  if (growing.kind === "lset" && make.chance(0.3))
    lines.push(`output q${name}(k: ${key}, n: lmax<nat>) ${level};`, `q${name}(k, size(v)) <= ${name}(k, v);`);
}

function receives(make: Maker, growing: Growing): string[] {
  const { name } = growing;
  const lines = [`channel ${name}(k: ${growing.key}, v: ${typeOf(growing)});`];
  const table = { ...growing, name: `t${name}` };
  lines.push(`table ${table.name}(k: ${growing.key}, v: ${typeOf(growing)});`, `${table.name}(k, v) <= ${name}(k, v);`);
  shows(make, make.chance(0.6) ? table : growing, lines);
  return lines;
}
