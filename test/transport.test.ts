import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { Envelope, LogRun, Part } from "../src/runtime/messages.ts";
import type { CollectionMeta, Fault, RoleMeta } from "../src/runtime/program.ts";
import { holdTimes, parseDelay } from "../src/runtime/transports/delay.ts";
import { Losses, parseLoss } from "../src/runtime/transports/loss.ts";
import { encodeFrame, FrameError, FrameReader } from "../src/runtime/transports/frames.ts";
import { declareGone } from "../src/runtime/transports/operator.ts";
import { TcpTransport } from "../src/runtime/transports/tcp.ts";
import type { TcpOptions } from "../src/runtime/transports/tcp.ts";
import { WireFormat } from "../src/runtime/transports/wire.ts";

fc.configureGlobal({ seed: 16 });

const mixed: CollectionMeta = {
  name: "c",
  kind: "channel",
  columns: [
    { name: "n", type: "int" },
    { name: "f", type: "float" },
    { name: "b", type: "bytes" },
    { name: "l", type: { list: "float" } },
    { name: "j", type: "json" },
  ],
  sealed: { key: [2], single: false, deadlineMs: null, producers: ["A"], deferred: false },
};
const plain: CollectionMeta = {
  name: "p",
  kind: "channel",
  columns: [
    { name: "id", type: "int" },
    { name: "word", type: "string" },
  ],
};
const meta: RoleMeta = {
  role: "R",
  count: 1,
  replicated: false,
  partitionedBy: null,
  collections: [mixed, plain],
  targets: [],
  travels: [],
};

function framesOf(bytes: Buffer, cuts: readonly number[]): unknown[] {
  const reader = new FrameReader();
  const frames: unknown[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    reader.push(bytes.subarray(from, cut), (frame) => frames.push(frame));
    from = cut;
  }
  return frames;
}

describe("frames", () => {
  test("come whole however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string(), { maxLength: 4 }), { maxLength: 6 }),
        fc.array(fc.nat(200), { maxLength: 8 }),
        (lists, cuts) => {
          const frames = lists.map((list) => ["m", ...list]);
          const bytes = Buffer.concat(frames.map((frame) => encodeFrame(JSON.stringify(frame))));
          const inside = cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b);
          expect(framesOf(bytes, inside)).toEqual(frames);
        },
      ),
    );
  });

  test("that are too long, no JSON or no arrays are refused", () => {
    const long = Buffer.from([0x7f, 0xff, 0xff, 0xff]);
    expect(() => framesOf(long, [])).toThrow(/2147483647 bytes was announced, 67108864 are allowed/);
    expect(() => framesOf(encodeFrame("{"), [])).toThrow(FrameError);
    expect(() => framesOf(encodeFrame("{}"), [])).toThrow(/not an array that begins with its kind: "{}"/);
    expect(() => framesOf(encodeFrame("[1]"), [])).toThrow(FrameError);
  });
});

function roundTrip(parts: readonly Part[]): readonly Part[] {
  const wire = new WireFormat([meta]);
  const pieces: unknown[] = [];
  const kinds: unknown[] = [];
  for (const frame of wire.encode({ from: "A#0", to: "R#0", epoch: 1, seq: 7, parts })) {
    new FrameReader().push(frame, ([kind, seq, ...rest]) => {
      expect(seq).toBe(7);
      kinds.push(kind);
      pieces.push(...rest);
    });
  }
  expect(kinds.pop()).toBe("m");
  expect(new Set(kinds)).toEqual(new Set(kinds.length > 0 ? ["p"] : []));
  return wire.decodeParts(pieces);
}

describe("the wire form", () => {
  const row = fc.tuple(
    fc.integer(),
    fc.double().map((x) => x + 0),
    fc.uint8Array(),
    fc.array(fc.double().map((x) => x + 0)),
    fc.jsonValue().map((x) => JSON.parse(JSON.stringify(x)) as never),
  );

  test("keeps every value and every kind of part", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), fc.uint8Array(), (rows, key) => {
        const runs: LogRun[] = [
          { target: "R.c", to: null, from: "A#0", rows },
          { target: "R.c", to: "R#0", from: "A#1", rows },
        ];
        const parts: Part[] = [
          { kind: "rows", target: "R.c", rows },
          { kind: "seal", target: "R.c", key: [key], count: 3 },
          { kind: "seal", target: "R.c", key: null, count: 4 },
          { kind: "append", log: "R.log", runs },
          { kind: "tick", log: "R.log", value: [key, NaN, "x"], after: 2 },
          { kind: "batch", log: "R.log", value: [key], index: 9, runs },
        ];
        expect(roundTrip(parts)).toEqual(parts);
      }),
    );
  });

  test("a batch for several readers is written out once, and another batch of the step is itself", () => {
    const wire = new WireFormat([meta]);
    const read = (to: string, part: Part): readonly Part[] => {
      const pieces: unknown[] = [];
      for (const frame of wire.encode({ from: "log", to, epoch: 1, seq: 1, parts: [part] })) {
        new FrameReader().push(frame, ([, , ...rest]) => pieces.push(...rest));
      }
      return wire.decodeParts(pieces);
    };
    const runsOf = (id: number): LogRun[] => [{ target: "R.p", to: null, from: "A#0", rows: [[id, "x"]] }];
    const shared = runsOf(1);
    const batch = (index: number, runs: readonly LogRun[]): Part => ({
      kind: "batch",
      log: "R.log",
      value: [],
      index,
      runs,
    });
    expect(read("R#0", batch(1, shared))).toEqual([batch(1, runsOf(1))]);
    expect(read("R#1", batch(1, shared))).toEqual([batch(1, runsOf(1))]);
    expect(read("R#2", batch(2, runsOf(2)))).toEqual([batch(2, runsOf(2))]);
    shared.push(...runsOf(3));
    wire.endStep();
    expect(read("R#0", batch(3, shared))).toEqual([batch(3, [...runsOf(1), ...runsOf(3)])]);
  });

  test("cuts long envelopes into frames and puts them together again", () => {
    const rows = Array.from({ length: 40_000 }, (_, id) => [id, "x".repeat(10)]);
    const runs: LogRun[] = [0, 1, 2, 3].map((part) => ({
      target: "R.p",
      to: null,
      from: `A#${part}`,
      rows: rows.slice(part * 10_000, (part + 1) * 10_000),
    }));
    const parts = roundTrip([
      { kind: "rows", target: "R.p", rows },
      { kind: "batch", log: "R.log", value: [], index: 1, runs },
    ]);
    expect(
      parts.filter(({ kind }) => kind === "rows").flatMap((part) => (part.kind === "rows" ? part.rows : [])),
    ).toEqual(rows);
    const batches = parts.filter(({ kind }) => kind === "batch");
    expect(batches).toEqual([{ kind: "batch", log: "R.log", value: [], index: 1, runs }]);
  });

  test("refuses what is no part", () => {
    const wire = new WireFormat([meta]);
    for (const part of [
      7,
      [],
      [0],
      [0, "R.p", [1]],
      [0, "R.p", {}],
      [1, "R.p", 3, 1],
      [1, "R.p", null, -1],
      [2, "l", [["a", 1, "b", []]]],
      [3, "l", [], 0.5],
      [4, "l", 1, 1, []],
      [9, "R.p"],
    ]) {
      expect(() => wire.decodePart(part), JSON.stringify(part)).toThrow(FrameError);
    }
  });
});

describe("delays", () => {
  test("are read from the command line's form", () => {
    expect(parseDelay("5ms", 1)).toEqual({ minMs: 5, maxMs: 5, seed: 1 });
    expect(parseDelay("0ms..50ms", 7)).toEqual({ minMs: 0, maxMs: 50, seed: 7 });
    expect(parseDelay("0..1s", 7)).toEqual({ minMs: 0, maxMs: 1000, seed: 7 });
    for (const wrong of ["", "soon", "5", "9ms..2ms", "-1ms"].filter((text) => text !== "5"))
      expect(parseDelay(wrong, 1)).toBeNull();
  });

  test("come from the seed and the sender alone, inside the span", () => {
    const take = (seed: number, self: string): number[] => {
      const next = holdTimes({ minMs: 10, maxMs: 20, seed }, self);
      return Array.from({ length: 50 }, next);
    };
    expect(take(1, "A#0")).toEqual(take(1, "A#0"));
    expect(take(1, "A#0")).not.toEqual(take(2, "A#0"));
    expect(take(1, "A#0")).not.toEqual(take(1, "A#1"));
    expect(take(1, "A#0").every((ms) => ms >= 10 && ms <= 20)).toBe(true);
  });
});

describe("losses", () => {
  const channel = (name: string, lossy: boolean) => ({
    id: `B.${name}`,
    role: "B",
    collection: { name, kind: "channel", columns: [{ name: "n", type: "int" }], lossy } as const,
    route: { kind: "all" } as const,
  });
  const targets = [channel("maybe", true), channel("sure", false)];
  const envelope = (seq: number, target: string, count: number, to = "B#0"): Envelope => ({
    from: "A#0",
    to,
    epoch: 1,
    seq,
    parts: [{ kind: "rows", target, rows: Array.from({ length: count }, (_, n) => [n]) }],
  });
  const rowsIn = ({ parts }: Envelope): number =>
    parts.reduce((sum, part) => sum + (part.kind === "rows" ? part.rows.length : 0), 0);

  test("are read from the command line's form: a share below all", () => {
    expect(parseLoss("50%", 1)).toEqual({ share: 0.5, seed: 1 });
    expect(parseLoss("0.5%", 7)).toEqual({ share: 0.005, seed: 7 });
    for (const wrong of ["", "0.5", "half", "100%", "-1%", "50 percent"]) expect(parseLoss(wrong, 1)).toBeNull();
  });

  test("come from the seed and the sender alone, row by row, on lossy channels only", () => {
    const take = (seed: number, self: string): Envelope =>
      new Losses({ share: 0.5, seed }, self, targets).thin(envelope(1, "B.maybe", 1000));
    expect(take(1, "A#0")).toEqual(take(1, "A#0"));
    expect(take(1, "A#0")).not.toEqual(take(2, "A#0"));
    expect(take(1, "A#0")).not.toEqual(take(1, "A#1"));
    expect(rowsIn(take(1, "A#0"))).toBeGreaterThan(400);
    expect(rowsIn(take(1, "A#0"))).toBeLessThan(600);
    const sure = envelope(1, "B.sure", 1000);
    expect(new Losses({ share: 0.5, seed: 1 }, "A#0", targets).thin(sure)).toBe(sure);
  });

  test("are missing until they come, from the time that is asked about", () => {
    const losses = new Losses({ share: 0.5, seed: 3 }, "A#0", targets);
    const arrived = new Set<string>();
    const sendAll = (seq: number): void => {
      for (const part of losses.thin(envelope(seq, "B.maybe", 8)).parts) {
        if (part.kind === "rows") for (const row of part.rows) arrived.add(String(row));
      }
    };
    for (let seq = 1; arrived.size < 8; seq++) {
      sendAll(seq);
      expect(losses.missing(0)).toBe(8 - arrived.size);
    }
    // What came before counts no more: the same message may matter again.
    const then = losses.drawn;
    expect(losses.missing(then)).toBe(0);
    arrived.clear();
    sendAll(100);
    expect(losses.missing(then)).toBe(8 - arrived.size);
    expect(losses.missing(losses.drawn)).toBe(0);
  });
});

describe("transport", () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });

  interface End {
    readonly transport: TcpTransport;
    readonly got: Envelope[];
    readonly faults: Fault[];
    readonly lines: string[];
    readonly port: number;
  }

  async function end(self: string, options: Partial<TcpOptions> = {}, port = 0): Promise<End> {
    const got: Envelope[] = [];
    const faults: Fault[] = [];
    const lines: string[] = [];
    const transport = new TcpTransport({
      self,
      epoch: 1,
      program: "p",
      version: "1",
      cluster: "c",
      wire: new WireFormat([meta]),
      onEnvelope: (envelope) => got.push(envelope),
      onFault: (fault) => faults.push(fault),
      log: (line) => lines.push(line),
      ...options,
    });
    open.push({ close: () => transport.close(0) });
    return { transport, got, faults, lines, port: await transport.listen("127.0.0.1", port) };
  }

  async function pair(a: Partial<TcpOptions> = {}, b: Partial<TcpOptions> = {}): Promise<readonly [End, End]> {
    const ends = [await end("A#0", a), await end("R#0", b)] as const;
    const addresses = new Map([
      ["A#0", { host: "127.0.0.1", port: ends[0].port }],
      ["R#0", { host: "127.0.0.1", port: ends[1].port }],
    ]);
    for (const { transport } of ends) transport.setAddresses(addresses);
    return ends;
  }

  const envelope = (seq: number, to = "R#0"): Envelope => ({
    from: "A#0",
    to,
    epoch: 1,
    seq,
    parts: [{ kind: "rows", target: "R.p", rows: [[seq, "w"]] }],
  });

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  test("delivers, acknowledges, and numbers stay as they were", async () => {
    const [a, r] = await pair();
    for (let seq = 1; seq <= 100; seq++) a.transport.send(envelope(seq));
    await until(() => a.transport.unacked === 0);
    expect(r.got).toEqual(Array.from({ length: 100 }, (_, i) => envelope(i + 1)));
    expect(a.transport.sentTo.get("R#0")).toBe(100);
    expect(r.transport.receivedFrom.get("A#0")).toBe(100);
    expect(a.transport.unackedBytes).toBe(0);
  });

  test("a network that breaks again and again loses nothing and doubles nothing", async () => {
    const [a, r] = await pair();
    let seq = 0;
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 200; i++) a.transport.send(envelope(++seq));
      await new Promise((resolve) => setTimeout(resolve, round % 3));
      (round % 2 === 0 ? a : r).transport.interrupt();
    }
    await until(() => a.transport.unacked === 0);
    expect(r.got.map((each) => each.seq)).toEqual(Array.from({ length: seq }, (_, i) => i + 1));
  });

  test("what was received but not acknowledged before a break comes again and is dropped", async () => {
    const [a, r] = await pair();
    // The acknowledgement leaves in the turn after the arrival: cut in between.
    const arrived = new Promise<void>((resolve) => {
      const push = r.got.push.bind(r.got);
      r.got.push = (...items) => {
        const length = push(...items);
        r.transport.interrupt();
        resolve();
        r.got.push = push;
        return length;
      };
    });
    a.transport.send(envelope(1));
    await arrived;
    await until(() => a.transport.unacked === 0);
    expect(r.got.map((each) => each.seq)).toEqual([1]);
    expect(r.transport.duplicates).toBe(1);
  });

  test("a peer that is not there yet gets everything when it comes", async () => {
    const gone = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => gone.once("listening", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const a = await end("A#0");
    const addresses = new Map([
      ["A#0", { host: "127.0.0.1", port: a.port }],
      ["R#0", { host: "127.0.0.1", port }],
    ]);
    a.transport.setAddresses(addresses);
    for (let seq = 1; seq <= 3; seq++) a.transport.send(envelope(seq));
    await new Promise((resolve) => setTimeout(resolve, 60));
    const r = await end("R#0", {}, port);
    r.transport.setAddresses(addresses);
    await until(() => a.transport.unacked === 0);
    expect(r.got.map((each) => each.seq)).toEqual([1, 2, 3]);
  });

  test("a receiver that starts anew gets what the sender had no acknowledgement for, and acknowledges it", async () => {
    const a = await end("A#0");
    const first = await end("R#0");
    const addresses = new Map([
      ["A#0", { host: "127.0.0.1", port: a.port }],
      ["R#0", { host: "127.0.0.1", port: first.port }],
    ]);
    a.transport.setAddresses(addresses);
    first.transport.setAddresses(addresses);
    for (let seq = 1; seq <= 5; seq++) a.transport.send(envelope(seq));
    await until(() => a.transport.unacked === 0);
    await first.transport.close(0);
    for (let seq = 6; seq <= 8; seq++) a.transport.send(envelope(seq));
    const second = await end("R#0", {}, first.port);
    second.transport.setAddresses(addresses);
    await until(() => a.transport.unacked === 0);
    expect(second.got.map((each) => each.seq)).toEqual([6, 7, 8]);
  });

  test("a span of delays changes the order, and all is acknowledged at last", async () => {
    const [a, r] = await pair({ delay: { minMs: 0, maxMs: 30, seed: 5 } });
    for (let seq = 1; seq <= 40; seq++) a.transport.send(envelope(seq));
    await until(() => a.transport.unacked === 0);
    const order = r.got.map((each) => each.seq);
    expect(order).not.toEqual([...order].sort((x, y) => x - y));
    expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test("an envelope to oneself comes back", async () => {
    const [a] = await pair();
    a.transport.send(envelope(1, "A#0"));
    expect(a.transport.unacked).toBe(1);
    await until(() => a.got.length === 1);
    expect(a.transport.unacked).toBe(0);
  });

  test("a paused receiver gets nothing until it goes on", async () => {
    const [a, r] = await pair();
    a.transport.send(envelope(1));
    await until(() => a.transport.unacked === 0);
    r.transport.pause(true);
    a.transport.send(envelope(2));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([r.got.length, a.transport.unacked]).toEqual([1, 1]);
    r.transport.pause(false);
    await until(() => a.transport.unacked === 0);
    expect(r.got.length).toBe(2);
  });

  test("a paused receiver hears an operator, and a peer that greets it only when it goes on", async () => {
    const gone: string[] = [];
    const onGone = async (address: string, by: string): Promise<number> => gone.push(`${address} by ${by}`);
    const [a, r] = await pair({}, { onGone });
    r.transport.pause(true);
    const places = {
      A: { instances: [{ host: "127.0.0.1", port: 1 }] },
      R: { instances: [{ host: "127.0.0.1", port: r.port }] },
    };
    const told = await declareGone({ program: "p", cluster: "c", roles: places }, "A#0", "me", 2000);
    expect([told, gone]).toEqual([[{ name: "R#0", kind: "done", failed: 1 }], ["A#0 by me"]]);
    a.transport.send(envelope(1));
    await new Promise((resolve) => setTimeout(resolve, 30));
    a.transport.send(envelope(2));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(r.got.length).toBeLessThan(2);
    r.transport.pause(false);
    await until(() => a.transport.unacked === 0);
    expect(r.got.length).toBe(2);
  });

  test("one that has been declared gone is told so, and nothing of it is taken", async () => {
    let isOver = false;
    const [a, r] = await pair({ onEnd: () => (isOver = true) });
    a.transport.send(envelope(1));
    await until(() => a.transport.unacked === 0);
    r.transport.disown("A#0");
    await new Promise((resolve) => setTimeout(resolve, 20));
    a.transport.send(envelope(2));
    await until(() => isOver);
    expect([a.faults.map(({ code }) => code), r.faults.map(({ message }) => message), r.got.length]).toEqual([
      ["DLC915"],
      ["connection from A#0 refused and closed: it has been declared gone"],
      1,
    ]);
  });

  test.each([
    [{ version: "2" }, /it runs version 2 of p, this is version 1: deploy one build everywhere/],
    [{ program: "q" }, /it runs the program "q", this is "p"/],
    [{ cluster: "d" }, /it belongs to the deployment "d", this is "c"/],
    [{ self: "B#0" }, /"B#0" is no instance of this deployment/],
  ])("a peer with %j is refused, on both sides by name", async (other, reason) => {
    const [a, r] = await pair(other);
    a.transport.send(envelope(1));
    await until(() => r.faults.length > 0 && a.lines.length > 0);
    expect(r.faults[0]).toMatchObject({ code: "DLC911", message: expect.stringMatching(reason) as string });
    expect(a.lines[0]).toMatch(/^R#0 refuses the connection: /);
    expect(r.got).toEqual([]);
  });

  test("what is no frame is refused with its sender's name, and the process lives on", async () => {
    const [a, r] = await pair();
    const send = async (...frames: Buffer[]): Promise<void> => {
      const before = r.faults.length;
      const socket: Socket = connect(r.port, "127.0.0.1");
      socket.on("error", () => {});
      const closed = new Promise((resolve) => socket.on("close", resolve));
      for (const frame of frames) socket.write(frame);
      socket.resume();
      await until(() => r.faults.length > before);
      await closed;
    };
    const hello = encodeFrame(JSON.stringify(["hello", "p", "1", "c", "A#0", 9, "R#0", 1]));
    await send(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await send(encodeFrame(`["m",1]`));
    const long = Buffer.alloc(4);
    long.writeUInt32BE(20_000);
    await send(long);
    await send(encodeFrame(JSON.stringify(["hello", "p", "1", "c", "A#0", 9, "R#1", 1])));
    await send(hello, encodeFrame(`["m",1,[0,"R.p",["no row"]]]`));
    await send(hello, encodeFrame(`["m",1,`));
    await send(hello, encodeFrame(`["x",1]`));
    const messages = r.faults.map(({ message }) => message);
    expect(messages[0]).toMatch(
      /^connection from 127\.0\.0\.1:\d+ refused and closed: a frame of 1195725856 bytes was announced/,
    );
    expect(messages[1]).toMatch(/expected the greeting of a node/);
    // Of somebody who has not said who it is, little is taken.
    expect(messages[2]).toContain("a frame of 20000 bytes was announced, 16384 are allowed");
    expect(messages[3]).toMatch(/^connection from A#0 .*it looks for R#1, this is R#0: compare the addresses/);
    expect(messages[4]).toMatch(/^connection from A#0 refused and closed: rows of R\.p are no list of lists/);
    expect(messages[5]).toMatch(/^connection from A#0 .*not JSON/);
    expect(messages[6]).toMatch(/^connection from A#0 .*expected a message/);
    a.transport.send(envelope(1));
    await until(() => a.transport.unacked === 0);
    expect(r.got.length).toBe(1);
  });

  test("what waits for a peer that has gone for good is dropped", async () => {
    const a = await end("A#0");
    a.transport.setAddresses(
      new Map([
        ["A#0", { host: "127.0.0.1", port: a.port }],
        ["R#0", { host: "127.0.0.1", port: 1 }],
      ]),
    );
    a.transport.send(envelope(1));
    expect(a.transport.unacked).toBe(1);
    a.transport.forget("R#0");
    a.transport.send(envelope(2));
    expect([a.transport.unacked, a.transport.unackedBytes]).toEqual([0, 0]);
  });
});
