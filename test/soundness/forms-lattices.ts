/** Forms of lattices: kinds that are rare, several columns, and lattices that join what changes. */
import type { Known, Type } from "./maker.ts";
import { literal, type Form, type Site } from "./site.ts";

interface Kind {
  readonly type: string;
  /** Of the columns `x, y`. */
  readonly updates: readonly string[];
  /** Of the value `v`; `x` of its type where it says so. */
  readonly conditions: readonly string[];
  /** Columns of these types only. */
  readonly of?: readonly Type[];
  readonly inTables?: true;
}

/** By the types of the two columns. */
const kinds = (a: Type, b: Type): readonly Kind[] => [
  {
    type: `lbag<${b}>`,
    updates: ["y", "{y: 2}", "{y, y}"],
    conditions: ["size(v) >= 2", "size(v) < 3", "multiplicity(v, w) >= 1, w in reveal(v)"],
  },
  {
    type: "lpset<int>",
    updates: ["y"],
    conditions: ["sum(v) >= 2", "sum(v) < 3", "contains(v, 1)", "size(v) >= 2"],
    of: ["int", "nat"],
  },
  { type: "pncounter", updates: ["inc(1)", "dec(1)", "inc(2)"], conditions: ["reveal(v) >= 1", "v == 1", "v < 2"] },
  { type: `mvreg<${b}>`, updates: ["y"], conditions: ["size(reveal(v)) >= 2", "size(reveal(v)) == 1"], inTables: true },
  {
    type: "vclock",
    updates: ["{self: 1}", "{self: 2}"],
    conditions: ["at(v, self) >= 1", "size(reveal(v)) >= 2", "(_, n) in v, n > 1"],
  },
  {
    type: `lmap<${b}, lset<${a}>>`,
    updates: ["{y: {x}}"],
    conditions: ["size(v) >= 2", "(_, s) in v, size(s) >= 2", "size(keys(v)) < 2"],
  },
  {
    type: `dompair<lset<${b}>, lmax<${b}>>`,
    updates: ["({y}, y)"],
    conditions: ["length(toString(toJson(reveal(v)))) > 12"],
    of: ["int", "nat", "string"],
  },
  {
    type: `lset<(${a}, ${b})>`,
    updates: ["(x, y)", "{(x, y)}"],
    conditions: ["(_, y) in v, (y, _) in [(y, 1)]", "size(product(v, v)) >= 2", "size(v) >= 2"],
  },
];

/** A table or scratch `(k, v: lattice)` of what is read, with a rule for each update. */
function grows(
  site: Site,
  from: Known,
  { type, updates, inTables }: Kind,
  count = 1 + site.make.random.below(2),
): string {
  const { make, lines } = site;
  const name = site.name("l");
  lines.push(`${inTables || make.chance(0.7) ? "table" : "scratch"} ${name}(k: ${from.types[0]}, v: ${type});`);
  for (let n = 0; n < count; n++) lines.push(`${name}(x, ${make.pick(updates)}) <= ${literal(from, "x", "y")};`);
  return name;
}

function reads(site: Site, name: string, key: Type, condition: string): true {
  const known = site.declare("scratch", [key, key]);
  site.lines.push(`${known.name}(k, k) <= ${name}(k, v), ${condition};`);
  return site.show(known);
}

export const growing: Readonly<Record<string, Form>> = {
  "rare lattices": (site) => {
    const { make, lines } = site;
    const from = site.two();
    const [a, b] = from.types;
    const kind = make.pick(kinds(a, b).filter(({ of }) => of?.includes(b) ?? true));
    const name = grows(site, from, kind);
    if (make.chance(0.6))
      lines.push(`output ${name}o(k: ${a}, v: ${kind.type}) ${site.level()};`, `${name}o(k, v) <= ${name}(k, v);`);
    return reads(site, name, a, make.pick(kind.conditions));
  },

  "two lattice columns": (site) => {
    const { make, lines } = site;
    const from = site.two();
    const [a, b] = from.types;
    if (b !== "int") return false;
    const name = site.name("l");
    lines.push(`${make.pick(["table", "scratch"])} ${name}(k: ${a}, v: lmax<int>, w: lmin<int>);`);
    lines.push(
      `${name}(x, ${make.pick(["y, y", "max(y), min(y)", "y, 2", "count(), min(y)"])}) <= ${literal(from, "x", "y")}${make.chance(0.2) ? " having max(y) >= 1" : ""};`.replace(
        /\((x, (?:y, y|y, 2))\) <= (.*) having .*;/,
        "($1) <= $2;",
      ),
    );
    lines.push(
      `output ${name}o(k: ${a}, v: lmax<int>, w: lmin<int>) ${site.level()};`,
      `${name}o(k, v, w) <= ${name}(k, v, w);`,
    );
    const known = site.declare("scratch", [a, a]);
    lines.push(
      `${known.name}(k, k) <= ${name}(k, v, w), ${make.pick(["v >= 1, w <= 1", "v >= 2", "v > w", "w < 1", "v + 1 >= 3"])};`,
    );
    return site.show(known);
  },

  "a lattice of what changes": (site) => {
    const { make, lines } = site;
    const from = make.chance(0.6) ? site.kept() : site.two();
    const [a, b] = from.types;
    const changes = site.declare("scratch", [a, "int"]);
    const other = site.two();
    if (make.chance(0.5)) lines.push(`${changes.name}(x, count()) <= ${literal(from, "x")};`);
    else if (b === "int")
      lines.push(
        `${changes.name}(x, y) <= ${literal(from, "x", "y")}, not ${literal(other, other.types[0] === a ? "x" : "_")};`,
      );
    else
      lines.push(
        `${changes.name}(x, 1) <= ${literal(from, "x")}, not ${literal(other, other.types[0] === a ? "x" : "_")};`,
      );
    const name = site.name("l");
    const [type, key, keyType] = make.pick([
      ["lset<int>", "0", "int"],
      ["lmax<int>", "x", a],
      ["lset<int>", "x", a],
      ["lmin<int>", "0", "int"],
    ] as const);
    lines.push(
      `${make.chance(0.5) ? "scratch" : "table"} ${name}(k: ${keyType}, v: ${type});`,
      `${name}(${key}, n) <= ${literal(changes, key === "x" ? "x" : "_", "n")};`,
    );
    return reads(
      site,
      name,
      keyType,
      make.pick(
        type === "lset<int>"
          ? ["size(v) >= 2", "contains(v, 1)", "_ in v"]
          : type === "lmax<int>"
            ? ["v >= 2", "v > 0"]
            : ["v <= 1", "v < 2"],
      ),
    );
  },

  "what is new in a step, joined": (site) => {
    const { make, lines } = site;
    const rows = site.kept(site.event(), "table");
    const [a] = rows.types;
    const seen = site.declare("table", [a]);
    const fresh = site.declare("scratch", [a]);
    lines.push(
      `${fresh.name}(x) <= ${rows.name}(x, _), not ${seen.name}(x);`,
      `${seen.name}(x) <+ ${rows.name}(x, _);`,
    );
    const name = site.name("l");
    lines.push(
      `${make.chance(0.7) ? "scratch" : "table"} ${name}(k: int, v: lset<${a}>);`,
      `${name}(0, x) <= ${fresh.name}(x);`,
    );
    const one = site.declare("scratch", [a]);
    lines.push(`${one.name}(x) <= ${name}(_, v), x in v;`);
    site.show(one);
    return reads(site, name, "int", make.pick(["size(v) >= 2", "size(v) >= 2", "size(v) == 1"]));
  },

  "operations on lattices": (site) => {
    const { make, lines } = site;
    const from = site.two();
    const [a, b] = from.types;
    const one = grows(site, from, { type: `lset<${b}>`, updates: ["y"], conditions: [] }, 1);
    const other = grows(
      site,
      make.pick(site.readable.filter(({ types }) => types[0] === a && types[1] === b)),
      { type: `lset<${b}>`, updates: ["y", "{y}"], conditions: [] },
      1,
    );
    const name = site.name("l");
    const op = make.pick(["union(v, w)", "intersect(v, w)", "map(v, toJson)", "filter(v, isOne)"]);
    const type = op.startsWith("map") ? "json" : b;
    if (op.startsWith("filter") && b !== "int") return reads(site, one, a, "size(v) >= 2");
    lines.push(
      `${make.pick(["table", "scratch"])} ${name}(k: ${a}, v: lset<${type}>);`,
      `${name}(k, ${op}) <= ${one}(k, v), ${other}(k, w);`,
    );
    lines.push(`output ${name}o(k: ${a}, v: lset<${type}>) ${site.level()};`, `${name}o(k, v) <= ${name}(k, v);`);
    return reads(site, name, a, make.pick(["size(v) >= 2", "size(v) < 2", "size(v) >= 1"]));
  },

  "functions of lattices": (site) => {
    const { make, lines } = site;
    const from = site.two();
    const [a, b] = from.types;
    if (b !== "int") return false;
    const one = grows(site, from, { type: "lset<int>", updates: ["y", "{y, 1}"], conditions: [] });
    const name = site.name("l");
    const [type, made] = make.pick([
      ["lset<int>", "shifted(v)"],
      ["lmax<int>", "howMany(v)"],
      ["lset<int>", "w"],
      ["lmax<int>", "size(v)"],
      ["lset<int>", "if k == k then v else v"],
      ["lmax<int>", "oddOnes(v)"],
    ] as const);
    const bound = made === "w" ? `, w = ${make.pick(["union(v, v)", "shifted(v)", "v"])}` : "";
    lines.push(
      `${make.pick(["table", "scratch"])} ${name}(k: ${a}, v: ${type});`,
      `${name}(k, ${made}) <= ${one}(k, v)${bound};`,
    );
    lines.push(`output ${name}o(k: ${a}, v: ${type}) ${site.level()};`, `${name}o(k, v) <= ${name}(k, v);`);
    return reads(
      site,
      name,
      a,
      make.pick(
        type === "lset<int>"
          ? [
              "size(v) >= 2",
              "howMany(v) >= 2",
              "howMany(v) < 2",
              "oddOnes(v) >= 1",
              "contains(shifted(v), 2)",
              "w = size(v), w >= 2",
            ]
          : ["v >= 2", "v < 2", "!(v < 2)", "2 <= v"],
      ),
    );
  },

  "aggregates over lattices": (site) => {
    const { make, lines } = site;
    const from = site.two();
    const [a, b] = from.types;
    if (b !== "int") return false;
    const one = grows(site, from, { type: "lmax<int>", updates: ["y", "max(y)"], conditions: [] }, 1);
    const best = site.name("l");
    lines.push(`${make.pick(["table", "scratch"])} ${best}(k: int, v: lmax<int>);`);
    lines.push(
      `${best}(0, ${make.pick(["count()", "v", "max(reveal(v))", "v + 1"])}) <= ${one}(k, v)${make.chance(0.4) ? ", v >= 1" : ""};`,
    );
    lines.push(`output ${best}o(k: int, v: lmax<int>) ${site.level()};`, `${best}o(k, v) <= ${best}(k, v);`);
    if (make.chance(0.3)) {
      const both = site.name("l");
      lines.push(
        `${make.pick(["table", "scratch"])} ${both}(k: ${a}, v: lmax<int>, w: lmax<int>);`,
        `${both}(k, v, count()) <= ${one}(k, v), ${literal(from, "k")}${make.chance(0.3) ? ` having max(${make.pick(["reveal(v)", "1"])}) >= 1` : ""};`,
      );
      lines.push(
        `output ${both}o(k: ${a}, v: lmax<int>, w: lmax<int>) ${site.level()};`,
        `${both}o(k, v, w) <= ${both}(k, v, w);`,
      );
    }
    const known = site.declare("scratch", [a, "int"]);
    lines.push(
      make.pick([
        `${known.name}(k, sum(reveal(v))) <= ${one}(k, v);`,
        `${known.name}(k, count()) <= ${one}(k, v), ${literal(from, "k", "w")};`,
        `${known.name}(k, 0) <= ${one}(k, v), ${literal(from, "k")}, v >= 1 having count() >= 2;`,
        `${known.name}(k, 0) <= ${one}(k, v) having 1 <= max(reveal(v));`,
      ]),
    );
    return site.show(known);
  },
};
