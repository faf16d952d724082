/** Forms in which several roles take part: inputs, seals, messages, addresses, timers, modules of the library. */
import { readFileSync } from "node:fs";
import type { Type } from "./maker.ts";
import { columns, literal, variables, type Form } from "./site.ts";

/** `module Store<K, V> { … }`, as its file has it: a generated program is one text. Large runs are bundled, and start at the root as tests do. */
function moduleOf(file: string, name: string): string[] {
  const text = readFileSync(`lib/${file}.dlc`, "utf8");
  const from = text.search(new RegExp(`^module ${name}\\b`, "m"));
  return text
    .slice(from, text.indexOf("\n}", from) + 2)
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.trim().startsWith("//"));
}

export const sending: Readonly<Record<string, Form>> = {
  "a key of which a host gives two values": (site) => {
    const { make, hosts } = site;
    const types: Type[] = [...make.columnTypes().slice(0, 2), ...(make.chance(0.3) ? (["int"] as const) : [])];
    const keyLength = types.length > 2 ? make.pick([1, 2]) : 1;
    const seal = make.pick([null, [0], [0], []]);
    const given = { keyLength, seal, words: seal === null ? "" : seal.length > 0 ? "sealed by (x)" : "sealed" };
    const from = make.chance(0.5) ? site.feed(types, given) : null;
    const input = from === null ? site.input(types, given) : { name: from.name.replace("fc", "fi"), types };
    if (from !== null) {
      // The input of a feed has the number before that of its channel.
      const declared = site.inputs[site.inputs.length - 1].name;
      hosts.push(
        `output ${declared}o(${columns(types)}) ${site.level()};`,
        `${declared}o(${variables(types)}) <= ${declared}(${variables(types)});`,
      );
      const known = site.declare(make.pick(["table", "scratch"]), types.slice(0, 2));
      site.lines.push(`${known.name}(x, y) <= ${literal(from, "x", "y")};`);
      return site.show(known);
    }
    hosts.push(
      `output ${input.name}o(x: ${types[0]}, n: int) ${site.level()};`,
      `table ${input.name}t(${columns(types)});`,
      `${input.name}t(${variables(types)}) <= ${input.name}(${variables(types)});`,
      `${input.name}o(x, count()) <= ${literal({ name: `${input.name}t`, types }, "x")};`,
    );
    return true;
  },

  "seal rules": (site) => {
    const { make, hosts, lines } = site;
    const types: Type[] = [...make.columnTypes().slice(0, 2), ...(make.chance(0.4) ? (["int"] as const) : [])];
    const seal = make.pick([[0], [0], [0, 1], [1], []]);
    const by = seal.map((i) => "xyz"[i]);
    const within = make.chance(0.12) ? " within 1s" : "";
    const sealedBy = by.length > 0 ? `sealed by (${by.join(", ")})` : "sealed";
    const input = site.input(types);
    const name = site.name("c");
    const names = variables(types);
    const isLate = make.chance(0.2);
    lines.push(`channel ${name}(${columns(types)}) ${sealedBy}${within};`);
    if (isLate) hosts.push(`scratch ${name}s(${columns(types)});`, `${name}s(${names}) <+ ${input.name}(${names});`);
    hosts.push(site.forward(name, (head) => `${head}(${names}) <~ ${isLate ? `${name}s` : input.name}(${names});`));
    const over = seal.length === 0 ? (["int"] as const) : seal.map((i) => types[i]);
    const end = site.name("i");
    const owner = make.chance(0.2) && !site.isPlain ? lines : hosts;
    owner.push(`input ${end}(${columns(over)});`);
    const args = seal.length === 0 ? "" : `(${seal.map((i, n) => `${"xyz"[i]}: ${"xyz"[n]}`).join(", ")})`;
    const ended = `${end}(${seal.length === 0 ? "_" : variables(over)})`;
    owner.push(owner === hosts ? `seal R.${name}${args} <~ ${ended};` : `seal ${name}${args} <= ${ended};`);
    site.inputs.push({
      at: owner === hosts ? "H" : "R",
      nodes: owner === hosts ? 2 : 1,
      name: end,
      types: over,
      seal: null,
      single: false,
      unique: 0,
      every: true,
    });
    site.isOrdered = true;
    const known = site.declare("table", types.slice(0, 2));
    lines.push(`${known.name}(x, y) <= ${literal({ name, types }, "x", "y")};`);
    const counted = site.declare("scratch", [types[seal[0] ?? 0], "int"]);
    lines.push(`${counted.name}(${"xy"[seal[0] ?? 0] ?? "x"}, count()) <= ${known.name}(x, y);`);
    site.show(known);
    return site.show(counted);
  },

  "seals of three columns": (site) => {
    const { make, lines } = site;
    const types: Type[] = [...make.columnTypes().slice(0, 2), make.pick<Type>(["int", "string"])];
    const seal = make.pick([[0, 2], [1, 2], [0, 1, 2], [2]]);
    const from = site.feed(types, { seal, words: `sealed by (${seal.map((i) => "xyz"[i]).join(", ")})` });
    const kept = site.declare(make.chance(0.8) ? "table" : "scratch", types);
    lines.push(`${kept.name}(x, y, z) <= ${from.name}(x, y, z);`);
    const group = make.pick([seal, seal, [0, 2], [2]]).slice(0, 2);
    const known = site.declare("scratch", [...group.map((i) => types[i]), "int"]);
    lines.push(
      `${known.name}(${group.map((i) => "xyz"[i]).join(", ")}, ${make.pick(["count()", "count(distinct y)"])}) <= ${kept.name}(x, y, z);`,
    );
    site.readable.push(kept);
    return site.show(known);
  },

  "a column that its sender computes": (site) => {
    const { make, lines, hosts } = site;
    const types = make.columnTypes().slice(0, 2);
    if (types[0] !== "int") return false;
    const seal = make.pick([null, [0], [0], [1]]);
    const input = site.input(types, { seal, words: seal === null ? "" : `sealed by (${"xy"[seal[0]]})` });
    const name = site.name("c");
    lines.push(`channel ${name}(${columns(types)});`);
    const value = make.pick(["x + 1", "x - 1", "2 - x", "next(x)", "half(x)", "if x > 1 then 0 else x", "x * 2"]);
    hosts.push(site.forward(name, (head) => `${head}(${value}, y) <~ ${input.name}(x, y);`));
    if (make.chance(0.2)) hosts.push(site.forward(name, (head) => `${head}(x, y) <~ ${input.name}(x, y);`));
    const kept = site.declare("table", types);
    lines.push(`${kept.name}(x, y) <= ${name}(x, y);`);
    const known = site.declare("scratch", types);
    const other = make.pick(site.readable.filter((each) => each.types[0] === "int"));
    lines.push(
      make.pick([
        `${known.name}(x, y) <= ${literal(other, "x")}, n = x + 1, not ${kept.name}(n, _), y = ${make.constant(types[1])};`,
        `${known.name}(x, min(y)) <= ${kept.name}(x, y);`,
        `${known.name}(x, y) <= ${kept.name}(x, y), not ${literal(other, "x")};`,
      ]),
    );
    return site.show(known);
  },

  "facts that name their sender": (site) => {
    const { make, lines, hosts } = site;
    const types: Type[] = ["int", "int"];
    if (site.isPartitioned && make.columnTypes().slice(0, 2).join() !== types.join()) return false;
    const name = site.name("c");
    const keyLength = make.chance(0.7) ? 1 : 0;
    hosts.push(
      `table ${name}s(${columns(types, keyLength)});`,
      `${name}s(1, hash(self) % 3);`,
      `${name}s(0, ${make.pick(["0", "length(toString(self))", "hash(self) % 2"])});`,
    );
    const isView = make.chance(0.3);
    if (isView) hosts.push(`scratch ${name}v(${columns(types, keyLength)});`, `${name}v(x, y) <= ${name}s(x, y);`);
    hosts.push(site.forward(name, (head) => `${head}(x, y) <~ ${isView ? `${name}v` : `${name}s`}(x, y);`));
    lines.push(`channel ${name}(${columns(types, keyLength)});`);
    const known = site.declare(make.pick(["table", "scratch"]), types);
    lines.push(`${known.name}(x, y) <= ${name}(x, y);`);
    return site.show(known);
  },

  "a key with an address in it": (site) => {
    const { make, lines, hosts, others } = site;
    const [a, b] = make.columnTypes();
    const unique = make.chance(0.8) ? " unique" : "";
    const keyLength = make.chance(0.8) ? 2 : 1;
    const key = (to: string): string =>
      keyLength === 2 ? `x: ${a}, ${to}: addr -> z: ${b}` : `x: ${a} -> ${to}: addr, z: ${b}`;
    hosts.push(`input fin(${key("y")})${unique};`, "N.fnm@y(x, y, z) <~ fin(x, y, z);");
    site.inputs.push({
      at: "H",
      nodes: 2,
      name: "fin",
      types: [a, "addr", b],
      seal: null,
      single: false,
      unique: unique === "" ? 0 : keyLength,
    });
    others.push("role N x2 {", `channel fnm(${key("y")})${unique};`);
    const from = make.pick([
      "fnm(x, self, z)",
      "fnm(x, self, z)",
      "fnm(x, _, z)",
      "fnm(x, y, z), y == self",
      "fnt(x, self, z)",
    ]);
    if (from.startsWith("fnt")) others.push(`table fnt(${key("y")});`, "fnt(x, y, z) <= fnm(x, y, z);");
    others.push(
      site.forward("fnc", (head) => `${head}(x, z) <~ ${from};`),
      "}",
    );
    const known = site.declare(make.pick(["table", "scratch"]), [a, b]);
    lines.push(`channel fnc(${columns([a, b], make.chance(0.8) ? 1 : 0)});`, `${known.name}(x, y) <= fnc(x, y);`);
    return site.show(known);
  },

  "answers to addresses": (site) => {
    const { make, lines, others } = site;
    const types = make.columnTypes().slice(0, 2);
    const [a, b] = types;
    const role = `P${site.name("p")}`;
    const [ask, pend, rep, who, req, whos, reqs, both] = [
      "ask",
      "pend",
      "rep",
      "who",
      "req",
      "whos",
      "reqs",
      "both",
    ].map((each) => `${role}${each}`.toLowerCase());
    const isOne = make.chance(0.4);
    if (isOne && make.chance(0.6)) site.counts[role] = 2;
    others.push(
      `role ${role} ${isOne ? "" : "x2"} {`,
      `input ${ask}(x: ${a}, y: ${b});`,
      `channel ${rep}(x: ${a}, y: ${b});`,
      `table ${pend}(x: ${a}, y: ${b});`,
      `${pend}(x, y) <= ${ask}(x, y);`,
    );
    others.push(
      site.forward(who, (head) => `${head}(x, y, self) <~ ${ask}(x, y);`),
      site.forward(req, (head) => `${head}(x, y) <~ ${ask}(x, y);`),
    );
    others.push(
      `output ${role.toLowerCase()}o(x: ${a}, y: ${b}) ${site.level()};`,
      `${role.toLowerCase()}o(x, y) <= ${rep}(x, y), ${pend}(x, ${make.pick(["y", "_"])});`,
      "}",
    );
    site.inputs.push({
      at: role,
      nodes: isOne ? (site.counts[role] ?? 1) : 2,
      name: ask,
      types,
      seal: null,
      single: false,
      unique: 0,
    });
    lines.push(`channel ${who}(x: ${a}, y: ${b}, z: addr);`, `channel ${req}(x: ${a}, y: ${b});`);
    lines.push(
      `table ${whos}(x: ${a}, y: ${b}, z: addr);`,
      `${whos} <= ${who};`,
      `table ${reqs}(x: ${a}, y: ${b});`,
      `${reqs} <= ${req};`,
    );
    lines.push(
      `table ${both}(x: ${a}, y: ${b}, z: addr);`,
      `${both}(x, y, z) <= ${make.pick([`${whos}(_, _, z), ${reqs}(x, y)`, `${whos}(x, y, z)`, `${whos}(x, _, z), ${reqs}(x, y)`])};`,
    );
    lines.push(
      make
        .pick([
          `P.rep@z(x, y) <~ ${both}(x, y, z);`,
          `P.rep@z(x, y) <~ ${both}(x, y, z);`,
          `P.rep@z(x, y) <~ ${whos}(_, _, z), ${reqs}(x, y);`,
          `P.rep@z(x, y) <~ ${whos}(x, y, z), ${reqs}(x, y);`,
          `P.rep@z(x, y) <~ ${reqs}(x, y), P.nodes(z);`,
          `P.rep@z(x, y) <~ ${who}(x, y, z)${make.chance(0.5) ? `, ${literal(site.two(), "_")}` : ""};`,
        ])
        .replace("P.rep", `${role}.${rep}`)
        .replace("P.nodes", `${role}.nodes`),
    );
    return true;
  },

  gossip: (site) => {
    const { make, lines } = site;
    const from = make.chance(0.7) ? site.kept(site.event(), "table") : site.two();
    const types = from.types.slice(0, 2);
    if (site.isPartitioned && types.join() !== make.columnTypes().slice(0, 2).join()) return false;
    const name = site.name("g");
    lines.push(`channel ${name}(${columns(types)}) ${make.chance(0.25) ? "lossy" : ""};`);
    const isKept = make.chance(0.8);
    const known = site.declare(isKept ? "table" : "scratch", types);
    lines.push(`${known.name}(x, y) <= ${name}(x, y);`);
    const timed = make.chance(0.4);
    if (timed) lines.push(`timer ${name}t every 1s;`);
    const body = `${timed ? `${name}t(), ` : ""}${literal(from, "x", "y")}`;
    lines.push(
      make.pick([
        `R.${name}@n(x, y) <~ ${body}, R.nodes(n);`,
        `R.${name}@n(x, y) <~ ${body}, R.nodes(n), n != self;`,
        `R.${name}@*(x, y) <~ ${body};`,
        `R.${name}@self(x, y) <~ ${body};`,
      ]),
    );
    // What is not kept would be passed on for ever.
    if (isKept && make.chance(0.3))
      lines.push(`R.${name}@*(x, y) <~ ${known.name}(x, y), ${literal(site.two(), "_")};`);
    return site.show(known);
  },

  "news for the hosts": (site) => {
    const { make, lines, hosts } = site;
    const from = make.chance(0.5) ? site.kept() : site.two();
    const types = from.types.slice(0, 2);
    const name = site.name("b");
    lines.push(
      make.pick([
        `H.${name}@*(x, y) <~ ${literal(from, "x", "y")};`,
        `H.${name}@n(x, y) <~ ${literal(from, "x", "y")}, H.nodes(n);`,
        `H.${name}@*(x, y) <~ ${literal(from, "x", "y")}, not ${literal(site.two(), "_")};`,
      ]),
    );
    hosts.push(
      `channel ${name}(${columns(types, make.chance(0.2) ? 1 : 0)});`,
      `table ${name}t(${columns(types)});`,
      `${name}t(x, y) <= ${name}(x, y);`,
    );
    const input = make.pick(site.inputs.filter(({ at }) => at === "H"));
    const met = `${input.name}(${input.types.map(() => "_").join(", ")})`;
    hosts.push(
      `output ${name}o(${columns(types)}) ${site.level()};`,
      make.pick([
        `${name}o(x, y) <= ${name}t(x, y);`,
        `${name}o(x, y) <= ${name}(x, y);`,
        `${name}o(x, y) <= ${name}t(x, y), ${met};`,
        `${name}o(x, y) <= ${name}t(x, y) having count() >= 1;`,
      ]),
    );
    return true;
  },

  "sent again until there is a receipt": (site) => {
    const { make, lines, hosts } = site;
    const types = make.columnTypes().slice(0, 2);
    const [a, b] = types;
    const input = site.input(types);
    const name = site.name("m");
    const isLossy = make.chance(0.6) ? "lossy" : "";
    const key = make.chance(0.75) ? "x, y" : "x, _";
    hosts.push(
      `table ${name}b(x: ${a}, y: ${b}, n: addr);`,
      `table ${name}a(x: ${a}, y: ${b}, n: addr);`,
      `channel ${name}r(x: ${a}, y: ${b}, n: addr) ${isLossy};`,
      `timer ${name}t every 1s;`,
    );
    hosts.push(`${name}b(x, y, n) <= ${input.name}(x, y), R.nodes(n);`, `${name}a(x, y, n) <= ${name}r(x, y, n);`);
    if (isLossy === "" || make.chance(0.3)) hosts.push(`R.${name}@n(x, y, self) <~ ${name}b(x, y, n);`);
    hosts.push(
      `R.${name}@n(x, y, self) <~ ${name}t(), ${name}b(x, y, n)${make.chance(0.6) ? `, not ${name}a(${key}, n)` : ""};`,
    );
    if (make.chance(0.6))
      hosts.push(
        `${name}b(x, y, n) <- ${name}b(x, y, n), ${make.pick([`${name}a(${key}, n)`, `${name}r(${key}, n)`])};`,
      );
    lines.push(
      `channel ${name}(x: ${a}, y: ${b}, z: addr) ${isLossy};`,
      `H.${name}r@z(x, y, self) <~ ${name}(x, y, z);`,
    );
    const known = site.declare(make.chance(0.8) ? "table" : "scratch", types);
    lines.push(`${known.name}(x, y) <= ${name}(x, y, _);`);
    return site.show(known);
  },

  "one name for channels of two roles": (site) => {
    const { make, lines, others } = site;
    const from = site.event();
    const types = from.types.slice(0, 2);
    const name = site.name("c");
    const [one, other] = [`U${name}`, `V${name}`];
    const denied = site.two();
    const not = make.chance(0.6) ? `, not ${literal(denied, denied.types[0] === types[0] ? "x" : "_")}` : "";
    lines.push(
      `${one}.${name}(x, y) <~ ${literal(from, "x", "y")}${not};`,
      `${other}.${name}(x) <~ ${literal(make.chance(0.7) ? from : site.event(), "x")}${make.chance(0.6) ? not : ""};`,
    );
    for (const [role, of] of [
      [one, types],
      [other, types.slice(0, 1)],
    ] as const) {
      others.push(
        `role ${role} ${make.pick(["", "replicated x2"])} {`,
        `channel ${name}(${columns(of)});`,
        `output ${role.toLowerCase()}o(${columns(of)}) ${site.level()};`,
        `${role.toLowerCase()}o(${variables(of)}) <= ${name}(${variables(of)});`,
        "}",
      );
    }
    return true;
  },

  timers: (site) => {
    const { make, lines } = site;
    const from = make.chance(0.6) ? site.kept() : site.two();
    const types = from.types.slice(0, 2);
    const name = site.name("t");
    lines.push(
      `timer ${name}a every 1s;`,
      ...(make.chance(0.4) ? [`timer ${name}b every ${make.pick([1, 2])}s;`] : []),
    );
    const second = lines[lines.length - 1].startsWith(`timer ${name}b`) ? `, ${name}b()` : "";
    const known = site.declare(make.chance(0.7) ? "table" : "scratch", types);
    lines.push(
      `${known.name}(x, y) ${known.name.startsWith("ft") && make.chance(0.3) ? "<+" : "<="} ${name}a()${second}, ${literal(from, "x", "y")}${make.chance(0.3) ? `, not ${literal(site.two(), "_")}` : ""};`,
    );
    return site.show(known);
  },

  "a module of the library": (site) => {
    const { make, lines, others } = site;
    const from = site.event();
    const [a, b] = from.types;
    const copy = site.name("u");
    const xy = literal(from, "x", "y");
    const kinds = ["Store", "Versions", "Priority", "Fifo"];
    if (!site.isPartitioned) kinds.push("Multicast", "Reliable", "Election");
    const kind = make.pick(kinds);
    const other = literal(site.two(), "v");
    switch (kind) {
      case "Store":
        others.push(...moduleOf("kvs", kind));
        lines.push(
          `use Store<${a}, ${b}> as ${copy};`,
          `${copy}.put(x, y) <= ${xy};`,
          `${copy}.get("g", x) <= ${literal(make.chance(0.5) ? from : site.event(), "x")};`,
        );
        if (make.chance(0.4))
          lines.push(
            `${copy}.del(x) <= ${literal(from, "x", "x")};`.replace(
              /\(x\) <= (.*)\(x, x/,
              a === b ? "(x) <= $1(x, x" : "(x) <= $1(x, _",
            ),
          );
        return answers(site, a, b, `${copy}.answer(_, x, y)`);
      case "Versions":
        others.push(...moduleOf("kvs", kind));
        if (b !== "int") return answers(site, a, b, xy);
        lines.push(
          `use Versions<${a}, int> as ${copy};`,
          `${copy}.put(x, y, y) <= ${xy};`,
          `${copy}.get("g", x, 1) <= ${literal(from, "x")};`,
        );
        return answers(site, a, b, `${copy}.answer(_, x, _, y)`);
      case "Priority":
        others.push(...moduleOf("queues", kind));
        lines.push(
          `use Priority<${b}> as ${copy};`,
          `${copy}.push(1, "i", y) <= ${xy};`,
          `${copy}.push(0, toString(toJson(x)), y) <= ${xy};`,
          `${copy}.pop(toString(toJson(v))) <= ${other};`,
        );
        return answers(
          site,
          a,
          b,
          `${copy}.served(_, _, _, y), ${literal(from, "x")}`.replace(
            `, ${literal(from, "x")}`,
            `, x = ${make.constant(a)}`,
          ),
        );
      case "Fifo":
        others.push(...moduleOf("queues", kind));
        lines.push(
          `use Fifo<${b}> as ${copy};`,
          `${copy}.push(1, y) <= ${xy};`,
          `${copy}.pop(1, toString(toJson(v))) <= ${other};`,
        );
        return answers(site, a, b, `${copy}.served(_, _, y), x = ${make.constant(a)}`);
      case "Multicast":
        others.push(...moduleOf("multicast", kind));
        lines.push(`use Multicast<${b}>(R) as ${copy};`, `${copy}.send(toString(toJson(x)), y) <= ${xy};`);
        if (make.chance(0.5))
          lines.push(`output ${copy}o(i: string) ${site.level()};`, `${copy}o(i) <= ${copy}.done(i);`);
        return answers(site, a, b, `${copy}.received(_, y), x = ${make.constant(a)}`);
      case "Reliable":
        others.push(...moduleOf("delivery", kind));
        lines.push(
          `use Reliable<${b}>(R) as ${copy};`,
          `${copy}.send(n, toString(toJson(x)), y) <= ${xy}, R.nodes(n);`,
        );
        return answers(site, a, b, `${copy}.received(_, _, y), x = ${make.constant(a)}`);
      default:
        others.push(...moduleOf("election", kind));
        if (a !== "int") return answers(site, a, b, xy);
        lines.push(`use Election(R) as ${copy};`, `${copy}.stand(x) <= ${literal(from, "x")};`);
        lines.push(`output ${copy}o(x: int, z: addr) ${site.level()};`, `${copy}o(x, z) <= ${copy}.leader(x, z);`);
        return true;
    }
  },
};

function answers(site: Parameters<Form>[0], a: Type, b: Type, body: string): true {
  const known = site.declare(site.make.pick(["table", "scratch"]), [a, b]);
  site.lines.push(`${known.name}(x, y) <= ${body};`);
  return site.show(known);
}
