/**
 * One log as this process reads it: every entry of its stream, in its order, from the first on, or from where an earlier life
 * was. What is wrong with an entry is so for every reader, so that all leave out the same.
 */
import type { Msg, Subscription } from "@nats-io/transport-node";
import { FrameError } from "../frames.ts";
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
  /** An entry that has come whole. `upTo`: all up to there has. A promise: the next is read when it resolves. */
  readonly onEntry: (subject: string, head: Head, body: Buffer, upTo: number) => Promise<void> | null;
  /** A mark that the epoch of that number is over. */
  readonly onEpochEnd: (number: number, upTo: number) => void;
  readonly onRefused: (reason: string) => void;
  readonly say: (line: string) => void;
}

export class LogReader {
  readonly #options: LogReaderOptions;
  /** By life of a sender. */
  readonly #assemblies = new Map<string, Assembly>();
  #last = 0;
  #isClosed = false;
  #stop: (() => void) | null = null;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** All up to this entry has been read. */
  get last(): number {
    return this.#last;
  }

  /** Reads until it is closed. Everything up to the entry `after` has been taken. */
  async read(after: number): Promise<void> {
    this.#last = after;
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
        const taken = this.#take(message, seq);
        if (taken !== null) await taken.catch(endWith);
        this.#last = seq;
      } else if (NOTHING_MORE.includes(code)) {
        asked = 0;
      } else if (code !== HEARTBEAT) {
        return `${code} ${message.headers?.description}`;
      }
    }
  }

  #take(message: Msg, seq: number): Promise<void> | null {
    try {
      if (endsEpoch(message.subject)) {
        this.#options.onEpochEnd(Number(message.string()), this.#upTo(seq));
        return null;
      }
      const { head, body } = unpack(message.data);
      const assembly = this.#assemblyOf(head);
      assembly.skipTo(head.first);
      const whole = assembly.add(head, body, seq);
      if (whole !== null) return this.#options.onEntry(message.subject, head, whole, this.#upTo(seq));
    } catch (error) {
      if (!(error instanceof FrameError)) endWith(error);
      else this.#options.onRefused(`entry ${seq} of the log ${this.#options.log}: ${error.message}`);
    }
    return null;
  }

  #assemblyOf({ from, epoch }: Head): Assembly {
    const name = `${from} ${epoch}`;
    let assembly = this.#assemblies.get(name);
    if (assembly === undefined) this.#assemblies.set(name, (assembly = new Assembly()));
    return assembly;
  }

  /** Who comes back needs the pieces of what has not come whole: it reads again, from the first of them on. */
  #upTo(seq: number): number {
    let upTo = seq;
    for (const { place } of this.#assemblies.values()) upTo = Math.min(upTo, place - 1);
    return upTo;
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
