/** The parts of the NATS transport that need no server. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { checkDeployment, DeploymentError } from "../src/runtime/deployment.ts";
import { holdTimes } from "../src/runtime/transports/delay.ts";
import { encodeFrame, FrameError } from "../src/runtime/transports/frames.ts";
import { rangesOf } from "../src/runtime/transports/nats/stream-writer.ts";
import { LogReader } from "../src/runtime/transports/nats/log-reader.ts";
import { Names, readerOf, streamsOf, token } from "../src/runtime/transports/nats/names.ts";
import { NATS_PACKAGES } from "../src/runtime/transports/nats/packages.ts";
import { Assembly, envelopesIn, pack, unpack } from "../src/runtime/transports/nats/packets.ts";
import { Peer } from "../src/runtime/transports/nats/peer.ts";
import { parseNats, placedFiles, serversText } from "../src/runtime/transports/nats/settings.ts";
import type { Session } from "../src/runtime/transports/nats/session.ts";
import { Received } from "../src/runtime/transports/received.ts";
import { WireFormat } from "../src/runtime/transports/wire.ts";

fc.configureGlobal({ seed: 18 });

describe("where the servers are", () => {
  const settings = (text: string): object => {
    const parsed = parseNats(text);
    if (!parsed.ok) throw new Error(parsed.problem);
    return Object.fromEntries(Object.entries(parsed.settings).filter(([, value]) => value !== null));
  };

  test("one text says it all", () => {
    expect(settings("nats://a,b:4333")).toEqual({ servers: ["a:4222", "b:4333"], tls: false });
    expect(settings("nats://a:1,nats://b:2")).toEqual({ servers: ["a:1", "b:2"], tls: false });
    expect(settings("nats://app:s%40crt@[::1]:4222?replicas=3")).toEqual({
      servers: ["[::1]:4222"],
      tls: false,
      user: "app",
      password: "s@crt",
      replicas: 3,
    });
    expect(settings("nats://t0ken@a")).toEqual({ servers: ["a:4222"], tls: false, token: "t0ken" });
    expect(settings("nats://a?channels=durable&backlog=2GB")).toEqual({
      servers: ["a:4222"],
      tls: false,
      backlog: 2 * 1024 ** 3,
    });
    expect(settings("nats://a?channels=durable")).toMatchObject({ backlog: 256 * 1024 ** 2 });
    expect(settings("tls://a?ca=ca.pem&cert=c.pem&key=k.pem&creds=x.creds")).toEqual({
      servers: ["a:4222"],
      tls: true,
      ca: "ca.pem",
      cert: "c.pem",
      key: "k.pem",
      creds: "x.creds",
    });
  });

  test("what is wrong with it is said, without the password", () => {
    const problem = (text: string): string => {
      const parsed = parseNats(text);
      return parsed.ok ? "" : parsed.problem;
    };
    expect(problem("nats://u:secret@")).toContain('"" is no server as host:4222');
    expect(problem("nats://u:secret@a/b")).toBe(
      'expected nats://host:4222,host:4222 (tls:// for encrypted connections), found "nats://…@a/b"',
    );
    expect(problem("nats://a:99999")).toContain('"a:99999" is no server');
    expect(problem("nats://a?replica=3")).toContain(
      "there is no replica= (there are creds, nkey, ca, cert, key, replicas, channels, backlog)",
    );
    expect(problem("nats://a?replicas=9")).toContain("replicas= must be 1 to 5");
    expect(problem("nats://a?ca=x")).toContain("write tls:// for nats://");
    expect(problem("tls://a?cert=x")).toContain("cert= and key= are given together");
    expect(problem("nats://u:p@a?creds=x")).toContain("one way to be let in");
    expect(problem("nats://u:%zz@a")).toContain("%25");
    expect(problem("nats://a?creds=")).toContain("creds= is empty");
    expect(problem("nats://a?channels=core")).toBe("channels= can be durable, found core");
    expect(problem("nats://a?backlog=1GB")).toBe("backlog= is what may wait in durable channels: channels=durable");
    for (const size of ["1", "0MB", "1KB", "x"])
      expect(problem(`nats://a?channels=durable&backlog=${size}`)).toBe(
        `backlog= must be a size as 256MB or 2GB, found ${size}`,
      );
  });

  test("files lie beside the deployment, and messages do not show secrets", () => {
    expect(placedFiles("tls://a?ca=ca.pem&replicas=1", (file) => `/etc/${file}`)).toBe(
      "tls://a?ca=%2Fetc%2Fca.pem&replicas=1",
    );
    expect(placedFiles("tcp", () => "")).toBe("tcp");
    const parsed = parseNats("tls://u:p@a,b");
    expect(parsed.ok && serversText(parsed.settings)).toBe("tls://a:4222,b:4222");
  });

  test("a deployment on NATS needs no addresses and no sequencer", () => {
    const needs = { roles: [{ role: "A", count: 2 }], log: true };
    const roles = { A: { instances: [{}, {}] } };
    expect(checkDeployment({ transport: "nats://a", roles }, "d", needs).transport).toBe("nats://a");
    const problems = (transport: string): readonly string[] => {
      try {
        checkDeployment({ transport, roles }, "d", needs);
        return [];
      } catch (error) {
        return (error as DeploymentError).problems;
      }
    };
    expect(problems("tcp").length).toBe(5);
    expect(problems("udp")[0]).toBe('"transport": must be "tcp" or "nats://host:4222,host:4222", found "udp"');
    expect(problems("nats://a?x=1")[0]).toContain('"transport": there is no x=');
  });

  test("the packages that a program is told to install are those that this one is tested with", () => {
    const { dependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      dependencies: Record<string, string>;
    };
    for (const [name, range] of Object.entries(NATS_PACKAGES)) expect(dependencies[name]).toBe(range);
  });
});

describe("names", () => {
  test("are tokens, and different for different things", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(token(a)).toMatch(/^[A-Za-z0-9_]+$/);
        if (a !== b) expect(token(a)).not.toBe(token(b));
      }),
    );
    expect(token("Report#0")).toBe("Report_230");
  });

  test("of one deployment do not begin as those of another", () => {
    expect(new Names("a-b", "1").stream("R.log").startsWith(streamsOf("a"))).toBe(false);
    expect(readerOf(new Names("", "1").entries("R.log", 12, "A#0"))).toBe(12);
    expect(readerOf(new Names("", "1").entries("R.log", null, "A#0"))).toBe(null);
  });
});

describe("messages", () => {
  const wire = new WireFormat([]);
  const head = { from: "A#0", epoch: 7, first: 3, seqs: [3, 4] };

  test("are cut to the size that the server takes, and put together again in any order", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 500 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer(),
        (bytes, size, seed) => {
          const body = Buffer.from(bytes);
          const pieces = [...pack(head, body, size)].sort(
            (a, b) => ((a[a.length - 1] ^ seed) & 7) - ((b[b.length - 1] ^ seed) & 7),
          );
          const assembly = new Assembly();
          const wholes = pieces
            .map((piece) => unpack(piece))
            .map((each) => assembly.add(each.head, each.body))
            .filter((whole) => whole !== null);
          expect(wholes.map((whole) => whole.toString("hex"))).toEqual([body.toString("hex")]);
        },
      ),
    );
  });

  test("whatever else comes is refused and never thrown otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => unpack(bytes)).toThrow(FrameError);
      }),
    );
    for (const wrong of [
      ["e"],
      ["x", "A#0", 1, 1, [1], 0, 1],
      ["e", "A#0", 1, 1, [], 0, 1],
      ["e", "A#0", 1, 1, [1], 1, 1],
      ["e", "A#0", 1, 1, [1], 0, 1e9],
      ["e", 1, 1, 1, [1], 0, 1],
    ])
      expect(() => unpack(encodeFrame(JSON.stringify(wrong)))).toThrow(FrameError);
    const [message] = pack(head, encodeFrame('["m",3]'), 1000);
    const { head: read, body } = unpack(message);
    expect(() => envelopesIn(read, "B#0", body, wire, 1000)).toThrow("2 envelopes are named, 1 have come");
    expect(() => envelopesIn(read, "B#0", encodeFrame('["hello"]'), wire, 1000)).toThrow(FrameError);
  });
});

test("two entries with the same envelopes have the same name, and no others", () => {
  expect(rangesOf([5])).toBe("5");
  expect(rangesOf([5, 6, 7, 9, 11, 12])).toBe("5-7,9,11-12");
  const seqs = fc
    .uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1 })
    .map((each) => each.sort((a, b) => a - b));
  fc.assert(fc.property(seqs, seqs, (a, b) => void expect(rangesOf(a) === rangesOf(b)).toBe(a.join() === b.join())));
});

describe("a sender that comes back", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** It has sent ten, of which it keeps the last three, and one more. */
  function back() {
    const [published, unsent, acked]: number[][] = [[], [], []];
    let asked = 0;
    const peer = new Peer({
      window: 1000,
      hold: null,
      last: 10,
      isUp: () => true,
      ask: () => void asked++,
      publish: (seq) => void published.push(seq),
      onAck: (taken) => void acked.push(taken),
      onUnsent: (seq) => void unsent.push(seq),
      onSilence: () => {},
    });
    for (const seq of [8, 9, 10, 11]) peer.send(seq, Buffer.alloc(10));
    peer.meet(1);
    return { peer, published, unsent, acked, asked: () => asked };
  }

  test("asks what has come, again and again, and sends what has not", async () => {
    const { peer, published, unsent, acked, asked } = back();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([published, asked() > 3]).toEqual([[], true]);
    peer.meet(2);
    peer.take(1, 9, 9);
    expect(published).toEqual([]);
    peer.take(2, 9, 8);
    // Of nine it is not known that it is on a disk: it is kept, and not sent while that process lives.
    expect([published, acked, unsent, peer.unacked]).toEqual([[10, 11], [8], [], 3]);
    peer.meet(3);
    expect(published).toEqual([10, 11, 9, 10, 11]);
  });

  test("sends nothing to one that has more than it knows of", () => {
    const { peer, published, unsent } = back();
    peer.take(1, 11, 9);
    expect([published, unsent]).toEqual([[], [11]]);
  });
});

describe("what a receiver has", () => {
  test("is every number once, whatever the order, and nothing below what has arrived before", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (order, skip) => {
          const received = new Received(1, 1);
          for (const seq of order) {
            expect(received.has(seq)).toBe(false);
            received.note(seq);
            expect(received.has(seq)).toBe(true);
          }
          expect(received.contiguous).toBe(9);
          const late = new Received(1, 1);
          for (const seq of order.slice(0, 4)) late.note(seq);
          late.skipTo(skip);
          expect(late.contiguous).toBeGreaterThanOrEqual(skip - 1);
          for (const seq of order.slice(0, 4)) expect(late.has(seq)).toBe(true);
        },
      ),
    );
  });
});

describe("a receiver on a network that delivers at most once", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A sender and a receiver, with a network that loses and delays by a seed; the receiver may be slow or start again. */
  function pair(loss: number, seed: number, hold: (() => number) | null = null, window = 50) {
    const draw = holdTimes({ minMs: 0, maxMs: 1, seed }, "network");
    const came: number[][] = [];
    let epoch = 1;
    let isStopped = false;
    let most = 0;
    const state = { isUp: true, silences: 0, acks: 0 };
    let got = new Received(1, 1);
    let life: number[] = [];
    came.push(life);
    let isNew = false;
    const peer: Peer = new Peer({
      window,
      hold,
      isUp: () => state.isUp,
      ask: () => {},
      last: 0,
      onUnsent: () => {},
      onAck: () => void state.acks++,
      onSilence: () => void state.silences++,
      publish: (seq, _, first) => {
        most = Math.max(most, seq - first);
        if (draw() < loss) return;
        setTimeout(() => {
          if (isStopped) return;
          if (isNew) got = new Received(epoch, first);
          isNew = false;
          got.skipTo(first);
          if (!got.has(seq)) life.push(seq);
          got.note(seq);
          const { contiguous } = got;
          const of = epoch;
          if (draw() >= loss) setTimeout(() => peer.take(of, contiguous, contiguous), draw() * 20);
        }, draw() * 20);
      },
    });
    peer.meet(1);
    return {
      peer,
      came,
      state,
      most: () => most,
      stop: (stopped: boolean) => void (isStopped = stopped),
      restart: () => {
        epoch++;
        isNew = true;
        life = [];
        came.push(life);
        peer.meet(epoch);
      },
    };
  }

  const body = Buffer.alloc(10);
  const run = async (ms: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));

  test("takes everything once, in spite of losses both ways", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { peer, came, most } = pair(
        0.3,
        seed,
        seed % 2 === 0 ? holdTimes({ minMs: 0, maxMs: 60, seed }, "hold") : null,
      );
      for (let seq = 1; seq <= 60; seq++) peer.send(seq, body);
      await run(120_000);
      expect([...came[0]].sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
      expect([peer.unacked, peer.unackedBytes]).toEqual([0, 0]);
      expect(most()).toBeLessThan(5);
    }
  });

  test("that is stopped gets no more than a window and one question now and then, and the rest when it goes on", async () => {
    const { peer, came, state, stop } = pair(0, 1);
    stop(true);
    for (let seq = 1; seq <= 60; seq++) peer.send(seq, body);
    await run(60_000);
    expect(peer.unacked).toBe(60);
    expect(state.silences).toBeGreaterThan(10);
    stop(false);
    await run(10_000);
    expect(came[0].length).toBe(60);
    expect(peer.unacked).toBe(0);
  });

  test("that starts again gets what the one before had not taken", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { peer, came, restart } = pair(0.2, seed);
      for (let seq = 1; seq <= 30; seq++) peer.send(seq, body);
      await run(40 * seed);
      const taken = 30 - peer.unacked;
      restart();
      await run(60_000);
      expect(peer.unacked).toBe(0);
      expect([...came[1]].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 - taken }, (_, i) => taken + 1 + i));
    }
  });

  test("that had nothing of what was on its way gets it all at once, when it answers or starts again", async () => {
    for (const isNew of [false, true]) {
      const { peer, came, stop, restart } = pair(0, 1, null, 1000);
      stop(true);
      for (let seq = 1; seq <= 60; seq++) peer.send(seq, body);
      await run(10_000);
      stop(false);
      if (isNew) restart();
      // One question at most, and not one for each.
      await run(isNew ? 100 : 2100);
      expect(came.at(-1)?.length).toBe(60);
    }
  });

  test("that is not known yet, or behind a connection that is down, is sent nothing", async () => {
    const { peer, came, state } = pair(0, 1);
    state.isUp = false;
    peer.send(1, body);
    await run(5000);
    expect(came[0]).toEqual([]);
    state.isUp = true;
    peer.sendAgain();
    await run(1000);
    expect(came[0]).toEqual([1]);
  });
});

describe("a log that servers deliver with gaps, twice, or not at all for a while", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A stream whose consumers misbehave by a seed. */
  function streamOf(
    entries: readonly Buffer[],
    seed: number,
  ): { readonly session: Session; readonly consumers: () => number } {
    const draw = holdTimes({ minMs: 0, maxMs: 1, seed }, "stream");
    let callback: ((error: null, message: object) => void) | null = null;
    let next = 1;
    let consumers = 0;
    const give = (seq: number): void => {
      const data = entries[seq - 1];
      callback?.(null, { data, subject: "dlc.a.b.log.L.all", reply: `$JS.ACK.s.c.1.${seq}.${seq}.0.0` });
    };
    const status = (code: number): void => callback?.(null, { headers: { code, description: "so it is" } });
    const connection = {
      subscribe: (_: string, options: { callback: typeof callback }) => {
        callback = options.callback;
        return { unsubscribe: () => (callback = null) };
      },
      publish: () => {
        if (draw() < 0.2) return;
        if (draw() < 0.2) return status(409);
        for (let i = 0; i < 5 && next <= entries.length; i++) {
          if (draw() < 0.1) next++;
          if (draw() < 0.1 && next > 1) give(next - 1);
          if (next <= entries.length) give(next++);
        }
        setTimeout(() => status(408), 100);
      },
    };
    const add = async (_: string, { opt_start_seq: start }: { opt_start_seq: number }): Promise<{ name: string }> => {
      consumers++;
      next = start;
      if (draw() < 0.3) throw new Error("no leader");
      return { name: `c${consumers}` };
    };
    const streams = { consumers: { add, delete: async () => true } };
    const session = { connection, streams, packages: { core: { createInbox: () => "inbox" } } } as unknown as Session;
    return { session, consumers: () => consumers };
  }

  test("is read whole, in its order, every entry once; and on from any place where its reader died", async () => {
    const head = (from: string, seqs: number[]) => ({ from, epoch: 1, first: 1, seqs });
    const short = Buffer.from("body");
    // Of A: 3 and 4 come twice, in another entry; of B one entry is in three pieces, among which others stand.
    const [one, two, three] = pack(head("B#0", [1]), Buffer.from("a long body"), 4);
    const small = (from: string, ...seqs: number[]): Buffer => pack(head(from, seqs), short, 100)[0];
    const rest = Array.from({ length: 30 }, (_, i) => small("C#0", i + 1));
    const entries = [
      small("A#0", 1, 2),
      one,
      small("A#0", 3),
      two,
      Buffer.from("nonsense"),
      small("A#0", 3, 4),
      three,
      small("A#0", 4),
      ...rest,
    ];
    const wanted = ["A#0 1,2", "A#0 3", "A#0 3,4", "B#0 1", "A#0 4", ...rest.map((_, i) => `C#0 ${i + 1}`)];
    let most = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const { session, consumers } = streamOf(entries, seed);
      /** What is read from there on; of each entry, up to where a reader that dies after it has read. */
      const readAfter = async (after: number): Promise<readonly (readonly [string, number])[]> => {
        const read: [string, number][] = [];
        const refused: string[] = [];
        const reader = new LogReader({
          session,
          stream: "s",
          log: "L",
          room: () => null,
          onEntry: (_, { from, seqs }, body, upTo) => {
            expect(body.toString()).toBe(from === "B#0" ? "a long body" : "body");
            read.push([`${from} ${seqs.join(",")}`, upTo]);
            return null;
          },
          onEpochEnd: () => {},
          onRefused: (reason) => void refused.push(reason),
          say: () => {},
        });
        void reader.read(after);
        await vi.advanceTimersByTimeAsync(120_000);
        reader.close();
        expect(refused).toEqual(after < 5 ? ["entry 5 of the log L: a message without a head"] : []);
        return read;
      };
      const all = await readAfter(0);
      expect(all.map(([entry]) => entry)).toEqual(wanted);
      most = Math.max(most, consumers());
      const at = seed % all.length;
      const again = (await readAfter(all[at][1])).map(([entry]) => entry);
      // Some that it had read stand between the pieces that it had not, and are read again.
      expect(again.length).toBeGreaterThanOrEqual(all.length - at - 1);
      expect(again.slice(again.length - (all.length - at - 1))).toEqual(wanted.slice(at + 1));
    }
    expect(most).toBeGreaterThan(5);
  });
});
