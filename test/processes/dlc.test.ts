import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildInto } from "../../src/cli/build.ts";
import { explainCommand } from "../../src/cli/explain.ts";
import type { Io } from "../../src/cli/io.ts";
import type { Strategy } from "../../src/compiler/plan.ts";
import { fileOf, launcherScript, scratch, start } from "./programs.ts";
import type { Ran } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const io: Io = {
  out: () => {},
  err: () => {},
  cwd: root,
  env: {},
  colour: false,
  errColour: false,
  terminal: false,
  input: async () => "",
  onInterrupt: () => {},
  width: Infinity,
};

/** Folder of the built program; `source` is a fixture's path or a program's text. */
async function built(name: string, source: string, strategy?: Strategy): Promise<string> {
  const folder = join(scratch, name);
  if (existsSync(folder)) return folder;
  mkdirSync(folder);
  const path = source.endsWith(".dlc") ? source : fileOf(`${name}.dlc`, source);
  expect(await buildInto(path, folder, { strategy }, io)).not.toBeNull();
  return folder;
}

async function run(folder: string, options: object, input = ""): Promise<Ran> {
  return start([await launcherScript(), folder, JSON.stringify({ quiet: true, ...options })], input).done;
}

/** Contents of an output at each instance: the facts delivered, as a set, in order. */
function contents(ran: Ran, collection: string): readonly string[] {
  const byNode = new Map<number, Set<string>>();
  for (const { node, row, ...rest } of ran.rows) {
    if (rest.collection !== collection) continue;
    if (!byNode.has(node)) byNode.set(node, new Set());
    byNode.get(node)!.add(JSON.stringify(row));
  }
  return [...byNode].sort(([a], [b]) => a - b).map(([node, rows]) => `${node}: ${[...rows].sort().join(" ")}`);
}

const campaigns = `
  role AdServer x3 {
    input click(campaign: string, id: string) sealed by (campaign) single;
    Report.click(c, i) <~ click(c, i);
  }
  role Report replicated x2 {
    channel click(campaign: string, id: string);
    table clicks(campaign: string, id: string);
    output total(campaign: string, n: int);
    clicks(c, i) <= click(c, i);
    total(c, count()) <= clicks(c, _);
  }
`;

test("killing one producer before it seals holds back its own partitions only, and the run says whose seal is awaited", async () => {
  const folder = await built("campaigns", campaigns);
  const file = (server: number): string => {
    const lines = ["x", "y"].flatMap((letter) => [
      ...Array.from({ length: 300 }, (_, i) => JSON.stringify({ campaign: `${letter}${server}`, id: `i${i}` })),
      JSON.stringify({ seal: { campaign: `${letter}${server}` } }),
    ]);
    return fileOf(`server${server}.ndjson`, lines.join("\n"));
  };
  const input = [0, 1, 2].map((server) => `AdServer[${server}].click=${file(server)}`);
  const whole = await run(folder, { input });
  expect(whole.code).toBe(0);
  const all = ["x0", "x1", "x2", "y0", "y1", "y2"];
  expect(contents(whole, "total")).toEqual(
    [0, 1].map((node) => `${node}: ${all.map((c) => `{"campaign":"${c}","n":300}`).join(" ")}`),
  );

  const ran = await run(folder, { input, kill: ["AdServer#1@450"] });
  expect(ran.code).toBe(1);
  const others = all.filter((campaign) => campaign !== "y1");
  expect(contents(ran, "total")).toEqual(
    [0, 1].map((node) => `${node}: ${others.map((c) => `{"campaign":"${c}","n":300}`).join(" ")}`),
  );
  expect(ran.stderr).toContain("AdServer#1 died (signal SIGKILL)");
  expect(ran.stderr).toMatch(
    /Report is waiting for the seal of click\(campaign\) from AdServer#1: 1 partition \("y1"\), 300 rows held back/,
  );
});

test("what comes in one epoch of a barrier meets in one step at every replica, and a run makes no more epochs than fit into it", async () => {
  const folder = await built(
    "matches",
    `
    role Trader x2 { input bid(id: int); input ask(id: int); Market.bid(i) <~ bid(i); Market.ask(i) <~ ask(i); }
    role Market replicated x3 {
      channel bid(id: int);
      channel ask(id: int);
      output match(bid: int, ask: int) agreed;
      match(b, a) <= bid(b), ask(a);
    }`,
    "barrier",
  );
  const ids = (name: string): string =>
    fileOf(`${name}.ndjson`, Array.from({ length: 40 }, (_, id) => JSON.stringify({ id })).join("\n"));
  const input = ["bid", "ask"].map((name) => `Trader[*].${name}=${ids(name)}`);
  for (const [epoch, delay] of [
    ["300ms", "0ms..20ms"],
    ["2ms", "0ms..20ms"],
    [undefined, undefined],
  ] as const) {
    const ran = await run(folder, { input, delay, epoch, seed: 7, json: true });
    expect(ran.code).toBe(0);
    const [first, ...others] = contents(ran, "match").map((each) => each.slice(1));
    expect(first.length).toBeGreaterThan(100);
    expect(others).toEqual([first, first]);
    const { elapsedMs, nodes } = JSON.parse(/^\{.*\}$/m.exec(ran.stderr)![0]) as {
      elapsedMs: number;
      nodes: { name: string; steps: number }[];
    };
    const epochs = nodes.find(({ name }) => name === "log")!.steps;
    expect(epochs).toBeGreaterThan(0);
    expect(epochs).toBeLessThanOrEqual(1 + elapsedMs / (epoch === undefined ? 100 : Number.parseInt(epoch, 10)));
  }
  expect((await run(folder, { input, epoch: "0ms" })).stderr).toContain(
    "--epoch must be a time from 1ms to 3600s, as 20ms or 2s; found 0ms",
  );
  expect((await run(await built("campaigns", campaigns), { epoch: "20ms" })).stderr).toContain(
    "--epoch 20ms: no log of the program is cut into epochs",
  );
});

test("words are counted the same by every run, and as one loop counts them", async () => {
  const folder = await built("words", "fixtures/word-count/sealed.dlc");
  const text = Array.from({ length: 400 }, (_, line) => ({
    batch: line % 7,
    line,
    text: `the ${line % 9} and the ${line % 4} go`,
  }));
  const expected = new Map<string, number>();
  for (const { batch, text: words } of text) {
    for (const word of words.split(" ")) {
      if (/^[a-z]/.test(word)) expected.set(`${batch} ${word}`, (expected.get(`${batch} ${word}`) ?? 0) + 1);
    }
  }
  const path = fileOf("lines.ndjson", text.map((row) => JSON.stringify(row) + "\n").join(""));
  for (const delay of [undefined, "0ms..40ms"]) {
    const ran = await run(folder, { input: [`Source[*].line=${path}`], delay, seed: 4 });
    expect(ran.code).toBe(0);
    const found = new Map(ran.rows.map(({ row }) => [`${row["batch"]} ${row["word"]}`, row["n"]]));
    const words = new Map([...found].filter(([key]) => /[a-z]/.test(key)));
    expect([...words].sort()).toEqual([...expected].sort());
  }
});

test("timers, deferred facts and addresses work across processes, and the run ends by itself", async () => {
  const folder = await built(
    "pulse",
    `
    role Probe x2 {
      timer beat every 30ms;
      table left(n: int);
      left(n) <= init(n);
      scratch init(n: int);
      init(3);
      left(n - 1) <+ left(n), beat(), n > 0;
      left(n) <- left(n), beat(), n > 0;
      Station.pulse(self, n) <~ left(n), beat();
    }
    role Station {
      channel pulse(from: addr, n: int);
      table seen(from: addr, n: int);
      output heard(from: addr, n: int) any;
      seen(a, n) <= pulse(a, n);
      heard(a, n) <= seen(a, n);
    }
  `,
    "none",
  );
  const ran = await run(folder, {});
  expect(ran.code).toBe(0);
  const rows = [0, 1].flatMap((node) => [0, 1, 2, 3].map((n) => `{"from":"Probe#${node}","n":${n}}`));
  expect(contents(ran, "heard")).toEqual([`0: ${rows.join(" ")}`]);
});

test("a function that throws is told with its arguments, and nothing else is lost", async () => {
  const source = `
    function risky(n: int): int from "./risky.ts";
    role A { input n(n: int); output m(n: int, m: int); m(n, x) <= n(n), x = risky(n); }
  `;
  writeFileSync(
    join(scratch, "risky.ts"),
    'export function risky(n: number): number { if (n === 2) throw new Error("two"); return n * 2; }\n',
  );
  const folder = await built("risky", source);
  const ran = await run(folder, {}, [1, 2, 3].map((n) => `{"role":"A","collection":"n","row":{"n":${n}}}`).join("\n"));
  expect(contents(ran, "m")).toEqual([`0: {"n":1,"m":2} {"n":3,"m":6}`]);
  expect(ran.stderr).toMatch(/^A#0: DLC9\d\d: .*risky\(2\).*two/m);
});

test("reliable delivery brings everything over a network that loses half, and the run ends when the last receipt has come", async () => {
  const folder = await built("delivery", "fixtures/bloom/delivery.dlc");
  const sends = Array.from({ length: 8 }, (_, id) =>
    JSON.stringify({ role: "Sender", collection: "send", row: { id, text: `text ${id}` } }),
  );
  for (const seed of [1, 2]) {
    const ran = await run(folder, { loss: "50%", seed }, sends.join("\n"));
    expect(ran.code).toBe(0);
    expect(contents(ran, "delivered")).toEqual([
      `0: ${sends
        .map((line) => JSON.stringify(JSON.parse(line).row))
        .sort()
        .join(" ")}`,
    ]);
    const waiting = new Set<number>();
    for (const { collection, row, retract } of ran.rows) {
      if (collection !== "waiting") continue;
      if (retract) waiting.delete(row["id"] as number);
      else waiting.add(row["id"] as number);
    }
    expect(waiting).toEqual(new Set());
  }
});

test("roles of imported files and inputs of copies are fed and scaled by names with dots", async () => {
  fileOf(
    "shelf.dlc",
    `module Intake<T> {
      input put(key: string, value: T);
      out got(key: string, value: T);
      got(k, v) <= put(k, v);
    }
    role Shelf partitioned by (key) {
      channel keep(key: string, value: int);
      use Intake<int> as extra;
      output kept(key: string, value: int);
      kept(k, v) <= keep(k, v);
      kept(k, v) <= extra.got(k, v);
    }`,
  );
  const folder = await built(
    "dotted",
    `import "./shelf.dlc" as lib;
    use lib.Intake<int> as in2 in Front;
    role Front { lib.Shelf.keep(k, v) <~ in2.got(k, v); }`,
  );
  const rows = (...texts: string[]): string => texts.map((text) => `{"key":"${text}","value":1}`).join("\n");
  const input = [
    `Front.in2.put=${fileOf("front.ndjson", rows("a", "b"))}`,
    `lib.Shelf[1].extra.put=${fileOf("extra.ndjson", rows("c"))}`,
  ];
  const ran = await run(
    folder,
    { input, scale: ["lib.Shelf=3"], stdin: true },
    '{"role":"lib.Shelf","node":2,"collection":"extra.put","row":{"key":"d","value":1}}\n',
  );
  expect([ran.code, ran.stderr]).toEqual([0, ""]);
  expect(ran.rows.map(({ role, row }) => `${role} ${row["key"]}`).sort()).toEqual(
    ["a", "b", "c", "d"].map((key) => `lib.Shelf ${key}`),
  );
  expect(ran.rows.find(({ row }) => row["key"] === "c")).toMatchObject({ node: 1 });
  expect(ran.rows.find(({ row }) => row["key"] === "d")).toMatchObject({ node: 2 });
  const bad = await run(folder, { input: ["lib.Shelf.extra.pu=x"] });
  expect(bad.stderr).toContain("lib.Shelf has no input extra.pu (it has: extra.put)");
});

test("letters of the standard library arrive and are signed for over a network that loses half", async () => {
  const folder = await built("letters", "fixtures/library/delivery.dlc");
  const letters = Array.from({ length: 8 }, (_, i) => ({ to: "Post#0", id: `${i}`, text: `text ${i}` }));
  const input = letters.map((row) => JSON.stringify({ role: "Writer", collection: "letter", row })).join("\n");
  const ran = await run(folder, { loss: "50%", seed: 3, scale: ["Writer=1", "Post=1"] }, input);
  expect(ran.code).toBe(0);
  expect(contents(ran, "letter")).toEqual([
    `0: ${letters.map(({ id, text }) => JSON.stringify({ from: "Writer#0", id, text })).join(" ")}`,
  ]);
  expect(contents(ran, "signed")).toEqual([`0: ${letters.map(({ to, id }) => JSON.stringify({ to, id })).join(" ")}`]);
});

test("a run tells how much came where, and that is a profile by which plans are chosen", async () => {
  const path = join(root, "fixtures/plans/shop.dlc");
  const folder = await built("profiled", path);
  const profile = join(scratch, "profile.json");
  const sale = (node: number, day: string, receipt: number): string =>
    JSON.stringify({ role: "Till", node, collection: "sale", row: { day, item: "tea", receipt } });
  const lines = [
    sale(0, "mo", 1),
    sale(1, "mo", 2),
    sale(1, "tu", 3),
    sale(2, "tu", 4),
    JSON.stringify({ role: "Office", collection: "price", row: { item: "tea", cents: 3 } }),
  ];
  const ran = await run(folder, { profile }, `${lines.join("\n")}\n`);
  expect(ran.code).toBe(0);
  const { seconds, collections } = JSON.parse(readFileSync(profile, "utf8"));
  expect(
    collections.map(({ role, collection, instances, facts }: any) => `${role}.${collection} ${facts} at ${instances}`),
  ).toEqual(["Till.sale 4 at 4", "Office.price 1 at 2", "Shop.sale 12 at 3", "Shop.price 3 at 3"]);
  const [tills] = collections;
  // Its rates are rounded.
  expect(tills.perSecond * seconds).toBeCloseTo(1, 1);
  expect(tills.partitionsPerSecond * seconds).toBeCloseTo(2, 1);
  const shown: string[] = [];
  expect(await explainCommand(path, undefined, { profile }, { ...io, out: (text) => shown.push(text) })).toBe(0);
  expect(shown.join("").replaceAll(/\s+/g, " ")).toContain("by the rates measured in a run");
});

test("a run is drawn as a space-time diagram, and written as a trace that viewers open", async () => {
  const folder = await built("traced", join(root, "fixtures/ad-network/poor.dlc"));
  const event = (role: string, node: number, collection: string, row: object): string =>
    JSON.stringify({ role, node, collection, row });
  const lines = [
    event("AdServer", 0, "click", { id: "<a>", user: "u1" }),
    event("AdServer", 1, "click", { id: "<a>", user: "u2" }),
    event("Analyst", 0, "ask", { id: "<a>" }),
  ];
  const trace = join(scratch, "run.json");
  expect((await run(folder, { trace }, `${lines.join("\n")}\n`)).code).toBe(0);
  const { traceEvents } = JSON.parse(readFileSync(trace, "utf8")) as { traceEvents: readonly Traced[] };
  const nameOf = new Map(
    traceEvents.flatMap(({ ph, pid, args }) => (ph === "M" && args?.name !== undefined ? [[pid, args.name]] : [])),
  );
  const steps = traceEvents.filter(({ ph }) => ph === "X");
  expect(new Set(steps.map(({ pid }) => nameOf.get(pid)))).toEqual(
    new Set(["AdServer#0", "AdServer#1", "Analyst#0", "Report#0", "Report#1", "Report#2", "log"]),
  );
  expect(steps.some(({ args }) => args?.takes?.includes('click("<a>", "u1")'))).toBe(true);
  // Every message that is taken has left before, at another instance; both ends lie in a step.
  const ends = (ph: string): ReadonlyMap<number, Traced> =>
    new Map(traceEvents.flatMap((one) => (one.ph === ph ? [[one.id!, one]] : [])));
  const [left, came] = [ends("s"), ends("f")];
  expect(left.size).toBeGreaterThanOrEqual(8);
  expect([...left.keys()]).toEqual([...came.keys()]);
  for (const [id, { ts, pid }] of left) {
    expect(ts).toBeLessThanOrEqual(came.get(id)!.ts);
    expect(pid).not.toBe(came.get(id)!.pid);
    for (const end of [left.get(id)!, came.get(id)!])
      expect(steps.some((step) => step.pid === end.pid && step.ts <= end.ts && end.ts <= step.ts + step.dur!)).toBe(
        true,
      );
  }
  const picture = join(scratch, "run.svg");
  await run(folder, { trace: picture }, `${lines.join("\n")}\n`);
  const svg = readFileSync(picture, "utf8");
  expect(svg).toContain("click(&quot;&lt;a&gt;&quot;, &quot;u1&quot;)");
  expect(svg.match(/marker-end/g)!.length).toBeGreaterThanOrEqual(8);
  const sealed = await built("traced-sealed", join(root, "fixtures/ad-network/campaign.dlc"));
  const clicks = [
    event("AdServer", 0, "click", { campaign: "hats", id: "h", user: "u" }),
    event("Analyst", 0, "ask", { campaign: "hats" }),
  ];
  await run(sealed, { trace: picture }, `${clicks.join("\n")}\n`);
  for (const text of ["□ seals Report.click(*)", "■ click(*) sealed by "])
    expect(readFileSync(picture, "utf8")).toContain(text);
  const refused = await run(folder, { trace: join(scratch, "run.png") }, "");
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining("the ending says the form, .svg (a space-time diagram) or .json"),
  ]);
});

interface Traced {
  readonly ph: string;
  readonly pid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: number;
  readonly args?: { readonly name?: string; readonly takes?: readonly string[] };
}
