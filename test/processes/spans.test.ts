/** Spans of real processes: `--otlp` of `dlc run` and of `main.js`, over TCP and on NATS. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { spansIn } from "../support/otlp.ts";
import type { SentSpan } from "../support/otlp.ts";
import { freePorts, hasNats, NatsServers } from "./nats-servers.ts";
import { fileOf, scratch, start } from "./programs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dlc = join(root, "bin", "dlc.js");
let servers: NatsServers | null = null;
afterEach(async () => {
  await servers?.stop();
  servers = null;
});

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-${"a".repeat(16)}-01`;

const relay = `role H { input i(x: int); R.c(x) <~ i(x); }
role R replicated x2 { channel c(x: int); table seen(x: int); scratch n(k: int); output first(x: int) agreed;
  seen(x) <= c(x); n(count()) <= seen(_); first(x) <= c(x), n(k), k == 1; }`;
const event = `${JSON.stringify({ role: "H", collection: "i", row: { x: 1 }, traceparent })}\n`;

const inFile = (path: string): readonly SentSpan[] => readFileSync(path, "utf8").trim().split("\n").flatMap(spansIn);

test.each([["TCP"], ...(hasNats ? [["NATS"]] : [])])(
  "an event's trace goes through a log to the outputs, over %s",
  async (transport) => {
    if (transport === "NATS") servers = await (await NatsServers.start(1)).ready();
    const path = join(scratch, `relay-${transport}.jsonl`);
    const on = servers === null ? [] : ["--transport", servers.url];
    const ran = await start([dlc, "run", fileOf("relay.dlc", relay), "--otlp", path, "--quiet", ...on], event).done;
    expect(ran.code, ran.stderr).toBe(0);
    const outputs = ran.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly traceparent: string });
    expect(outputs).toHaveLength(2);
    const spans = inFile(path).filter((span) => span.traceId === traceId);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    for (const output of outputs) {
      const way: string[] = [];
      let span = byId.get(output.traceparent.split("-")[2]);
      for (; span !== undefined; span = byId.get(span.parentSpanId!)) {
        way.push(`${span.at} ${span.name}`);
        if (span.parentSpanId === "a".repeat(16)) break;
      }
      // On NATS no process makes the batches.
      const between = transport === "NATS" ? [] : ["log batch"];
      expect(way).toEqual([expect.stringMatching(/^R#[01] step R\.log$/), ...between, "H#0 step"]);
    }
  },
  60_000,
);

test("processes that are started by hand send them to a collector; of a share of none nothing comes", async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      bodies.push(body);
      response.end("{}");
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => collector.once("listening", resolve));
  const to = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  try {
    const out = join(scratch, "pass");
    const program = fileOf(
      "pass.dlc",
      "role H { input i(x: int); R.c(x) <~ i(x); } role R { channel c(x: int); output o(x: int); o(x) <= c(x); }",
    );
    expect((await start([dlc, "build", program, "-o", out]).done).code).toBe(0);
    const ports = await freePorts(2);
    const places = (otlp?: object): string =>
      fileOf(
        "pass.json",
        JSON.stringify({
          roles: {
            H: { instances: [{ host: "127.0.0.1", port: ports[0] }] },
            R: { instances: [{ host: "127.0.0.1", port: ports[1] }] },
          },
          otlp,
        }),
      );
    for (const [otlp, more, expected] of [
      [{ to }, [], 2],
      [undefined, ["--otlp", to], 2],
      [{ to, sample: 0 }, [], 0],
      [{ to }, ["--sample", "0%"], 0],
      [undefined, [], 0],
    ] as const) {
      bodies.length = 0;
      const main = (role: string) => start([join(out, "main.js"), role, "--deploy", places(otlp), ...more], null);
      const [host, receiver] = [main("H"), main("R")];
      await Promise.all([host, receiver].map((each) => each.sees("listens on")));
      host.stdin.write(`{"collection":"i","row":{"x":1}}\n`);
      await receiver.sees('"x":1');
      for (const each of [host, receiver]) each.kill("SIGTERM");
      const [, { stdout }] = await Promise.all([host.done, receiver.done]);
      expect(stdout.includes("traceparent")).toBe(expected > 0);
      expect(
        bodies
          .flatMap(spansIn)
          .map(({ at }) => at)
          .sort(),
      ).toEqual(expected === 0 ? [] : ["H#0", "R#0"]);
    }
    const wrong = async (...more: string[]): Promise<string> =>
      (await start([join(out, "main.js"), "H", "--deploy", places(), ...more]).done).stderr;
    expect(await wrong("--otlp", "collector:4318")).toBe(
      '--otlp must be a collector, as http://127.0.0.1:4318, or a file, as traces.jsonl; found "collector:4318"\n',
    );
    expect(await wrong("--sample", "1%")).toBe(
      "--sample says how many traces are recorded, but nothing says where they go: --otlp\n",
    );
    expect(await wrong("--otlp", to, "--sample", "2")).toBe("--sample must be a share, as 1%; found 2\n");
    const ran = await start([dlc, "run", program, "--otlp", "traces", "--sample", "many"]).done;
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringContaining("dlc: --sample must be a share, as 1%; found many\n"),
    ]);
  } finally {
    collector.close();
  }
}, 60_000);
