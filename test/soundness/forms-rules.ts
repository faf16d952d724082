/** Forms of rules: keys, computed values, tuples, lists, recursion, deletions, modules. */
import { literal, type Form } from "./site.ts";
import type { Known, Type } from "./maker.ts";

/** `n`, made of the int `x`. */
const computed = (x: string): string[] => [
  `${x} + 1`,
  `${x} + 1`,
  `${x} - 1`,
  `2 - ${x}`,
  `if ${x} > 1 then 0 else ${x} + 1`,
  `next(${x})`,
  `half(${x})`,
  `least(${x}, 1)`,
];

export const deriving: Readonly<Record<string, Form>> = {
  "a key named by several literals": (site) => {
    const { make, lines } = site;
    const one = make.chance(0.6) ? site.kept() : site.two();
    const other = make.chance(0.5) ? one : site.two();
    const denied = make.pick(
      site.readable
        .filter(({ types }) => types.length > 1 && types[0] === one.types[0] && types[1] === other.types[1])
        .concat(one),
    );
    if (denied.types[1] !== other.types[1]) return false;
    const known = site.declare("scratch", [one.types[0], other.types[1]]);
    const not = make.pick([
      literal(denied, "x", "y"),
      literal(denied, "x", "y"),
      literal(denied, "_", "y"),
      literal(denied, "x"),
    ]);
    lines.push(`${known.name}(x, y) <= ${literal(one, "x")}, ${literal(other, "_", "y")}, not ${not};`);
    return site.show(known);
  },

  "a key that is computed": (site) => {
    const { make, lines } = site;
    const from = make.chance(0.5) ? site.kept() : site.two();
    if (from.types[0] !== "int") return false;
    const value = make.pick(computed("x"));
    const known = site.declare("scratch", from.types.slice(0, 2));
    const isDenied = make.chance(0.5);
    const isCounted = from.types[1] === "int" && make.chance(0.5);
    if (isDenied) {
      const denied = make.pick(site.readable.filter(({ types }) => types[0] === "int"));
      lines.push(`${known.name}(x, y) <= ${literal(from, "x", "y")}, n = ${value}, not ${literal(denied, "n")};`);
    } else if (isCounted)
      lines.push(
        `${known.name}(${value}, ${make.pick(["count()", "max(y)", "sum(y)"])}) <= ${literal(from, "x", "y")};`,
      );
    else lines.push(`${known.name}(${value}, y) <= ${literal(from, "x", "y")};`);
    if (make.chance(0.4)) {
      const other = site.two();
      if (other.types[0] === "int") {
        const joined = site.declare("scratch", ["int", other.types[1]]);
        lines.push(
          `${joined.name}(x, y) <= ${literal(known, "x")}, ${literal(other, "v", "y")}, x == ${make.pick(computed("v"))};`,
        );
        site.show(joined);
      }
    }
    return site.show(known);
  },

  "a key of two columns": (site) => {
    const { make, lines } = site;
    const from = make.pick([
      ...site.readable.filter(({ types }) => types.length > 2),
      site.feed(
        [...make.columnTypes().slice(0, 2), "int"],
        make.chance(0.5) ? { words: "sealed by (x, y)", seal: [0, 1] } : {},
      ),
    ]);
    const known = site.declare("table", from.types.slice(0, 3), 2);
    lines.push(`${known.name}(x, y, z) ${make.pick(["<=", "<=", "<+", "<+-"])} ${literal(from, "x", "y", "z")};`);
    if (make.chance(0.3))
      lines.push(`${known.name}(x, y, z) <- ${known.name}(x, y, z), ${literal(site.event(), "_")};`);
    return site.show(known);
  },

  tuples: (site) => {
    const { make, lines } = site;
    const from = make.chance(0.5) ? site.kept() : site.two();
    const pair = site.name("p");
    const [a, b] = from.types;
    const kind = make.pick(["table", "scratch"]);
    lines.push(
      `${kind} ${pair}(p: (${a}, ${b})${kind === "table" && make.chance(0.3) ? " ->" : ","} n: ${b});`,
      `${pair}((x, y), y) <= ${literal(from, "x", "y")};`,
    );
    if (kind === "table" && make.chance(0.2))
      lines.push(`${pair}(p, y) <- ${pair}(p, y), ${literal(site.event(), "_", "_")};`);
    const other = make.chance(0.5)
      ? from
      : make.pick(site.readable.filter(({ types }) => types[0] === a && types[1] === b));
    const known = site.declare("scratch", [a, b]);
    lines.push(
      make.pick([
        `${known.name}(c, d) <= ${pair}(p, _), (c, d) in [p];`,
        `${known.name}(x, y) <= ${literal(other, "x", "y")}, p = (x, y), not ${pair}(p, _);`,
        `${known.name}(x, y) <= ${literal(other, "x", "y")}, p = (x, y), ${pair}(p, _);`,
        `${known.name}(c, y) <= ${pair}(p, y), (c, _) in [p] having count() >= 2;`,
      ]),
    );
    return site.show(known);
  },

  "lists that are given": (site) => {
    const { make, lines } = site;
    const types = make.columnTypes().slice(0, 2);
    const of = make.pick<Type>(["list<int>", "list<int>", "(int, int)"]);
    const seal = make.chance(0.4) ? (make.chance(0.5) ? [2] : [0]) : null;
    const from = site.feed(
      [...types, of],
      seal === null ? {} : { seal, words: `sealed by (${seal[0] === 2 ? "z" : "x"})` },
    );
    const kept = make.chance(0.5) ? site.declare("table", from.types) : from;
    if (kept !== from) lines.push(`${kept.name} <= ${from.name};`);
    const known = site.declare("scratch", [types[0], "int"]);
    const ranged =
      of === "list<int>"
        ? ["e in z", "n = size(z), e in [n, 0]", "e in z, e > 0"]
        : ["(e, _) in [z]", "(_, e) in [z, (0, 1)]"];
    lines.push(
      `${known.name}(x, ${make.pick(["e", "e", "count()", "sum(e)"])}) <= ${literal(kept, "x", "_", "z")}, ${make.pick(ranged)};`,
    );
    site.readable.push(kept);
    return site.show(known);
  },

  "json, by which is sealed": (site) => {
    const { make, lines } = site;
    const types = make.columnTypes().slice(0, 2);
    const seal = make.pick([[2], [2], [0, 2], null]);
    const from = site.feed(
      [...types, "json"],
      seal === null ? {} : { seal, words: `sealed by (${seal.map((i) => "xyz"[i]).join(", ")})` },
    );
    const kept = site.declare("table", from.types.slice(0, 3));
    lines.push(`${kept.name}(x, y, z) <= ${literal(from, "x", "y", "z")};`);
    const known = site.declare("scratch", ["json", "int"]);
    const key = make.chance(0.3)
      ? `${literal(kept, "_", "_", "z")}, ${literal(kept, "x", "_", "z")}`
      : literal(kept, "_", "_", "z");
    lines.push(`${known.name}(z, count()) <= ${key}${make.chance(0.2) ? " having count() < 3" : ""};`);
    if (seal === null) site.readable.push(kept);
    return site.show(known);
  },

  "overwrites with what is computed": (site) => {
    const { make, lines } = site;
    const from = site.event();
    const known = site.declare("table", [from.types[0], "int"], 1);
    const value = make.pick(["n + 1", "n + 1", "4 - n", "if n > 1 then 0 else n + 1"]);
    lines.push(
      `${known.name}(x, 0) <= ${literal(make.chance(0.6) ? from : site.event(), "x")};`.replace(
        /\(x, 0\) <= (?=.*\(x)/,
        "(x, 0) <= ",
      ),
    );
    lines.push(`${known.name}(x, ${value}) <+- ${literal(from, "x")}, ${known.name}(x, n), n < 5;`);
    return site.show(known);
  },

  "what is deferred with computed values": (site) => {
    const { make, lines } = site;
    const from = make.chance(0.7) ? site.event() : site.two();
    const known = site.declare(make.pick(["table", "scratch"]), [from.types[0], "int"]);
    const second = from.types[1] === "int" ? make.pick(computed("y")) : "1";
    lines.push(`${known.name}(x, ${second}) <+ ${literal(from, "x", "y")};`);
    if (make.chance(0.4))
      lines.push(
        `${known.name}(x, n + 1) <+ ${known.name}(x, n), n < 4${make.chance(0.4) ? `, ${literal(site.event(), "_")}` : ""};`,
      );
    return site.show(known);
  },

  "what cannot be reached": (site) => {
    const { make, lines } = site;
    const from = make.pick(
      site.readable
        .filter(({ types }) => types.length > 1 && types[0] === types[1] && types[0] !== "addr")
        .concat(site.kept()),
    );
    if (from.types[0] !== from.types[1]) return false;
    const reached = site.declare("scratch", from.types.slice(0, 2));
    lines.push(
      `${reached.name}(x, y) <= ${literal(from, "x", "y")};`,
      `${reached.name}(x, z) <= ${reached.name}(x, y), ${literal(from, "y", "z")};`,
    );
    const known = site.declare("scratch", from.types.slice(0, 2));
    lines.push(`${known.name}(x, y) <= ${literal(from, "x")}, ${literal(from, "_", "y")}, not ${reached.name}(x, y);`);
    if (make.chance(0.3)) {
      const without = site.declare("scratch", from.types.slice(0, 2));
      lines.push(
        `${without.name}(x, y) <= ${known.name}(x, y);`,
        `${without.name}(x, z) <= ${without.name}(x, y), ${known.name}(y, z), not ${literal(from, "x", "z")};`,
      );
      site.show(without);
    }
    return site.show(known);
  },

  "a key that events and what lasts share": (site) => {
    const { make, lines } = site;
    const from = make.chance(0.6)
      ? site.feed(make.columnTypes().slice(0, 2), { words: "sealed by (x)", seal: [0] })
      : site.event();
    const rows = site.kept(make.chance(0.8) ? from : site.event(), "table");
    const [a, b] = from.types;
    if (rows.types[0] !== a || rows.types[1] !== b) return false;
    const kind = make.pick(["scratch", "scratch", "output"]);
    const known = site.declare(kind, [a, b], 1);
    lines.push(
      `${known.name}(x, ${make.pick(["y", "min(y)", "choose(y)"])}) <= ${literal(from, "x", "y")};`,
      `${known.name}(x, ${make.pick([make.constant(b), "max(y)", "y"])}) <= ${rows.name}(x, y);`,
    );
    return kind === "output" ? true : site.show(known);
  },

  "rows that are taken back": (site) => {
    const { make, lines } = site;
    const isSealed = make.chance(0.5);
    const types = make.columnTypes().slice(0, 2);
    const sealed = (): Known => site.feed(types, { words: "sealed by (x)", seal: [0] });
    const from = isSealed ? sealed() : site.event();
    const rows = site.kept(from, "table");
    const [a, b] = from.types;
    const gone = isSealed ? sealed() : make.pick(site.events.filter(({ types: [c, d] }) => c === a && d === b));
    lines.push(
      make.pick([
        `${rows.name}(x, y) <- ${literal(gone, "x", "y")};`,
        `${rows.name}(x, y) <- ${rows.name}(x, y), ${literal(gone, "x")};`,
        `${rows.name}(x, y) <- ${rows.name}(x, y), ${literal(gone, "_", "y")}, ${literal(site.two(), "_")};`,
      ]),
    );
    const denied =
      isSealed && make.chance(0.7)
        ? site.kept(sealed(), "table")
        : make.pick(site.readable.filter(({ types: [c] }) => c === a));
    const not = make.chance(0.75) ? `, not ${literal(denied, "x")}` : "";
    const twice = make.chance(0.5) ? ", _ in [1, 2]" : "";
    const isWhole = make.chance(0.5);
    const known = site.declare("scratch", isWhole ? [a, b, "int"] : [a, "int"]);
    lines.push(
      `${known.name}(x, ${isWhole ? "y, count()" : make.pick(["count()", "count(distinct y)"])}) <= ${rows.name}(x, y)${twice}${not};`,
    );
    return site.show(known);
  },

  "what changes meets what changes": (site) => {
    const { make, lines } = site;
    const rows = site.kept(make.chance(0.7) ? site.event() : site.two(), "table");
    const [a] = rows.types;
    const counted = site.declare("scratch", [a, "int"]);
    lines.push(`${counted.name}(x, count()) <= ${rows.name}(x, _);`);
    const other = make.chance(0.6)
      ? counted
      : make.pick(site.readable.filter(({ types }) => types[0] === a && types[1] === "int").concat(counted));
    const known = site.declare("scratch", [a, a]);
    lines.push(
      `${known.name}(x, y) <= ${make.pick([`${counted.name}(x, n), ${literal(other, "y", "n")}`, `${counted.name}(x, n), ${literal(other, "y", "n")}, x != y`, `${counted.name}(x, 1), ${literal(other, "y", "2")}`, `${counted.name}(x, _), ${literal(other, "y", "2")}`])};`,
    );
    return site.show(known);
  },

  "names in place of positions, and copies": (site) => {
    const { make, lines } = site;
    const from = make.pick(site.events);
    const copy = site.declare(make.pick(["table", "scratch"]), from.types);
    lines.push(`${copy.name} <= ${from.name};`);
    const known = site.declare("scratch", from.types.slice(0, 1));
    lines.push(
      `${known.name}(x: v) <= ${copy.name}(x: v)${make.chance(0.6) ? `, not ${copy.name}(${make.pick(["y: v", "x: v"])})`.replace("y: v", from.types[1] === from.types[0] ? "y: v" : "x: v") : ""};`,
    );
    return site.show(known);
  },

  "facts, some of them computed": (site) => {
    const { make, lines } = site;
    const kind = make.pick(["table", "table", "scratch"]);
    const known = site.declare(kind, ["int", "int"], make.chance(0.5) ? 1 : 0);
    lines.push(`${known.name}(0, 1);`, `${known.name}(1 + 1, if 1 > 0 then 2 else 0);`);
    if (make.chance(0.5))
      lines.push(`${known.name}(0, ${make.pick(["0", "length(toString(self)) % 3", "hash(self) % 3"])});`);
    const from = site.event();
    if (from.types[0] === "int" && make.chance(0.4))
      lines.push(`${known.name}(x, 0) ${kind === "table" && make.chance(0.5) ? "<+" : "<="} ${literal(from, "x")};`);
    return site.show(known);
  },

  "a module": (site) => {
    const { make, lines, others } = site;
    const from = site.event();
    const [a, b] = from.types;
    const name = `M${site.name("m")}`;
    const kept = ["table kept(x: T, y: U);", `kept(x, y) ${make.pick(["<=", "<=", "<+"])} put(x, y);`];
    const got = make.pick([
      ["got(x, y) <= kept(x, y);"],
      ["got(x, y) <= put(x, y), not kept(x, _);"],
      ["scratch many(x: T);", "many(x) <= kept(x, _) having count() >= 2;", "got(x, y) <= kept(x, y), not many(x);"],
      ["channel sent(x: T, y: U);", "Peer.sent@*(x, y) <~ put(x, y);", "got(x, y) <= sent(x, y), not kept(x, y);"],
      [
        "scratch many(x: T, n: int);",
        "many(x, count()) <= kept(x, _);",
        `output counted(x: T, n: int) ${site.level()};`,
        "counted(x, n) <= many(x, n);",
        "got(x, y) <= kept(x, y), many(x, 1);",
      ],
    ]);
    others.push(
      `module ${name}<T, U>(Peer: ${name}) {`,
      "in put(x: T, y: U);",
      "out got(x: T, y: U);",
      ...kept,
      ...got,
      "}",
    );
    const copy = site.name("u");
    lines.push(`use ${name}<${a}, ${b}>(R) as ${copy};`, `${copy}.put(x, y) <= ${literal(from, "x", "y")};`);
    if (make.chance(0.3))
      lines.push(
        `${copy}.put(x, y) <= ${literal(make.pick(site.readable.filter(({ types }) => types[0] === a && types[1] === b)), "x", "y")};`,
      );
    const known = site.declare(make.pick(["table", "scratch"]), [a, b]);
    lines.push(`${known.name}(x, y) <= ${copy}.got(x, y);`);
    return site.show(known);
  },
};
