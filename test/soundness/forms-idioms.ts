/**
 * Idioms that the analysis knows and does not mark, each with deviations that may take from it what it rests on: replies to
 * one's own requests, messages that are sent again until there is a receipt, first facts of a key, keys that static facts lead to.
 */
import type { Type } from "./maker.ts";
import { literal, type Form } from "./site.ts";

export const idioms: Readonly<Record<string, Form>> = {
  "replies to one's own requests, or nearly": (site) => {
    const { make, lines, others } = site;
    const [a, b] = make.columnTypes();
    const role = `O${site.name("r")}`;
    const n = role.toLowerCase();
    const rarely = (text: string, p = 0.12): string => (make.chance(p) ? text : "");
    const keyed = make.pick(["", "", " unique"]);
    const key = keyed === "" && make.chance(0.8) ? "," : " ->";
    const isOne = make.chance(0.4);
    others.push(
      `role ${role} ${isOne ? "" : "x2"} {`,
      `input ${n}a(x: ${a}${keyed === "" ? "," : " ->"} y: ${b})${keyed};`,
      `channel ${n}p(x: ${a}, y: ${b}) ${rarely("lossy", 0.08)};`,
      `table ${n}k(x: ${a}${key} y: ${b});`,
    );
    others.push(`${n}k(x, y) ${make.chance(0.1) ? "<+" : "<="} ${n}a(x, y)${rarely(`, x != ${make.constant(a)}`)};`);
    if (make.chance(0.12))
      others.push(
        make.pick(
          [
            `${n}k(x, y) <= ${n}p(x, y);`,
            `${n}k(x, y) <- ${n}k(x, y), ${n}p(x, _);`,
            `${n}k(x, y) <+- ${n}a(x, y);`,
          ].slice(0, key === " ->" ? 3 : 2),
        ),
      );
    others.push(
      site
        .forward(
          `${n}q`,
          (head) =>
            `${head}(x, y, ${make.chance(0.92) ? "self" : "m"}) <~ ${make.chance(0.9) ? `${n}a` : `${n}k`}(x, y);`,
        )
        .replace(/, m\) <~ (.*);/, `, m) <~ $1, ${role}.nodes(m);`),
    );
    const joined = make.pick(["x, y", "x, y", "x, _", "_, y"]);
    const through = make.chance(0.3);
    if (through) others.push(`scratch ${n}v(x: ${a}, y: ${b});`, `${n}v(x, y) <= ${n}k(x, y);`);
    others.push(
      `output ${n}o(x: ${a}, y: ${b}) ${site.level()};`,
      `${n}o(x, y) <= ${n}p(x, y), ${through ? `${n}v` : `${n}k`}(${joined});`,
      "}",
    );
    const nodes = isOne ? 1 : 2;
    site.inputs.push({
      at: role,
      nodes,
      name: `${n}a`,
      types: [a, b],
      seal: null,
      single: false,
      unique: keyed === "" ? 0 : 1,
    });
    lines.push(`channel ${n}q(x: ${a}, y: ${b}, z: addr);`);
    const kept = make.chance(0.4);
    if (kept) lines.push(`table ${n}t(x: ${a}, y: ${b}, z: addr);`, `${n}t(x, y, z) <= ${n}q(x, y, z);`);
    const from = kept ? `${n}t` : `${n}q`;
    const other = make.pick(
      site.readable
        .filter(({ types }) => types[0] === a && types[1] === b)
        .concat({ name: `${n}q`, types: [a, b, "addr"] }),
    );
    const answer = make.pick([
      `${from}(x, y, z)`,
      `${from}(x, y, z)`,
      `${from}(x, y, z), ${literal(other, "x")}`,
      `${from}(x, _, z), ${literal(other, "x", "y")}`,
      `${from}(x, y, _), ${n}q(x, _, z)`,
      a === b ? `${from}(y, x, z)` : `${from}(x, y, z)`,
    ]);
    const to = `${role}.${n}p@z(x, y)`;
    if (make.chance(0.25)) {
      // By way of one more role, which may mix up whom it answers.
      const way = `W${n}`;
      const passed = make.pick(["x, y, z", "x, y, z", "x, y, z", "x, _, z", "_, y, z"]);
      lines.push(`${way}.${n}w(x, y, z) <~ ${answer};`);
      others.push(
        `role ${way} ${make.pick(["", "replicated x2"])} {`,
        `channel ${n}w(x: ${a}, y: ${b}, z: addr);`,
        `table ${n}y(x: ${a}, y: ${b}, z: addr);`,
        `${n}y(x, y, z) <= ${n}w(x, y, z);`,
        `${to} <~ ${n}w(${passed})${passed.includes("_") || make.chance(0.3) ? `, ${n}y(x, y, ${make.pick(["_", "z"])})` : ""};`,
        "}",
      );
    } else lines.push(`${to} <~ ${answer};`);
    if (make.chance(0.12))
      lines.push(
        `${role}.${n}p@${make.pick(["m", "*"])}(x, y) <~ ${literal(other, "x", "y")};`.replace(
          /@m(.*);/,
          `@m$1, ${role}.nodes(m);`,
        ),
      );
    return true;
  },

  "retransmission, or nearly": (site) => {
    const { make, lines, hosts } = site;
    const [a, b] = make.columnTypes();
    if (site.isPartitioned) return false;
    const n = site.name("m");
    const input = site.input([a, b]);
    const lossy = make.chance(0.75) ? "lossy" : "";
    const rows = `x: ${a}, y: ${b}, n: addr`;
    const rarely = (text: string, p = 0.12): string => (make.chance(p) ? text : "");
    hosts.push(
      `table ${n}b(${make.chance(0.9) ? rows : rows.replace(", n", " -> n").replace("x: ", "x: ")});`,
      `channel ${n}r(${rows}) ${lossy};`,
      `timer ${n}t every 1s;`,
    );
    hosts.push(`${n}b(x, y, n) <= ${input.name}(x, y), R.nodes(n);`);
    hosts.push(
      `R.${n}@n(x, ${make.chance(0.93) ? "y" : make.constant(b)}, self) <~ ${n}t(), ${n}b(x, y, n)${rarely(", n != self")};`,
    );
    if (make.chance(0.15)) hosts.push(`R.${n}@n(x, y, self) <~ ${n}b(x, y, n);`);
    const forget = make.pick([
      `${n}r(x, y, n), ${n}b(x, y, n)`,
      `${n}b(x, y, n), ${n}r(x, y, n)`,
      `${n}b(x, y, n), ${n}r(x, y, n)`,
      `${n}b(x, y, n), ${n}r(x, _, n)`,
      `${n}b(x, y, n), ${n}r(x, y, _)`,
      `${n}b(x, y, n), ${n}r(_, y, n)`,
    ]);
    hosts.push(`${n}b(x, y, n) <- ${forget};`);
    if (make.chance(0.1)) hosts.push(`${n}b(x, y, n) <- ${n}b(x, y, n), ${input.name}(x, _);`);
    if (make.chance(0.3))
      hosts.push(
        `table ${n}d(${rows});`,
        `${n}d(x, y, n) <= ${n}r(x, y, n);`,
        `output ${n}o(${rows}) ${site.level()};`,
        `${n}o(x, y, n) <= ${n}d(x, y, n);`,
      );
    if (make.chance(0.1)) hosts.push(`output ${n}p(${rows}) ${site.level()};`, `${n}p(x, y, n) <= ${n}b(x, y, n);`);
    lines.push(`channel ${n}(x: ${a}, y: ${b}, z: addr) ${lossy};`);
    lines.push(`H.${n}r@z(x, y, self) <~ ${n}(x, y, z)${rarely(`, x != ${make.constant(a)}`, 0.08)};`);
    if (make.chance(0.1))
      lines.push(
        `H.${n}r@*(x, y, self) <~ ${literal(site.event(), "x", "y")};`.replace(/\(x, y, self\) <~ (.*)/, (whole) =>
          site.event().types.slice(0, 2).join() === [a, b].join() ? whole : `(x, y, self) <~ ${n}(x, y, _);`,
        ),
      );
    const known = site.declare(make.chance(0.85) ? "table" : "scratch", [a, b]);
    lines.push(`${known.name}(x, y) <= ${n}(x, y, _);`);
    return site.show(known);
  },

  "the first of a key, or nearly": (site) => {
    const { make, lines } = site;
    const from = site.event();
    const [a, b] = from.types;
    const isWhole = make.chance(0.6);
    const seen = site.declare("table", isWhole ? [a, b] : [a]);
    const first = site.declare("scratch", [a, b]);
    const kept = isWhole ? "(x, y)" : "(x)";
    const test = make.chance(0.2) ? `, x != ${make.constant(a)}` : "";
    lines.push(`${first.name}(x, y) <= ${literal(from, "x", "y")}, not ${seen.name}${kept}${test};`);
    const by = make.pick([
      literal(from, "x", isWhole ? "y" : "_"),
      `${first.name}(x, ${isWhole ? "y" : "_"})`,
      `${first.name}(x, ${isWhole ? "y" : "_"})`,
    ]);
    lines.push(
      `${seen.name}${kept} ${make.chance(0.92) ? "<+" : "<="} ${by}${make.chance(0.15) ? `, x != ${make.constant(a)}` : ""};`.replace(
        /<= (fs\d+)/,
        "<+ $1",
      ),
    );
    if (make.chance(0.12))
      lines.push(
        `${seen.name}${kept} <+ ${literal(site.event(), "x", isWhole ? "y" : "_")};`.replace(/.*/, (line) =>
          site.event().types.slice(0, 2).join() === `${a},${b}` && a === b
            ? line
            : `${seen.name}${kept} <- ${seen.name}${kept}, ${first.name}(x, _);`,
        ),
      );
    return site.show(first);
  },

  "a key that static facts lead to": (site) => {
    const { make, lines } = site;
    const from = site.event();
    const [a, b] = from.types;
    const ways = site.declare("table", [a, "int"], make.chance(0.3) ? 1 : 0);
    lines.push(`${ways.name}(${make.constant(a)}, 1);`, `${ways.name}(${make.constant(a)}, ${make.pick(["1", "0"])});`);
    const types = make.columnTypes().slice(0, 2);
    const sealed = make.chance(0.8);
    const denied = site.feed([...types, "int"], sealed ? { words: "sealed by (z)", seal: [2] } : {});
    const kept = make.chance(0.8) ? site.declare("table", denied.types) : denied;
    if (kept !== denied) lines.push(`${kept.name} <= ${denied.name};`);
    const known = site.declare("scratch", [a, "int"]);
    const body = make.pick([literal(from, "x", "y"), literal(site.kept(from), "x", "y")]);
    lines.push(
      `${known.name}(x, z) <= ${body}, ${ways.name}(x, z), not ${kept.name}(_, _, z)${make.chance(0.2) && b === "int" ? ", y > 0" : ""};`,
    );
    return site.show(known);
  },

  "a partition that a rule computes": (site) => {
    const { make, lines } = site;
    const types = make.columnTypes().slice(0, 2);
    const from = make.chance(0.6) ? site.kept() : site.event();
    if (from.types[0] !== "int") return false;
    const [type, value, sent] = make.pick<readonly [Type, string, string]>([
      ["int", "-x", "z"],
      ["int", "next(x)", "z"],
      ["int", "x + 1", "z + 1"],
      ["(int, int)", "(x, 1)", "z"],
      ["list<int>", "[x]", "z"],
      ["json", "toJson(x)", "z"],
      ["bool", "!(x > 1)", "!z"],
      ["int", "if x > 0 then 1 else 0", "-z"],
      ["string", 'if x > 0 then "a" else "b"', 'z + "!"'],
    ]);
    const seal = make.pick([[2], [2], [0, 2]]);
    const denied = site.input([...types, type], { words: `sealed by (${seal.map((i) => "xyz"[i]).join(", ")})`, seal });
    const name = site.name("c");
    site.hosts.push(site.forward(name, (head) => `${head}(x, y, ${sent}) <~ ${denied.name}(x, y, z);`));
    lines.push(`channel ${name}(x: ${types[0]}, y: ${types[1]}, z: ${type});`);
    const kept = site.declare("table", [...types, type]);
    lines.push(`${kept.name}(x, y, z) <= ${name}(x, y, z);`);
    const known = site.declare("scratch", from.types.slice(0, 2));
    lines.push(
      `${known.name}(x, y) <= ${literal(from, "x", "y")}, n = ${value}, not ${kept.name}(${seal.length > 1 && types[0] === "int" ? "x" : "_"}, _, n);`,
    );
    return site.show(known);
  },
};
