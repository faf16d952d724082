/**
 * One log as this process reads it: every entry of its stream, in its order, from the first on. What is wrong with an
 * entry is so for every reader, so that all leave out the same.
 */
import type { JsMsg } from "@nats-io/jetstream";
import { FrameError } from "../frames.ts";
import { Received } from "../received.ts";
import { Assembly, unpack } from "./packets.ts";
import type { Head } from "./packets.ts";
import { later } from "./session.ts";
import type { Session } from "./session.ts";

/** Messages asked for at a time; each is 64 KB at most. */
const AHEAD = 64;
/** How long a request for messages stands: a lost server is noticed within this. */
const EXPIRES_MS = 2000;
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
        this.#options.say(`the log ${this.#options.log} cannot be read on after entry ${this.#last} (${reason}), trying again`);
        brokenSince = 0;
      }
      await later(RETRY_MS);
    }
  }

  /** From where it is, as long as no entry is missing; the reason why it ended. */
  async #readOn(): Promise<string> {
    const { session, stream, room } = this.#options;
    const consumer = await session.log.consumers.get(stream, { deliver_policy: "by_start_sequence", opt_start_seq: this.#last + 1 });
    const messages = await consumer.consume({ max_messages: AHEAD, expires: EXPIRES_MS, idle_heartbeat: EXPIRES_MS / 4 });
    this.#stop = () => messages.stop();
    try {
      for await (const message of messages) {
        if (this.#isClosed) break;
        if (message.seq <= this.#last) continue;
        if (message.seq > this.#last + 1) return `entry ${message.seq} comes after it, and those between are missing`;
        const wait = room();
        if (wait !== null) await wait;
        this.#take(message);
        this.#last = message.seq;
      }
      return "the stream ended";
    } finally {
      messages.stop();
    }
  }

  #take(message: JsMsg): void {
    try {
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
      if (!(error instanceof FrameError)) throw error;
      this.#options.onRefused(`entry ${message.seq} of the log ${this.#options.log}: ${error.message}`);
    }
  }

  #senderOf({ from, epoch }: Head): Sender {
    const name = `${from} ${epoch}`;
    let sender = this.#senders.get(name);
    // From its first: a log is read from the beginning, where every sender begins.
    if (sender === undefined) this.#senders.set(name, (sender = { received: new Received(epoch, 1), assembly: new Assembly() }));
    return sender;
  }

  close(): void {
    this.#isClosed = true;
    this.#stop?.();
  }
}
