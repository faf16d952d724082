/**
 * What this process appends to one stream of JetStream, in which every entry is stored once, however often it is sent. Under
 * load, the envelopes of several steps share an entry.
 */
import { pack } from "./packets.ts";
import { later } from "./session.ts";
import type { Session } from "./session.ts";

/** Entries on their way at most. */
const WINDOW = 16;
/** Envelopes share an entry up to this size, and a message is no longer. Bytes. */
const ENTRY_BYTES = 64 * 1024;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2000;
/** An outage shorter than this is not worth a line. */
const QUIET_MS = 3000;

export interface StreamWriterOptions {
  readonly session: Session;
  /** What it is, for a person. */
  readonly title: string;
  readonly from: string;
  readonly epoch: number;
  /** Resolves when another entry may be stored; null: now. */
  readonly room?: () => Promise<void> | null;
  /** `place`: the last that the envelopes of these numbers have in it. */
  readonly onStored: (seqs: readonly number[], place: number, bytes: number) => void;
  readonly say: (line: string) => void;
}

interface Waiting {
  readonly seq: number;
  readonly subject: string;
  readonly body: Buffer;
}

export class StreamWriter {
  readonly #options: StreamWriterOptions;
  /** By number, in order: what is not stored. */
  readonly #unstored = new Map<number, Waiting>();
  /** Of these, what is not on its way. */
  #queue: Waiting[] = [];
  #inFlight = 0;
  /** For room. */
  #isWaiting = false;
  readonly #holds = new Set<NodeJS.Timeout>();
  #isClosed = false;
  #downSince = 0;
  #isTold = false;
  unackedBytes = 0;

  constructor(options: StreamWriterOptions) {
    this.#options = options;
  }

  get unacked(): number {
    return this.#unstored.size;
  }

  /** All before this number is stored; Infinity: all is. */
  get firstUnstored(): number {
    const [first = Infinity] = this.#unstored.keys();
    return first;
  }

  /** `subject`: whom it is for. `holdMs`: how long to hold it before. */
  append(seq: number, subject: string, body: Buffer, holdMs: number): void {
    if (this.#isClosed) return;
    const waiting: Waiting = { seq, subject, body };
    this.#unstored.set(seq, waiting);
    this.unackedBytes += body.length;
    const queue = (): void => {
      this.#queue.push(waiting);
      this.#pump();
    };
    if (holdMs <= 0) return queue();
    const timer = setTimeout(() => {
      this.#holds.delete(timer);
      queue();
    }, holdMs);
    this.#holds.add(timer);
  }

  #pump(): void {
    if (this.#isWaiting) return;
    while (this.#inFlight < WINDOW && this.#queue.length > 0) {
      const wait = this.#options.room?.() ?? null;
      if (wait !== null) return this.#pumpAfter(wait);
      void this.#store(this.#next());
    }
  }

  #pumpAfter(room: Promise<void>): void {
    this.#isWaiting = true;
    void room.then(() => {
      this.#isWaiting = false;
      this.#pump();
    });
  }

  /** As much of the queue as one entry holds, all for the same readers. */
  #next(): readonly Waiting[] {
    let size = 0;
    let count = 0;
    const [{ subject }] = this.#queue;
    while (count < this.#queue.length) {
      const waiting = this.#queue[count];
      if (count > 0 && (waiting.subject !== subject || size + waiting.body.length > ENTRY_BYTES)) break;
      size += waiting.body.length;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #store(entry: readonly Waiting[]): Promise<void> {
    const { from, epoch, session } = this.#options;
    this.#inFlight++;
    const [{ subject }] = entry;
    const seqs = entry.map(({ seq }) => seq);
    const body = entry.length === 1 ? entry[0].body : Buffer.concat(entry.map((each) => each.body));
    const size = Math.min(ENTRY_BYTES, (session.connection.info?.max_payload ?? ENTRY_BYTES) >> 1);
    const name = `${from}.${epoch}.${rangesOf(seqs)}`;
    let place = 0;
    let retryMs = FIRST_RETRY_MS;
    while (!this.#isClosed) {
      const [first = seqs[0]] = this.#unstored.keys();
      const messages = pack({ from, epoch, first, seqs }, body, size);
      try {
        const stored = await Promise.all(
          messages.map((message, piece) =>
            session.log.publish(subject, message, { msgID: `${name}.${piece}/${messages.length}` }),
          ),
        );
        place = Math.max(...stored.map(({ seq }) => seq));
        break;
      } catch (error) {
        this.#down(error as Error);
        await later(retryMs);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      }
    }
    if (this.#isClosed) return;
    this.#up();
    this.#inFlight--;
    for (const { seq, body: stored } of entry) {
      this.#unstored.delete(seq);
      this.unackedBytes -= stored.length;
    }
    this.#pump();
    this.#options.onStored(seqs, place, body.length);
  }

  #down(error: Error): void {
    const now = Date.now();
    this.#downSince ||= now;
    if (this.#isTold || now - this.#downSince < QUIET_MS) return;
    this.#isTold = true;
    this.#options.say(
      `${this.#options.title} takes nothing (${reasonOf(error)}), trying again; messages that wait: ${this.unacked}`,
    );
  }

  #up(): void {
    if (this.#isTold) this.#options.say(`${this.#options.title} takes messages again`);
    this.#downSince = 0;
    this.#isTold = false;
  }

  /** Drops what is not stored. */
  close(): void {
    this.#isClosed = true;
    for (const hold of this.#holds) clearTimeout(hold);
    this.#unstored.clear();
    this.#queue = [];
    this.unackedBytes = 0;
  }
}

/**
 * `5-7,9`: two entries with the same envelopes, and no others, have the same name. The server drops one whose name it knows, and
 * a process that comes back puts together other entries than before.
 */
export function rangesOf(seqs: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const seq of seqs) {
    const last = ranges.at(-1);
    if (last?.[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

/** A stream without a leader looks to the client as if there were no JetStream. */
function reasonOf({ name, message }: Error): string {
  return name === "JetStreamNotEnabled" || /not enabled|no responders/i.test(message) ? "no server leads it" : message;
}
