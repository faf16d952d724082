/** What stands in one stream, in its order, as long as this process wants to read it: each message once, whichever servers are lost meanwhile. */
import type { Msg, Subscription } from "@nats-io/transport-node";
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

export interface StreamReaderOptions {
  readonly session: Session;
  readonly stream: string;
  /** What it is, for a person. */
  readonly title: string;
  /** Nothing is ever removed from it. Else what is missing has been removed, unless it was lost on its way. */
  readonly isWhole: boolean;
  /** Resolves when messages may be taken; null: now. */
  readonly room: () => Promise<void> | null;
  /** What stands at that place. A promise: the next is read when it resolves. */
  readonly take: (message: Msg, place: number) => Promise<void> | null;
  readonly say: (line: string) => void;
}

export class StreamReader {
  readonly #options: StreamReaderOptions;
  #last = 0;
  #isClosed = false;
  #stop: (() => void) | null = null;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
  }

  /** All up to this place has been read. */
  get last(): number {
    return this.#last;
  }

  /** Reads until it is closed. Everything up to the place `after` has been taken. */
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
          `${this.#options.title} cannot be read on after entry ${this.#last} (${reason}), trying again`,
        );
        brokenSince = 0;
      }
      await later(RETRY_MS);
    }
  }

  /** From where it is, as long as something is heard of it and nothing is missing; the reason why it ended. */
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
    const { isWhole, room, take } = this.#options;
    let asked = 0;
    let delivered = 0;
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
        const { place, number } = placeOf(message);
        if (isWhole && place > this.#last + 1) return `entry ${place} comes after it, and those between are missing`;
        if (!isWhole && number > ++delivered)
          return `${number - delivered} that came before entry ${place} are missing`;
        if (place <= this.#last) continue;
        for (let wait = room(); wait !== null; wait = room()) await wait;
        if (this.#isClosed) return "it was closed";
        const taken = take(message, place);
        if (taken !== null) await taken.catch(endWith);
        this.#last = place;
      } else if (NOTHING_MORE.includes(code)) {
        asked = 0;
      } else if (code !== HEARTBEAT) {
        return `${code} ${message.headers?.description}`;
      }
    }
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

/**
 * Where a message stands, and the how manieth it is that its consumer has sent: from `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<number>.…`,
 * which newer servers write with a domain and an account first.
 */
function placeOf(message: Msg): { readonly place: number; readonly number: number } {
  const parts = (message.reply ?? "").split(".");
  const at = parts.length > 9 ? 7 : 5;
  return { place: Number(parts[at]), number: Number(parts[at + 1]) };
}

function nanoseconds(ms: number): number {
  return ms * 1_000_000;
}
