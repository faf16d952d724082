/** Random programs with random inputs, for the question whether any label is wrong. */
import { Random } from "../../src/verify/schedule.ts";
import type { Strategy } from "../../src/compiler/plan.ts";
import type { Given } from "../support/runs.ts";
import { giveInputs, type GivenInput } from "./given.ts";
import { latticeLines } from "./lattices.ts";
import { addForms } from "./forms.ts";
import { declarations, ofForms } from "./imported.ts";
import { columns, letters as columnNames, Site } from "./site.ts";
import { type Known, Maker, type Type, written, values } from "./maker.ts";

export interface Generated {
  /** One statement a line. */
  readonly text: string;
  readonly given: Given;
  /** From which other facts can be drawn. */
  readonly inputs: readonly GivenInput[];
  readonly strategy: Strategy;
  /** Which of its order-sensitive rules, counted round, asks by hand for what; `order by`: by what its gate is. */
  readonly asking?: { readonly rule: number; readonly how: string };
  /** False: inputs of one instance keep the host's order over collections, as seal rules need it. */
  readonly interleave: boolean;
  /** Facts may be given in any order that keeps seals behind what they seal. */
  readonly permute: boolean;
  /** The forms that it has got, by their names. */
  readonly forms?: readonly string[];
  /** How many instances there are of a role that says nothing of them. */
  readonly counts?: Readonly<Record<string, number>>;
}

type Shape = "one" | "replicated" | "partitioned" | "plain";

interface Place {
  readonly name: string;
  readonly shape: Shape;
  readonly header: string;
}

interface Declared extends Known {
  readonly keyLength: number;
}

class Generator {
  readonly make: Maker;
  readonly roles: { place: Place; lines: string[] }[] = [];
  readonly inputs: GivenInput[] = [];
  readonly clients: string[] = [];
  interleave = true;
  permute = true;

  constructor(seed: number, imports: boolean) {
    this.make = new Maker(new Random(seed), imports);
    const lattices = new Maker(new Random(seed + 0x1a77));
    this.lattices = lattices.chance(0.4) ? lattices : null;
  }

  place(name: string, shapes: readonly Shape[]): Place {
    const shape = this.make.pick(shapes);
    const by = this.make.chance(0.7) ? "x" : this.make.chance(0.6) ? "y" : "x, y";
    const header = { one: "", replicated: "replicated x2", partitioned: `partitioned by (${by}) x2`, plain: "x2" }[
      shape
    ];
    return { name, shape, header };
  }

  /** A head in that role, with what must stand in the body besides. */
  send(to: Place, channel: string): { head: string; extra: string } {
    const head = `${to.name}.${channel}`;
    if (to.shape === "plain" ? this.make.chance(0.4) : this.make.chance(0.04))
      return { head: `${head}@to`, extra: `, ${to.name}.nodes(to)` };
    return { head: to.shape === "plain" || this.make.chance(0.04) ? `${head}@*` : head, extra: "" };
  }

  forward(to: Place, channel: string, rule: (head: string) => string): string {
    const { head, extra } = this.send(to, channel);
    const text = rule(head);
    const at = text.includes(" having ") ? text.indexOf(" having ") : text.length - 1;
    return `${text.slice(0, at)}${extra}${text.slice(at)}`;
  }

  hosts(to: Place, count: number, prefix: string): { lines: string[]; channels: Declared[] } {
    const { make } = this;
    const lines: string[] = [];
    const channels: Declared[] = [];
    const own: Known[] = [];
    const sealRule = make.chance(0.08);
    const seals = [
      "",
      "",
      "sealed by (x)",
      "sealed by (x)",
      "sealed by (x)",
      "sealed by (y)",
      "sealed by (x, y)",
      "sealed",
    ];
    const alike = make.chance(0.5) ? make.pick(seals.slice(2)) : null;
    for (let n = 1; n <= count; n++) {
      const types = make.columnTypes();
      const unique = make.chance(0.1);
      // A key of which a host may give two values, unless it promises not to.
      const inputKey = unique || make.chance(0.05) ? make.keyLength(types) : 0;
      const seal = alike !== null && make.chance(0.9) ? alike : make.pick(seals);
      const single = seal.includes("by") && make.chance(0.12);
      const by =
        seal === "" ? null : (/\((.*)\)/.exec(seal)?.[1].split(", ") ?? []).map((name) => columnNames.indexOf(name));
      lines.push(
        `input i${n}(${columns(types, inputKey)}) ${seal}${single ? " single" : ""}${unique ? " unique" : ""};`,
      );
      this.inputs.push({ at: "H", nodes: 2, name: `i${n}`, types, seal: by, single, unique: unique ? inputKey : 0 });
      own.push({ name: `i${n}`, types });
      const keyLength = unique ? inputKey : make.chance(0.05) ? make.keyLength(types) : 0;
      const decreed = sealRule && n === 1;
      channels.push({ name: `${prefix}${n}`, types, keyLength });
      const names = types.map((_, i) => columnNames[i]);
      const terms =
        unique || make.chance(0.85)
          ? names
          : names.map((_, i) => make.pick(names.filter((_, j) => types[j] === types[i])));
      const from = `i${n}(${names.join(", ")})${make.chance(0.08) && types[1] === "int" ? ", y > 0" : ""}`;
      const late = make.chance(0.08);
      if (late) lines.push(`scratch late${n}(${columns(types)});`, `late${n}(${names.join(", ")}) <+ ${from};`);
      lines.push(
        this.forward(
          to,
          `${prefix}${n}`,
          (head) => `${head}(${terms.join(", ")}) <~ ${late ? `late${n}(${names.join(", ")})` : from};`,
        ),
      );
      if (!unique && !decreed && make.chance(0.1))
        lines.push(this.forward(to, `${prefix}${n}`, (head) => make.rule(head, types, "<~", own)));
      if (decreed) {
        this.decreed.add(`${prefix}${n}`);
        lines.push(`input over(v: ${types[0]});`, `seal ${to.name}.${prefix}${n}(x: v) <~ over(v);`);
        this.inputs.push({
          at: "H",
          nodes: 2,
          name: "over",
          types: [types[0]],
          seal: null,
          single: false,
          unique: 0,
          every: true,
        });
        this.interleave = false;
        this.permute = false;
      }
      const words = [
        unique ? "unique" : "",
        decreed ? "sealed by (x)" : "",
        make.chance(0.04) && !decreed ? "lossy" : "",
      ];
      const declared = `channel ${prefix}${n}(${columns(types, keyLength)}) ${words.join(" ")};`;
      this.channelLines.push(declared);
    }
    if (make.chance(0.06)) {
      const { name, types } = make.pick(own);
      const names = types.map((_, i) => columnNames[i]).join(", ");
      lines.push("timer tick every 1s;", `table kept(${columns(types)});`, `kept(${names}) <= ${name}(${names});`);
      lines.push(this.forward(to, name.replace("i", prefix), (head) => `${head}(${names}) <~ tick(), kept(${names});`));
    }
    return { lines, channels };
  }

  channelLines: string[] = [];
  /** A source of chance of its own, so that the rest of a program is the same with lattices and without. */
  readonly lattices: Maker | null;
  /** Declared and read in the sink. */
  sinkLattices: readonly string[] = [];
  /** Channels that only seal rules seal. */
  readonly decreed = new Set<string>();

  /** A role in the middle, which passes on what it gets, or what it makes of it. */
  hop(got: readonly Declared[], to: Place): { lines: string[]; channels: Declared[] } {
    const { make } = this;
    const lines = this.channelLines;
    this.channelLines = [];
    const readable: Known[] = [...got];
    for (const [n, { name, types }] of got.entries()) {
      const names = types.map((_, i) => columnNames[i]).join(", ");
      if (!make.chance(0.5)) continue;
      const deferred = make.chance(0.25);
      lines.push(
        `${make.chance(0.6) ? "table" : "scratch"} k${n}(${columns(types)});`,
        `k${n}(${names}) ${deferred ? "<+" : "<="} ${name}(${names});`,
      );
      readable.push({ name: `k${n}`, types });
    }
    const channels: Declared[] = [];
    for (let n = 1; n <= 2 + make.random.below(2); n++) {
      const first = make.pick(readable);
      const types = make.chance(0.8) && to.shape !== "partitioned" ? [...first.types] : make.columnTypes();
      const keyed = make.chance(0.05);
      channels.push({ name: `c${n}`, types, keyLength: keyed ? 1 : 0 });
      this.channelLines.push(`channel c${n}(${columns(types, keyed ? 1 : 0)});`);
      const names = types.map((_, i) => columnNames[i]).join(", ");
      if (first.types.join() === types.join() && make.chance(0.65))
        lines.push(this.forward(to, `c${n}`, (head) => `${head}(${names}) <~ ${first.name}(${names});`));
      else lines.push(this.forward(to, `c${n}`, (head) => make.rule(head, types, "<~", readable)));
      if (make.chance(0.12)) lines.push(this.forward(to, `c${n}`, (head) => make.rule(head, types, "<~", readable)));
    }
    return { lines, channels };
  }

  /** The role in which most happens. */
  main(place: Place, got: readonly Declared[], sink: Place | null): { lines: string[]; sent: Declared[] } {
    const { make } = this;
    const lines = this.channelLines;
    this.channelLines = [];
    const events: Known[] = [...got];
    if (make.chance(0.06)) {
      const seal = make.pick(["", "sealed by (x)", "sealed"]);
      const types = make.columnTypes().slice(0, 2);
      lines.push(`input z(${columns(types)}) ${seal};`);
      this.inputs.push({
        at: place.name,
        nodes: place.shape === "one" ? 1 : 2,
        name: "z",
        types,
        seal: seal === "" ? null : seal === "sealed" ? [] : [0],
        single: false,
        unique: 0,
      });
      events.push({ name: "z", types });
      const same = got.find(
        (each) => each.types.join() === types.join() && !this.decreed.has(each.name) && each.keyLength === 0,
      );
      if (same && make.chance(0.5)) lines.push(this.forward(place, same.name, (head) => `${head}(x, y) <~ z(x, y);`));
    }
    const readable: Known[] = [...events];
    const tables: Declared[] = [];
    if (make.chance(0.35)) {
      const types: Type[] = [make.pick<Type>(["int", "int", "string"]), make.pick<Type>(["int", "int", "string"])];
      lines.push(`table cfg(${columns(types, 1)});`);
      values[types[0]].forEach((value, i) =>
        lines.push(`cfg(${written(types[0], value)}, ${written(types[1], values[types[1]][i > 1 ? 0 : i])});`),
      );
      readable.push({ name: "cfg", types });
    }
    if (make.chance(0.08)) {
      lines.push("timer beat every 1s;");
      readable.push({ name: "beat", types: [] });
    }
    for (let n = 1; n <= 2 + make.random.below(2); n++)
      tables.push(this.table(`t${n}`, events, readable, tables, lines));
    if (make.chance(0.12)) this.onceOnly(make.pick(events), readable, lines);
    if (make.chance(0.1)) this.ofOneEvent(make.pick(events), readable, lines);
    if (make.chance(0.05)) {
      lines.push("scratch step(x: int);", "step(0);", "step(v + 1) <+ step(v), v < 6;");
      readable.push({ name: "step", types: ["int"] });
    }
    this.addForms(place, events, readable, lines);
    if (this.lattices !== null) {
      const forward =
        sink === null || sink.shape === "partitioned"
          ? null
          : (channel: string, rule: (head: string) => string) => this.forward(sink, channel, rule);
      const added = latticeLines(this.lattices, readable, forward);
      lines.push(...added.lines);
      this.sinkLattices = added.sent.flatMap((each) => each.lines);
    }
    for (let n = 1; n <= 1 + make.random.below(3); n++) this.scratch(`s${n}`, events, readable, lines);
    if (
      make.chance(0.12) &&
      make
        .columnTypes()
        .slice(0, 2)
        .every((type) => type === "int")
    )
      this.client(place, readable, lines);
    for (let n = 1; n <= 2 + make.random.below(2); n++) this.output(`o${n}`, place, readable, lines);
    const sent: Declared[] = [];
    if (sink !== null) {
      for (let n = 1; n <= 1 + make.random.below(2); n++) {
        const first = make.pick(readable.filter(({ types }) => types.length > 1));
        const types = make.chance(0.6) && sink.shape !== "partitioned" ? [...first.types] : make.columnTypes();
        const names = types.map((_, i) => columnNames[i]).join(", ");
        const same = types.join() === first.types.join();
        lines.push(
          this.forward(sink, `d${n}`, (head) =>
            same && make.chance(0.5)
              ? `${head}(${names}) <~ ${first.name}(${names});`
              : make.rule(head, types, "<~", readable),
          ),
        );
        const keyed = make.chance(0.05);
        this.channelLines.push(`channel d${n}(${columns(types, keyed ? 1 : 0)});`);
        sent.push({ name: `d${n}`, types, keyLength: keyed ? 1 : 0 });
      }
    }
    return { lines, sent };
  }

  addForms(place: Place, events: readonly Known[], readable: Known[], lines: string[]): void {
    const site = new Site({
      make: this.make,
      lines,
      hosts: this.hostLines,
      others: this.clients,
      inputs: this.inputs,
      readable,
      events,
      counts: this.counts,
      forward: (channel, rule) => this.forward(place, channel, rule),
      isPartitioned: place.shape === "partitioned",
      isPlain: place.shape === "plain",
    });
    this.forms = addForms(site);
    if (site.isOrdered) this.interleave = this.permute = false;
  }

  /** What forms add to the hosts, and the roles and modules that they bring. */
  readonly hostLines: string[] = [];
  readonly counts: Record<string, number> = {};
  forms: readonly string[] = [];

  table(
    name: string,
    events: readonly Known[],
    readable: Known[],
    tables: readonly Known[],
    lines: string[],
  ): Declared {
    const { make } = this;
    const first = make.pick(events);
    const types = make.chance(0.8) ? [...first.types] : make.columnTypes();
    const keyLength = make.chance(0.22) ? make.keyLength(types) : 0;
    const names = types.map((_, i) => columnNames[i]).join(", ");
    const head = { keyLength, noAggregate: keyLength > 0 };
    const same = events.filter((each) => each.types.join() === types.join());
    lines.push(`table ${name}(${columns(types, keyLength)});`);
    if (same.length > 0) lines.push(`${name}(${names}) <= ${make.pick(same).name}(${names});`);
    else lines.push(make.rule(name, types, "<=", readable, head));
    if (make.chance(0.15)) lines.push(make.rule(name, types, "<=", readable, head));
    if (make.chance(0.08) && types[0] === types[1])
      lines.push(
        `${name}(a, c${types.length > 2 ? ", q" : ""}) <= ${name}(a, b${types.length > 2 ? ", q" : ""}), ${name}(b, c${types.length > 2 ? ", _" : ""});`,
      );
    if (make.chance(0.12))
      lines.push(make.finish(name, types, "<-", make.body([...events, ...tables], make.pick(events)), { plain: true }));
    if (make.chance(0.1)) lines.push(`${name}(${names}) <- ${name}(${names}), ${this.guard(types, events)};`);
    if (keyLength > 0 && make.chance(0.4))
      lines.push(
        make.finish(name, types, "<+-", make.body([...events, ...tables], make.pick(events)), { plain: true }),
      );
    if (make.chance(0.12))
      lines.push(make.finish(name, types, "<+", make.body([...events, ...tables], make.pick(events)), { plain: true }));
    const known = { name, types, keyLength };
    readable.push(known, known);
    return known;
  }

  /** An event that agrees with the row in its first column of the same type. */
  guard(types: readonly Type[], events: readonly Known[]): string {
    const event = this.make.pick(events);
    const at = event.types.indexOf(types[0]);
    return `${event.name}(${event.types.map((_, i) => (i === at ? "x" : "_")).join(", ")})`;
  }

  onceOnly(event: Known, readable: Known[], lines: string[]): void {
    const { make } = this;
    const names = event.types.map((_, i) => columnNames[i]);
    const all = make.chance(0.7);
    const kept = all ? names : names.slice(0, 1);
    const seen = `seen(${kept.join(", ")})`;
    const from = make.chance(0.7) ? event : { name: "once", types: event.types };
    lines.push(`table seen(${columns(event.types.slice(0, kept.length))});`, `scratch once(${columns(event.types)});`);
    lines.push(`once(${names.join(", ")}) <= ${event.name}(${names.join(", ")}), not ${seen};`);
    lines.push(`${seen} <+ ${from.name}(${names.map((each) => (kept.includes(each) ? each : "_")).join(", ")});`);
    if (make.chance(0.1))
      lines.push(
        `${seen} <+ ${make.pick(["once", event.name])}(${names.map((each) => (kept.includes(each) ? each : "_")).join(", ")}), ${names[0]} != ${names[0]};`,
      );
    readable.push({ name: "once", types: event.types }, { name: "seen", types: event.types.slice(0, kept.length) });
  }

  ofOneEvent(event: Known, readable: Known[], lines: string[]): void {
    const { make } = this;
    const names = event.types.map((_, i) => columnNames[i]).join(", ");
    const other = make.chance(0.8)
      ? event
      : make.pick(readable.filter((each) => each.types.join() === event.types.join()).concat(event));
    lines.push(
      `scratch ea(${columns(event.types)});`,
      `scratch eb(${columns(event.types)});`,
      `scratch both(${columns(event.types)});`,
    );
    lines.push(
      `ea(${names}) <= ${event.name}(${names})${make.chance(0.3) ? `, x != ${make.constant(event.types[0])}` : ""};`,
    );
    lines.push(`eb(${names}) <= ${other.name}(${names});`);
    const joined = make.chance(0.75) ? names : [...event.types.keys()].map((i) => (i === 0 ? "x" : "_")).join(", ");
    lines.push(`both(${names}) <= ea(${names}), ${make.chance(0.3) ? "not " : ""}eb(${joined});`);
    readable.push({ name: "both", types: event.types });
  }

  scratch(name: string, events: readonly Known[], readable: Known[], lines: string[]): void {
    const { make } = this;
    const types = make.chance(0.7)
      ? [...make.pick(readable.filter((each) => each.types.length > 1)).types]
      : make.columnTypes();
    const keyLength = make.chance(0.07) ? make.keyLength(types) : 0;
    lines.push(`scratch ${name}(${columns(types, keyLength)});`, make.rule(name, types, "<=", readable, { keyLength }));
    if (make.chance(0.25)) lines.push(make.rule(name, types, "<=", readable, { keyLength }));
    const next = readable.filter((each) => each.types[0] === types[1] && each.types[1] === types[1]);
    if (make.chance(0.15) && types.length === 2 && types[0] === types[1] && next.length > 0 && keyLength === 0) {
      const { name: step, types: of } = make.pick(next);
      lines.push(`${name}(a, c) <= ${name}(a, b), ${step}(b, c${of.length > 2 ? ", _" : ""});`);
    }
    if (make.chance(0.1))
      lines.push(make.finish(name, types, "<+", make.body(readable, make.pick(events)), { plain: true }));
    readable.push({ name, types }, { name, types });
  }

  /** Requests with their replies. */
  client(place: Place, readable: readonly Known[], lines: string[]): void {
    const { make } = this;
    const of = make.pick(
      readable
        .filter((each) => each.types.length === 2 && each.types[0] === "int" && each.types[1] === "int")
        .concat([{ name: "", types: [] }]),
    );
    const many = make.chance(0.4);
    const unique = make.chance(0.5);
    const keyed = unique && make.chance(0.7);
    const answer = of.name === "" || make.chance(0.4) ? "" : `, ${of.name}(x, w)`;
    const kept = make.chance(0.4);
    lines.push("channel req(x: int, y: int, who: addr);");
    if (kept) lines.push("table reqs(x: int, y: int, who: addr);", "reqs(x, y, a) <= req(x, y, a);");
    lines.push(`Q.rep@a(y, ${answer === "" ? "x" : "w"}) <~ ${kept ? "reqs" : "req"}(x, y, a)${answer};`);
    const { head, extra } = this.send(place, "req");
    const self = make.chance(0.85);
    this.clients.push(
      `role Q ${many ? "x2" : ""} {`,
      `input ask(x: int ${unique ? "->" : ","} y: int)${unique ? " unique" : ""};`,
      "channel rep(x: int, y: int);",
      `table pend(x: int ${keyed ? "->" : ","} y: int);`,
    );
    this.clients.push(
      "pend(x, y) <= ask(x, y);",
      `${head}(y, x, ${self ? "self" : "b"}) <~ ask(x, y)${self ? "" : ", Q.nodes(b)"}${extra};`,
      "output res(x: int, y: int, w: int);",
      `res(x, y, w) <= rep(x, w), pend(x, y);`,
      "}",
    );
    this.inputs.push({
      at: "Q",
      nodes: many ? 2 : 1,
      name: "ask",
      types: ["int", "int"],
      seal: null,
      single: false,
      unique: unique ? 1 : 0,
    });
  }

  output(name: string, place: Place, readable: readonly Known[], lines: string[]): void {
    const { make } = this;
    const level = make.pick(["", "", "", "agreed", "eventual", "any"]);
    const first = make.pick(readable.filter(({ types }) => types.length > 1));
    if (make.chance(0.3)) {
      const names = first.types.map((_, i) => columnNames[i]).join(", ");
      lines.push(`output ${name}(${columns(first.types)}) ${level};`, `${name}(${names}) <= ${first.name}(${names});`);
      return;
    }
    const types: Type[] = make.columnTypes();
    if (make.chance(0.06)) types.push("addr");
    const keyLength = make.chance(0.08) ? make.keyLength(types) : 0;
    const named = types
      .map(
        (type, i) =>
          `${["x", "y", "z", "w"][i]}: ${type}${i === types.length - 1 ? "" : i + 1 === keyLength ? " -> " : ", "}`,
      )
      .join("");
    const known = make.chance(0.1)
      ? [...readable, { name: `${place.name}.nodes`, types: ["addr" as const] }]
      : readable;
    lines.push(`output ${name}(${named}) ${level};`, make.rule(name, types, "<=", known, { keyLength }));
  }

  sink(place: Place, got: readonly Declared[]): string[] {
    const { make } = this;
    const lines = [...this.channelLines, ...this.sinkLattices];
    this.channelLines = [];
    const readable: Known[] = [...got];
    for (const [n, { name, types }] of got.entries()) {
      const names = types.map((_, i) => columnNames[i]).join(", ");
      const keyLength = make.chance(0.15) ? make.keyLength(types) : 0;
      lines.push(`table td${n}(${columns(types, keyLength)});`, `td${n}(${names}) <= ${name}(${names});`);
      readable.push({ name: `td${n}`, types }, { name: `td${n}`, types });
    }
    for (let n = 8; n <= 8 + make.random.below(2); n++) this.output(`o${n}`, place, readable, lines);
    return lines;
  }
}

/** `imports`: the same program with imported aggregates for built-in ones. */
export function generate(seed: number, imports = false): Generated {
  const generator = new Generator(seed, imports);
  const { make } = generator;
  const main = generator.place("R", ["one", "replicated", "replicated", "replicated", "partitioned", "plain"]);
  const hop = make.chance(0.35) ? generator.place("M", ["one", "replicated", "partitioned", "plain"]) : null;
  const sink = make.chance(0.45) ? generator.place("S", ["one", "replicated", "partitioned"]) : null;
  const hosts = generator.hosts(hop ?? main, 2 + make.random.below(2), hop ? "m" : "c");
  const middle = hop && generator.hop(hosts.channels, main);
  const { lines, sent } = generator.main(main, middle?.channels ?? hosts.channels, sink);
  const end = sink && generator.sink(sink, sent);
  const text = [
    ...(imports ? declarations.trimEnd().split("\n") : []),
    "role H x2 {",
    ...hosts.lines,
    ...generator.hostLines,
    "}",
    ...(hop ? [`role M ${hop.header} {`, ...middle!.lines, "}"] : []),
    `role R ${main.header} {`,
    ...lines,
    "}",
    ...(sink ? [`role S ${sink.header} {`, ...end!, "}"] : []),
    ...generator.clients,
    "",
  ].join("\n");
  const strategy = make.chance(0.05) ? "order" : make.chance(0.05) ? "seal" : "auto";
  const generated = {
    text,
    given: giveInputs(generator.inputs, make),
    inputs: generator.inputs,
    interleave: generator.interleave,
    permute: generator.permute,
    forms: generator.forms,
    counts: generator.counts,
  };
  return withWords({ ...generated, text: withFunctions(text), strategy }, new Maker(new Random(seed + 0xe90c)));
}

/** The functions that it calls, imported. */
function withFunctions(text: string): string {
  return [...ofForms]
    .flatMap(([name, declaration]) => (text.includes(name) ? [declaration] : []))
    .concat(text)
    .join("\n");
}

/** Further words, drawn by themselves, so that the rest of a program is the same with them and without: mechanisms by force or by hand, deadlines, `strict`. */
function withWords(generated: Generated, make: Maker): Generated {
  const { strategy } = generated;
  const forced = make.chance(0.07) ? "barrier" : strategy;
  const asking =
    forced === strategy && make.chance(0.2)
      ? {
          rule: make.random.below(12),
          how: make.pick([
            "barrier",
            "barrier",
            "order",
            "order by",
            "seal by",
            'none, "it may differ"',
            'weaker, "it may be lost"',
          ]),
        }
      : undefined;
  let { text } = generated;
  if (make.chance(0.06))
    text = text.replace(/\bsealed( by \([^)]*\))?( single)?( within)?/g, (found) =>
      !found.endsWith("within") && make.chance(0.7) ? `${found} within 1s` : found,
    );
  if (make.chance(0.1))
    text = text.replace(
      /^(output \w+\(.*\)) *(\w*);/gm,
      (_, head: string, level: string) => `${head} ${level || "deterministic"}${make.chance(0.5) ? " strict" : ""};`,
    );
  return { ...generated, text, strategy: forced, ...(asking && { asking }) };
}
