/**
 * Strangers at every port of a running deployment: random bytes, broken and oversized frames, wrong greetings, frames that
 * are well-formed and wrong, connections that say nothing. Nothing of it harms what the nodes do meanwhile.
 * `DLC_FUZZ_SECONDS=300 npx vitest run --project processes test/processes/fuzz.test.ts` goes on for minutes.
 */
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeFrame } from "../../src/runtime/transports/frames.ts";
import { fileOf, program, start } from "./programs.ts";

const SECONDS = Number(process.env["DLC_FUZZ_SECONDS"] ?? 4);
const ROWS = 20_000 * Math.max(1, Math.round(SECONDS / 4));

/** Numbers in [0, below) (mulberry32): what failed fails again. */
function drawing(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Draw = ReturnType<typeof drawing>;

const bytes = (draw: Draw, length: number): Buffer => Buffer.from(Array.from({ length }, () => draw(256)));
const frame = (value: unknown): Buffer => encodeFrame(JSON.stringify(value));
const header = (length: number): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return head;
};

/** What one stranger says. */
const speeches: readonly ((draw: Draw) => readonly Buffer[])[] = [
  (draw) => [bytes(draw, 1 + draw(2_000))],
  (draw) => [header(0xffff_ffff), bytes(draw, 100)],
  (draw) => [header(50_000_000), bytes(draw, 60_000)],
  (draw) => [header(20 + draw(50)), bytes(draw, 20)],
  () => [encodeFrame("{"), encodeFrame("[]"), encodeFrame("null")],
  () => [frame(["hello", "counter", "1", "", "Nobody#0", 1, "Counter#0", 1])],
  () => [frame(["hello", "other", "1", "", "Source#0", 1, "Counter#0", 1])],
  () => [frame(["hello", "counter", "2", "", "Source#0", 1, "Counter#0", 1])],
  () => [frame(["hello", "counter", "1", "elsewhere", "Source#0", 1, "Counter#0", 1])],
  () => [frame(["hello", "counter", "1", "", "Source#0", "x", "Counter#0", {}])],
  () => [frame(["hello", "__proto__", "constructor", "", "toString", 1, "Counter#0", 1])],
  () => [Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
  () => [frame(["m", 1, [0, "Counter.word", [["x"]]]])],
  // A peer that is one, by its name; what it says fits no form or no type.
  (draw) => [
    frame(["hello", "counter", "1", "", "Source#1", 7, "Counter#0", 1]),
    frame([
      "m",
      1,
      [[0, "Counter.word", [["x", 1, 2], null, { __proto__: 1 }]], [9], 3, null, [4, "log", [], 1, []]][draw(5)],
    ]),
    bytes(draw, draw(40)),
  ],
  (draw) => [
    frame(["hello", "counter", "1", "", "Source#1", 8 + draw(3), "Counter#0", 1]),
    frame([
      "m",
      1,
      [
        0,
        "Counter.word",
        [
          ["not an id", 7],
          [1.5, "x"],
          [{}, []],
        ],
      ],
      [0, "Counter.none", [[1]]],
      [0, "__proto__", [[1]]],
      [2, "log", []],
    ]),
  ],
  () => [],
];

/** Says something and goes, or stays and says nothing. */
function visit(port: number, draw: Draw): Promise<void> {
  const speech = speeches[draw(speeches.length)](draw);
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const timer = setTimeout(() => socket.destroy(), 20 + draw(400));
    socket.on("error", () => {}).resume();
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on("connect", () => {
      for (const part of speech) socket.write(part);
      if (draw(3) === 0) socket.end();
    });
  });
}

function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

test("strangers at every port harm nothing", { timeout: (SECONDS + 90) * 1000 }, async () => {
  const main = join(await program("counter"), "main.js");
  const servers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  // Source#1 never comes: only strangers have its name. So the counts stay open, and each word is told as it comes.
  const deploy = fileOf(
    "fuzz.json",
    JSON.stringify({
      roles: {
        Source: {
          instances: [
            { host: "127.0.0.1", port: ports[0] },
            { host: "127.0.0.1", port: 1 },
          ],
        },
        Counter: { instances: [{ host: "127.0.0.1", port: ports[1], metrics: ports[2] }] },
      },
    }),
  );
  const counter = start([main, "Counter", "--deploy", deploy, "--no-stdin"], null, { SHOW_SEEN: "1" });
  await counter.sees("listens on");
  const words = Array.from({ length: ROWS }, (_, i) => `${JSON.stringify({ id: i, word: `w${i}` })}\n`).join("");
  const source = start(
    [
      main,
      "Source",
      "--deploy",
      deploy,
      "--no-stdin",
      "--delay",
      "0ms..3ms",
      "--input",
      `word=${fileOf("fuzz.ndjson", words)}`,
    ],
    null,
  );
  await source.sees("listens on");

  const draw = drawing(6);
  const until = Date.now() + SECONDS * 1000;
  let visits = 0;
  let early = 0;
  while (Date.now() < until) {
    await Promise.all(
      Array.from({ length: 40 }, () => {
        visits++;
        return visit(ports[draw(3)], draw);
      }),
    );
    if (early === 0 && Date.now() > until - SECONDS * 500) early = residentMegabytes(counter.pid);
  }
  const late = residentMegabytes(counter.pid);

  await counter.sees(`"word":"w${ROWS - 1}"`);
  expect((await fetch(`http://127.0.0.1:${ports[2]}/ready`)).status).toBe(200);
  const metrics = await (await fetch(`http://127.0.0.1:${ports[2]}/metrics`)).text();
  expect(Number(/dlc_faults_total\{[^}]*\} (\d+)/.exec(metrics)![1])).toBeGreaterThan(SECONDS);
  source.kill("SIGTERM");
  counter.kill("SIGTERM");
  const [counted, sent] = await Promise.all([counter.done, source.done]);
  expect([counted.code, sent.code]).toEqual([0, 0]);
  const ids = counted.rows.filter(({ collection }) => collection === "seen").map(({ row }) => row["id"] as number);
  expect(ids.length).toBe(ROWS);
  expect(new Set(ids).size).toBe(ROWS);
  expect(counted.stderr).not.toMatch(/\bat .*\.js:\d+:\d+/);
  // No leak that a few thousand visits would show.
  expect(late - early).toBeLessThan(150);
  expect(visits).toBeGreaterThan(100);
});
