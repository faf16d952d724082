/** Trace ids from inputs to outputs, and the spans that those get who collect them. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { defaultDeployment, needsOf, parseDeployment } from "../src/runtime/deployment.ts";
import type { DeployFile } from "../src/runtime/deployment.ts";
import { eventOf, lineWriter } from "../src/runtime/lines.ts";
import { LogNode } from "../src/runtime/log-node.ts";
import type { Envelope, Part } from "../src/runtime/messages.ts";
import { DlcNode, startNode } from "../src/runtime/node.ts";
import { OtlpExporter } from "../src/runtime/otlp.ts";
import type { StepEffects } from "../src/runtime/instance.ts";
import { contextIn, isSampled, Spans, traceparentOf } from "../src/runtime/spans.ts";
import type { Span, SpanContext } from "../src/runtime/spans.ts";
import { WireFormat } from "../src/runtime/transports/wire.ts";
import { emit } from "../src/compiler/5-emit/emit.ts";
import { loadRole } from "../src/verify/load.ts";
import { check } from "./support/check.ts";
import { spansIn } from "./support/otlp.ts";
import type { SentSpan } from "./support/otlp.ts";
import { programsOf } from "./support/runs.ts";

let folder: string;
const servers: Server[] = [];
const running: (DlcNode | LogNode)[] = [];
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "dlc-spans-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop(0)));
  for (const server of servers.splice(0)) server.close();
});

const traceId = "0af7651916cd43dd8448eb211c80319c";
const given = (span: string, flags = "01"): string => `00-${traceId}-${span.repeat(16)}-${flags}`;

/** All instances of a program in this process, connected over TCP; their spans when they have ended. */
async function network(
  text: string,
  sample?: number,
): Promise<{ node: (address: string) => DlcNode; ended: () => Promise<readonly SentSpan[]> }> {
  const programs = programsOf(check(text).plan);
  const metas = programs.map(({ meta }) => meta);
  const to = join(folder, `${Math.random()}.jsonl`);
  let deploy: DeployFile = {
    ...defaultDeployment(needsOf(metas), "127.0.0.1", 0),
    otlp: { to, ...(sample !== undefined && { sample }) },
  };
  const nodes = programs.flatMap((program) =>
    deploy.roles[program.meta.role].instances.map((_, index) => new DlcNode(program, { deploy, index, log: () => {} })),
  );
  const log = deploy.log === undefined ? null : new LogNode(metas, { deploy, log: () => {} });
  for (const each of nodes) {
    const port = await each.listen();
    const instances = deploy.roles[each.role].instances.map((place, i) =>
      i === each.index ? { ...place, port } : place,
    );
    deploy = { ...deploy, roles: { ...deploy.roles, [each.role]: { instances } } };
  }
  if (log !== null) deploy = { ...deploy, log: { host: "127.0.0.1", port: await log.listen() } };
  const all = [...nodes, ...(log === null ? [] : [log])];
  running.push(...all);
  for (const each of all) each.start(deploy);
  return {
    node: (address) => nodes.find((each) => each.address === address)!,
    ended: async () => {
      await Promise.all(running.splice(0).map((each) => each.stop(500)));
      return existsSync(to) ? readFileSync(to, "utf8").trim().split("\n").flatMap(spansIn) : [];
    },
  };
}

const relay = (channel = ""): string => `role H { input i(x: int); R.c(x) <~ i(x); }
role R { channel c(x: int)${channel}; table t(x: int); t(x) <= c(x); D.d(x) <~ c(x); }
role D { channel d(x: int); output o(x: int); o(x) <= d(x); }`;

const put = (node: DlcNode, output: string, count = 1): Promise<readonly (string | undefined)[]> =>
  new Promise((resolve) => {
    const heard: (string | undefined)[] = [];
    node.on(output, (_, traceparent) => void (heard.push(traceparent) === count && resolve(heard)));
  });

test("a row's trace is that of every step it leads to, each the child of the one that sent to it, and of the output", async () => {
  const { node, ended } = await network(relay());
  const out = put(node("D#0"), "o");
  node("H#0").input("i", { x: 1 }, given("a"));
  const [traceparent] = await out;
  const spans = await ended();
  expect(spans.map(({ at, name, kind, counts }) => [at, name, kind, counts])).toEqual(
    expect.arrayContaining([
      ["H#0", "step", 1, ["taken.i 1", "sent.R.c 1"]],
      ["R#0", "step", 5, ["taken.c 1", "sent.D.d 1"]],
      ["D#0", "step", 5, ["taken.d 1", "put_out.o 1"]],
    ]),
  );
  expect(spans).toHaveLength(3);
  const [h, r, d] = ["H#0", "R#0", "D#0"].map((address) => spans.find(({ at }) => at === address)!);
  expect([h.parentSpanId, r.parentSpanId, d.parentSpanId]).toEqual(["a".repeat(16), h.spanId, r.spanId]);
  for (const span of spans) expect([span.traceId, span.links]).toEqual([traceId, []]);
  expect(traceparent).toBe(traceparentOf(d));
});

test("a step that takes several has a parent and links to the others", async () => {
  const { node, ended } = await network(relay());
  const out = put(node("D#0"), "o", 3);
  node("H#0").input.i({ x: 1 }, given("a"));
  node("H#0").input.i({ x: 2 }, given("b"));
  node("H#0").input.i({ x: 3 });
  await out;
  const h = (await ended()).find(({ at }) => at === "H#0")!;
  expect([h.parentSpanId, h.links.map(({ spanId }) => spanId), h.counts[0]]).toEqual([
    "a".repeat(16),
    ["b".repeat(16)],
    "taken.i 3",
  ]);
});

test("rows without a trace begin one, as does what is no traceparent; one that is not recorded leaves nothing", async () => {
  for (const [traceparent, isRecorded] of [
    [undefined, true],
    ["nonsense", true],
    [given("a", "00"), false],
  ] as const) {
    const { node, ended } = await network(relay());
    const out = put(node("D#0"), "o");
    node("H#0").input("i", { x: 1 }, traceparent);
    const [told] = await out;
    const spans = await ended();
    expect(spans.length, String(traceparent)).toBe(isRecorded ? 3 : 0);
    expect(told === undefined).toBe(!isRecorded);
    if (!isRecorded) continue;
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(1);
    expect(spans[0].traceId).not.toBe(traceId);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ at }) => at)).toEqual(["H#0"]);
  }
});

test("of a share of none only what a host has begun is recorded", async () => {
  const { node, ended } = await network(relay(), 0);
  const out = put(node("D#0"), "o", 2);
  node("H#0").input("i", { x: 1 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  node("H#0").input("i", { x: 2 }, given("c"));
  expect(await out).toEqual([undefined, expect.stringContaining(traceId)]);
  expect(await ended()).toHaveLength(3);
});

test("it goes through a log: the sequencer's batch is a span between", async () => {
  const ordered = `role H x2 { input i(x: int); R.c(x) <~ i(x); }
role R replicated x2 { channel c(x: int); table seen(x: int); output first(x: int) agreed; seen(x) <= c(x); scratch any(n: int); any(count()) <= seen(_); first(x) <= c(x), any(n), n == 1; }`;
  expect(check(ordered).inserted.join()).toContain("order");
  const { node, ended } = await network(ordered);
  const out = Promise.all([put(node("R#0"), "first"), put(node("R#1"), "first")]);
  node("H#1").input("i", { x: 1 }, given("d"));
  expect((await out).flat()).toEqual([expect.stringContaining(traceId), expect.stringContaining(traceId)]);
  const spans = await ended();
  const h = spans.find(({ at }) => at === "H#1")!;
  const batch = spans.find(({ at }) => at === "log")!;
  const steps = spans.filter(({ at }) => at.startsWith("R#"));
  expect([h.parentSpanId, batch.parentSpanId, batch.name, batch.counts]).toEqual([
    "d".repeat(16),
    h.spanId,
    "batch",
    ["sent.R.c 2"],
  ]);
  expect(steps.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
    ["step R.log", batch.spanId],
    ["step R.log", batch.spanId],
  ]);
});

test("what goes wrong in a step is said with it", async () => {
  const { node, ended } = await network(
    "role R { input i(x: int); output o(x: int); o(x / (x - x)) <= i(x); output all(x: int); all(x) <= i(x); }",
  );
  const out = put(node("R#0"), "all");
  node("R#0").input("i", { x: 1 });
  await out;
  const [span] = await ended();
  expect(span.status).toEqual({ code: 2, message: expect.stringMatching(/^DLC922: /) });
});

const effects = (to: string | null = null): StepEffects => ({
  envelopes:
    to === null ? [] : [{ from: "R#0", to, epoch: 1, seq: 1, parts: [{ kind: "rows", target: "D.d", rows: [[1]] }] }],
  outputs: [],
  faults: [],
});
const context = (span: string): SpanContext => ({ traceId, spanId: span.repeat(16) });
const envelope = (parts: readonly Part[], ...from: readonly string[]): Envelope => ({
  from: "log",
  to: "R#0",
  epoch: 1,
  seq: 1,
  parts: [...parts, ...from.map((span): Part => ({ kind: "trace", parent: traceparentOf(context(span)) }))],
});
const batch = (index: number): Part => ({ kind: "batch", log: "R.log", value: [], index, runs: [] });

test("each batch of a log is the step of what it came from, in whatever order batches arrive", () => {
  const spans: Span[] = [];
  const traced = new Spans(1, (span) => spans.push(span));
  traced.received(envelope([batch(3)], "c"));
  traced.received(envelope([batch(1)], "a"));
  traced.received(envelope([batch(2)]));
  for (const index of [1, 2, 3]) {
    traced.takes({ clock: "R.log", events: [{ collection: "c", rows: [[1]] }], closed: [] });
    traced.step(1, effects(), () => index);
  }
  expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual(["a".repeat(16), "c".repeat(16)]);
});

test("a step without events goes on with what the one before it deferred, and takes nothing that waits", () => {
  const spans: Span[] = [];
  const traced = new Spans(1, (span) => spans.push(span));
  traced.given(given("a"));
  traced.takes({ clock: null, events: [{ collection: "i", rows: [[1]] }], closed: [] });
  traced.step(1, effects(), () => 0);
  traced.given(given("b"));
  traced.takes({ clock: null, events: [], closed: [] });
  traced.step(1, effects("D#0"), () => 0);
  traced.takes({ clock: null, events: [{ collection: "i", rows: [[2]] }], closed: [] });
  traced.step(1, effects(), () => 0);
  expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual(["a".repeat(16), spans[0].spanId, "b".repeat(16)]);
});

test("what is not recorded stays as it is; what is says so to its receivers, and only they are told", () => {
  const traced = new Spans(0, () => {});
  traced.given();
  traced.takes({ clock: null, events: [{ collection: "i", rows: [[1]] }], closed: [] });
  const unrecorded = effects("D#0");
  expect(traced.step(1, unrecorded, () => 0)).toBe(unrecorded);
  traced.given(given("a"));
  traced.takes({ clock: null, events: [{ collection: "i", rows: [[1]] }], closed: [] });
  const { envelopes, traceparent } = traced.step(1, unrecorded, () => 0);
  expect(envelopes[0].parts.slice(1)).toEqual([{ kind: "trace", parent: traceparent }]);
  const wire = new WireFormat([]);
  expect(
    wire.decodeParts(
      wire.encode(envelopes[0]).flatMap((frame) => (JSON.parse(frame.subarray(4).toString()) as unknown[]).slice(2)),
    ),
  ).toEqual(envelopes[0].parts);
});

test("of very many causes some are linked, and the others counted", () => {
  const spans: Span[] = [];
  const traced = new Spans(1, (span) => spans.push(span));
  for (let i = 0; i < 100; i++) traced.given(`00-${traceId}-a${i.toString(16).padStart(15, "0")}-01`);
  traced.takes({ clock: null, events: [{ collection: "i", rows: [[1]] }], closed: [] });
  traced.step(1, effects(), () => 0);
  expect([spans[0].links.length, spans[0].droppedLinks]).toEqual([64, 35]);
});

test("a traceparent has one form", () => {
  expect(contextIn(given("a"))).toEqual(context("a"));
  expect(contextIn(given("a", "03"))).toEqual(context("a"));
  expect(contextIn(given("a", "00"))).toBe("unrecorded");
  // A later version may have more behind it.
  expect(contextIn(`cc${given("a").slice(2)}-more`)).toEqual(context("a"));
  for (const wrong of [
    "",
    "x",
    `${given("a")}-more`,
    `ff${given("a").slice(2)}`,
    given("a").toUpperCase(),
    given("0"),
    `00-${"0".repeat(32)}-${"a".repeat(16)}-01`,
    given("a").slice(0, -1),
    ` ${given("a")}`,
  ])
    expect(contextIn(wrong), wrong).toBe(null);
});

test("a share of all traces is recorded, by id: who is in a small share is in a greater one", () => {
  let seed = 1;
  const digit = (): string => ((seed = (seed * 48271) % 2147483647) & 15).toString(16);
  const ids = Array.from({ length: 20_000 }, () => Array.from({ length: 32 }, digit).join(""));
  const within = (share: number): Set<string> => new Set(ids.filter((id) => isSampled(id, share)));
  expect([within(0).size, within(1).size]).toEqual([0, ids.length]);
  for (const share of [0.01, 0.1, 0.5]) expect(Math.abs(within(share).size / ids.length - share)).toBeLessThan(0.02);
  expect([...within(0.01)].every((id) => isSampled(id, 0.1))).toBe(true);
});

test("events have a traceparent beside their row, and outputs where they are recorded", () => {
  const inputs = [{ name: "i", kind: "input", columns: [{ name: "x", type: "int" }] }] as const;
  expect(eventOf({ collection: "i", row: { x: 1 }, traceparent: given("a") }, inputs, "H")).toEqual({
    ok: true,
    value: { kind: "row", collection: "i", row: [1], traceparent: given("a") },
  });
  expect(eventOf({ collection: "i", row: { x: 1 }, traceparent: 7 }, inputs, "H")).toEqual({
    ok: false,
    problem: '"traceparent" (a string) expected, number 7 found',
  });
  const write = lineWriter("D", 0, { name: "o", kind: "output", columns: [{ name: "x", type: "int" }] }, () => null);
  expect(write([1], false)).toBe('{"role":"D","node":0,"collection":"o","row":{"x":1}}\n');
  expect(JSON.parse(write([1], true, given("a")))).toEqual({
    role: "D",
    node: 0,
    collection: "o",
    retract: true,
    row: { x: 1 },
    traceparent: given("a"),
  });
});

interface Collector {
  readonly url: string;
  readonly requests: {
    readonly path: string;
    readonly headers: NodeJS.Dict<string | string[]>;
    readonly body: string;
  }[];
}

/** Answers with these in turn, then with 200. */
async function collector(...answers: number[]): Promise<Collector> {
  const requests: Collector["requests"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      requests.push({ path: request.url!, headers: request.headers, body });
      response.writeHead(answers.shift() ?? 200, { "content-type": "application/json" }).end("{}");
    });
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const span = (id: number): Span => ({
  ...context("a"),
  spanId: id.toString(16).padStart(16, "0"),
  parentSpanId: null,
  links: [],
  droppedLinks: 0,
  name: "step",
  hasMessages: false,
  startedMs: 1_700_000_000_000.125,
  endedMs: 1_700_000_000_001.5,
  counts: new Map(),
  fault: null,
});
const whose = { address: "R#0", program: "p", version: "1" };

test("a collector gets all in its form, with the headers that it wants", async () => {
  const { url, requests } = await collector();
  process.env["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Basic%20YTpi, x-tenant=ads";
  try {
    const exporter = new OtlpExporter({ to: url }, whose, () => {});
    for (let id = 1; id <= 1200; id++) exporter.add(span(id));
    await exporter.close(2000);
  } finally {
    delete process.env["OTEL_EXPORTER_OTLP_HEADERS"];
  }
  expect(requests.flatMap(({ body }) => spansIn(body).map(({ spanId }) => Number.parseInt(spanId, 16)))).toEqual(
    Array.from({ length: 1200 }, (_, i) => i + 1),
  );
  expect(requests.length).toBe(3);
  const [{ path, headers, body }] = requests;
  expect([path, headers["content-type"], headers["authorization"], headers["x-tenant"]]).toEqual([
    "/v1/traces",
    "application/json",
    "Basic YTpi",
    "ads",
  ]);
  expect(body).toContain('"startTimeUnixNano":"1700000000000125000","endTimeUnixNano":"1700000000001500000"');
});

test("what a collector cannot take now is sent again; what it refuses is dropped, and both are said once", async () => {
  const said: string[] = [];
  const slow = await collector(503);
  const exporter = new OtlpExporter({ to: `${slow.url}/v1/traces` }, whose, (line) => said.push(line));
  exporter.add(span(1));
  await exporter.close(500);
  exporter.add(span(2));
  await exporter.close(2000);
  expect(slow.requests.map(({ body }) => spansIn(body).length)).toEqual([1, 2]);
  expect(said).toEqual([
    `spans cannot be delivered: ${slow.url}/v1/traces answers 503 Service Unavailable; trying again`,
    "1 spans were not delivered",
    "spans are delivered again",
  ]);

  said.length = 0;
  const strict = await collector(400);
  const refused = new OtlpExporter({ to: strict.url }, whose, (line) => said.push(line));
  refused.add(span(1));
  await refused.close(1000);
  expect([strict.requests.length, said]).toEqual([
    1,
    [`spans cannot be delivered: ${strict.url}/v1/traces answers 400 Bad Request`, "1 spans were not delivered"],
  ]);
});

test("where nobody collects, what waits is bounded, and nothing else notices", async () => {
  const said: string[] = [];
  const { url } = await collector();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  const exporter = new OtlpExporter({ to: url }, whose, (line) => said.push(line));
  for (let id = 1; id <= 10_000; id++) exporter.add(span(id));
  await exporter.close(1000);
  expect(said).toEqual(["spans cannot be delivered: ECONNREFUSED; trying again", "10000 spans were not delivered"]);
});

test("a deployment says where spans go, and how many", () => {
  const parse = (otlp: unknown): unknown =>
    parseDeployment(JSON.stringify({ roles: { R: { instances: [{ host: "h", port: 1 }] } }, otlp }), "d.json").otlp;
  expect(parse({ to: "http://c:4318", sample: 0.5 })).toEqual({ to: "http://c:4318", sample: 0.5 });
  expect(() => parse({ to: "c:4318", sample: 2, every: 1 })).toThrow(
    'd.json: otlp.to must be a collector, as http://127.0.0.1:4318, or a file, as traces.jsonl; found "c:4318"\nd.json: otlp.sample is the share of traces that are recorded, from 0 to 1; found 2\nd.json: otlp has the unknown key "every"; there are to, sample',
  );
  expect(() => parse("x")).toThrow('"otlp" must be {"to": "http://127.0.0.1:4318", "sample": 0.01}; found "x"');
});

test("steps that are made again after a restart are no spans, and what comes next is", async () => {
  const { value: files } = emit(check("role R { input i(x: int); output o(x: int); o(x) <= i(x); }").plan);
  const program = loadRole(files!, "R");
  const to = join(folder, "again.jsonl");
  const data = mkdtempSync(join(folder, "data-"));
  const seen: (readonly SentSpan[])[] = [];
  for (const life of [1, 2]) {
    rmSync(to, { force: true });
    const node = await startNode(program, { otlp: { to }, data, log: () => {} });
    const out = put(node, "o");
    node.input("i", { x: life }, given("a"));
    await out;
    await node.stop(500);
    seen.push(readFileSync(to, "utf8").trim().split("\n").flatMap(spansIn));
  }
  for (const spans of seen)
    expect(spans.map(({ counts, parentSpanId }) => [counts, parentSpanId])).toEqual([
      [["taken.i 1", "put_out.o 1"], "a".repeat(16)],
    ]);
});
