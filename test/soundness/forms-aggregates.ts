/** Forms of aggregates and thresholds. */
import type { Type } from "./maker.ts";
import { literal, type Form } from "./site.ts";

export const aggregating: Readonly<Record<string, Form>> = {
  "what an instance is called, aggregated": (site) => {
    const { make, lines } = site;
    const from = site.two();
    const known = site.declare("scratch", [from.types[0], "addr"]);
    lines.push(
      make.pick([
        `${known.name}(x, ${make.pick(["min", "max", "choose"])}(self)) <= ${literal(from, "x")};`,
        `${known.name}(x, n) <= ${literal(from, "x")}, R.nodes(n) having min(self) == min(n);`,
        `${known.name}(x, argmin(self, y)) <= ${literal(from, "x", "y")};`,
        `${known.name}(x, ${make.pick(["min", "max"])}(n)) <= ${literal(from, "x")}, R.nodes(n);`,
      ]),
    );
    return site.show(known);
  },

  "who has sent it": (site) => {
    const { make, lines, hosts } = site;
    const [a, b] = make.columnTypes();
    const seal = make.pick(["", "", "sealed by (x)", "sealed by (y)"]);
    const input = site.input([a, b], { words: seal, seal: seal === "" ? null : seal.includes("x") ? [0] : [1] });
    const name = site.name("c");
    const keyed = make.chance(0.25);
    lines.push(`channel ${name}(x: ${a}, y: ${b}${keyed ? " ->" : ","} z: addr);`);
    hosts.push(
      site
        .forward(name, (head) => `${head}(x, y, ${make.chance(0.85) ? "self" : "n"}) <~ ${input.name}(x, y);`)
        .replace(/, n\) <~ (.*);/, ", n) <~ $1, H.nodes(n);"),
    );
    const kept = make.chance(0.6)
      ? site.declare("table", [a, b, "addr"], make.chance(0.2) ? 2 : 0)
      : { name, types: [a, b, "addr"] as Type[] };
    if (kept.name !== name) lines.push(`${kept.name}(x, y, z) <= ${name}(x, y, z);`);
    const of = make.pick([
      { types: [a, "int"] as Type[], rule: "(x, count(distinct z)) <= " },
      { types: [a, "addr"] as Type[], rule: `(x, ${make.pick(["min", "max", "choose"])}(z)) <= ` },
      { types: [a, b] as Type[], rule: "(x, y) <= " },
    ]);
    const known = site.declare("scratch", of.types);
    const ends = of.rule.startsWith("(x, y)")
      ? make.pick([
          " having count(distinct z) >= 2",
          " having min(z) != max(z)",
          ", H.nodes(z)",
          ", not H.nodes(z)",
          " having count() >= 2",
        ])
      : "";
    lines.push(`${known.name}${of.rule}${kept.name}(x, ${of.rule.startsWith("(x, y)") ? "y" : "_"}, z)${ends};`);
    site.readable.push({ name, types: [a, b, "addr"] });
    return site.show(known);
  },

  "the members of a role": (site) => {
    const { make, lines } = site;
    const from = site.two();
    const role = make.pick(["R", "R", "H"]);
    const known = site.declare("scratch", [from.types[0], "int"]);
    lines.push(
      make.pick([
        `${known.name}(x, count()) <= ${literal(from, "x")}, ${role}.nodes(_);`,
        `${known.name}(x, 1) <= ${literal(from, "x")}, ${role}.nodes(n), n != self;`,
        `${known.name}(x, count(distinct n)) <= ${literal(from, "x")}, ${role}.nodes(n) having count() >= 3;`,
        `${known.name}(x, 0) <= ${literal(from, "x")}, not ${role}.nodes(self);`,
      ]),
    );
    return site.show(known);
  },

  "all aggregates": (site) => {
    const { make, lines } = site;
    const from = site.two();
    const [a, b] = from.types;
    const of: (readonly [string, string])[] = [
      ["argmax(y, x)", b],
      ["argmin(y, x)", b],
      ["argmin((x, y), y)", `(${a}, ${b})`],
      ["collect(y)", `list<${b}>`],
      ["collect((y, x))", `list<(${b}, ${a})>`],
      ["choose(y)", b],
      ["count(distinct y)", "int"],
    ];
    if (b === "int" || b === "nat" || b === "float") of.push(["avg(y)", "float"]);
    const [call, type] = make.pick(of);
    const name = site.name("a");
    const isGrouped = make.chance(0.8);
    lines.push(
      `scratch ${name}(k: ${a}, v: ${type});`,
      `${name}(${isGrouped ? "x" : "choose(x)"}, ${call}) <= ${literal(from, "x", "y")};`,
    );
    const known = site.declare("scratch", [a, b]);
    if (call === "collect(y)")
      lines.push(
        `${known.name}(k, e) <= ${name}(k, v), ${make.pick(["e in v", "e in v, size(v) >= 2", "e in v, size(v) < 2"])};`,
      );
    else if (call === "collect((y, x))") lines.push(`${known.name}(k, e) <= ${name}(k, v), (e, k) in v;`);
    else if (type === b) lines.push(`${known.name}(k, v) <= ${name}(k, v);`);
    else {
      lines.push(`${known.name}(k, y) <= ${name}(k, v), ${literal(from, "k", "y")};`);
      lines.push(`output ${name}o(k: ${a}, v: ${type}) ${site.level()};`, `${name}o(k, v) <= ${name}(k, v);`);
    }
    return site.show(known);
  },

  "several bounds over events": (site) => {
    const { make, lines } = site;
    const [a, b] = make.columnTypes();
    if (b !== "int") return false;
    const from = make.chance(0.5) ? site.feed([a, b, "int"]) : site.event();
    const third = from.types[2] === "int" ? "z" : "y";
    const event = literal(from, "x", "y", ...(third === "z" ? ["z"] : []));
    const bounds = ["max(y) >= 2", `min(${third}) <= 0`, `max(${third}) >= 1`, "min(y) <= 1", "count() >= 2"];
    const [one, other] = [make.pick(bounds), make.pick(bounds)];
    const meets = make.chance(0.25) ? `, ${literal(site.two(), "_")}` : "";
    const body = `${event}${meets} having ${make.pick([`${one} && ${other}`, `${one} && ${other}`, `${one} || ${other}`, `(${one} || ${other}) && max(y) > 0`])}`;
    if (make.chance(0.5)) {
      const best = site.name("b");
      const call = make.pick(["max(y)", "count()", `max(${third})`]);
      lines.push(
        `table ${best}(k: ${from.types[0]}, v: lmax<int>);`,
        `${best}(x, ${call}) <= ${event}${meets} having ${one};`,
      );
      lines.push(
        `output ${best}o(k: ${from.types[0]}, v: lmax<int>) ${site.level()};`,
        `${best}o(k, v) <= ${best}(k, v);`,
      );
    }
    const known = site.declare(make.pick(["table", "scratch"]), [from.types[0]]);
    lines.push(`${known.name}(x) <= ${body};`);
    return site.show(known);
  },

  "sums of what is not negative": (site) => {
    const { make, lines } = site;
    const types: Type[] = [...make.columnTypes().slice(0, 2), "nat"];
    const from = site.feed(types, make.chance(0.4) ? { words: "sealed by (x)", seal: [0] } : {});
    const kept = make.chance(0.7) ? site.declare("table", types) : from;
    if (kept !== from) lines.push(`${kept.name} <= ${from.name};`);
    const known = site.declare("scratch", types.slice(0, 1));
    lines.push(`${known.name}(x) <= ${kept.name}(x, _, z) having sum(z) ${make.pick([">= 2", ">= 2", "> 1", "< 3"])};`);
    site.readable.push(kept);
    return site.show(known);
  },
};
