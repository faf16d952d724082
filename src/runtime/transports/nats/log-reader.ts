/**
 * One log as this process reads it: every entry of its stream, in its order, from the first on. What is wrong with an
 * entry is so for every reader, so that all leave out the same.
 */
import type { Msg, Subscription } from "@nats-io/transport-node";
import { FrameError } from "../frames.ts";
import { Received } from "../received.ts";
import { endsEpoch } from "./names.ts";
import { Assembly, unpack } from "./packets.ts";
import type { Head } from "./packets.ts";
import { endWith, later } from "./session.ts";
import type { Session } from "./session.ts";

/** Messages asked for at a time; each is 64 KB at most. */
const AHEAD = 64;
/** How long a request for messages stands, and how soon the server says that there are none. */
const EXPIRES_MS = 5000;
const HEARTBEAT_MS = 500;
const SILENCE_MS = 4 * HEARTBEAT_MS;
/** Status codes: a heartbeat; and the request has had its time. Messages have none. */
const HEARTBEAT = 100;
const NOTHING_MORE: readonly number[] = [404, 408];
/** The server forgets a reader that asks for nothing so long. */
const INACTIVE_MS = 60_000;
const RETRY_MS = 200;
const QUIET_MS = 10_000;

export interface LogReaderOptions {
  readonly session: Session;
  readonly stream: string;
  readonly log: string;
  /** Resolves when entries may be taken; null: now. */
  readonly room: () => Promise<void> | null;
  /** Envelopes that had not come before, by their numbers; the whole body, with those that had. */
  readonly onEntry: (subject: string, head: Head, fresh: ReadonlySet<number>, body: Buffer) => void;
  /** A mark that the epoch of that number is over. */
  readonly onEpochEnd: (number: number) => void;
  readonly onRefused: (reason: string) => void;
  readonly onDuplicate: (count: number) => void;
  readonly say: (line: string) => void;
}

/** One life of a sender. */
interface Sender {
  readonly received: Received;
  readonly assembly: Assembly;
}

export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #senders = new Map<string, Sender>();
  #last = 0;
  #isClosed = false;
  #stop: (() => void) | null = null;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** Reads until it is closed. */
  async read(): Promise<void> {
    let brokenSince = 0;
    while (!this.#isClosed) {
      const before = this.#last;
      let reason: string;
      try {
        reason = await this.#readOn();
      } catch (error) {
        reason = (error as Error).message;
      }
      if (this.#isClosed) return;
      if (this.#last > before) brokenSince = 0;
      brokenSince ||= Date.now();
      if (Date.now() - brokenSince > QUIET_MS) {
        this.#options.say(
          `the log ${this.#options.log} cannot be read on after entry ${this.#last} (${reason}), trying again`,
        );
        brokenSince = 0;
      }
      await later(RETRY_MS);
    }
  }

  /** From where it is, as long as something is heard of it and no entry is missing; the reason why it ended. */
  async #readOn(): Promise<string> {
    const { session, stream } = this.#options;
    // It lives on one server, in memory: who loses it goes on from the last entry with another.
    const { name } = await session.streams.consumers.add(stream, {
      deliver_policy: "by_start_sequence",
      opt_start_seq: this.#last + 1,
      ack_policy: "none",
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanoseconds(INACTIVE_MS),
    });
    const arrivals = new Arrivals(session);
    this.#stop = () => arrivals.end();
    try {
      return await this.#pull(arrivals, `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`);
    } finally {
      arrivals.end();
      session.streams.consumers.delete(stream, name).catch(() => {});
    }
  }

  async #pull(arrivals: Arrivals, subject: string): Promise<string> {
    const request = { batch: AHEAD, expires: nanoseconds(EXPIRES_MS), idle_heartbeat: nanoseconds(HEARTBEAT_MS) };
    let asked = 0;
    for (;;) {
      if (asked === 0) {
        arrivals.ask(subject, JSON.stringify(request));
        asked = AHEAD;
      }
      const message = await arrivals.next(SILENCE_MS);
      if (this.#isClosed) return "it was closed";
      if (message === null) return "nothing is heard of it";
      const code = message.headers?.code ?? 0;
      if (code === 0) {
        asked--;
        const seq = sequenceOf(message);
        if (seq <= this.#last) continue;
        if (seq > this.#last + 1) return `entry ${seq} comes after it, and those between are missing`;
        const wait = this.#options.room();
        if (wait !== null) await wait;
        this.#take(message, seq);
        this.#last = seq;
      } else if (NOTHING_MORE.includes(code)) {
        asked = 0;
      } else if (code !== HEARTBEAT) {
        return `${code} ${message.headers?.description}`;
      }
    }
  }

  #take(message: Msg, seq: number): void {
    try {
      if (endsEpoch(message.subject)) return this.#options.onEpochEnd(Number(message.string()));
      const { head, body } = unpack(message.data);
      const sender = this.#senderOf(head);
      const whole = sender.assembly.add(head, body);
      if (whole === null) return;
      sender.received.skipTo(head.first);
      sender.assembly.skipTo(head.first);
      const fresh = new Set(head.seqs.filter((seq) => !sender.received.has(seq)));
      for (const seq of head.seqs) sender.received.note(seq);
      if (fresh.size < head.seqs.length) this.#options.onDuplicate(head.seqs.length - fresh.size);
      if (fresh.size > 0) this.#options.onEntry(message.subject, head, fresh, whole);
    } catch (error) {
      if (!(error instanceof FrameError)) return endWith(error);
      this.#options.onRefused(`entry ${seq} of the log ${this.#options.log}: ${error.message}`);
    }
  }

  #senderOf({ from, epoch }: Head): Sender {
    const name = `${from} ${epoch}`;
    let sender = this.#senders.get(name);
    // From its first: a log is read from the beginning, where every sender begins.
    if (sender === undefined)
      this.#senders.set(name, (sender = { received: new Received(epoch, 1), assembly: new Assembly() }));
    return sender;
  }

  close(): void {
    this.#isClosed = true;
    this.#stop?.();
  }
}

/** What a consumer answers, on a subject of its own. */
class Arrivals {
  readonly #session: Session;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #messages: Msg[] = [];
  #wake: (() => void) | null = null;

  constructor(session: Session) {
    this.#session = session;
    this.#inbox = session.packages.core.createInbox();
    this.#subscription = session.connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error === null) this.#messages.push(message);
        this.#wake?.();
      },
    });
  }

  ask(subject: string, request: string): void {
    this.#session.connection.publish(subject, request, { reply: this.#inbox });
  }

  /** null: none came within so many milliseconds. */
  async next(ms: number): Promise<Msg | null> {
    const next = this.#messages.shift();
    if (next !== undefined) return next;
    let timer: NodeJS.Timeout | null = null;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    if (timer !== null) clearTimeout(timer);
    this.#wake = null;
    return this.#messages.shift() ?? null;
  }

  end(): void {
    this.#subscription.unsubscribe();
    this.#wake?.();
  }
}

/** From `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.…`, which newer servers write with a domain and an account first. */
function sequenceOf(message: Msg): number {
  const parts = (message.reply ?? "").split(".");
  return Number(parts[parts.length > 9 ? 7 : 5]);
}

function nanoseconds(ms: number): number {
  return ms * 1_000_000;
}
