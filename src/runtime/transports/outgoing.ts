/** One peer that this process sends to: what it has not acknowledged is kept, and sent again after a reconnection. */
import type { Socket } from "node:net";
import { encodeFrame, FrameError, FrameReader } from "./frames.ts";
import type { Backlog } from "./transport.ts";

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

const FIRST_RETRY_MS = 10;
const LAST_RETRY_MS = 1000;
/** An outage shorter than this is not worth a line. */
const QUIET_MS = 1500;

interface Kept {
  readonly seq: number;
  readonly frames: readonly Buffer[];
  readonly bytes: number;
  /** False while an added delay holds it. */
  released: boolean;
}

export interface OutgoingOptions {
  /** `Report#1`. */
  readonly name: string;
  readonly address: () => PeerAddress;
  readonly connect: () => Socket;
  /** The event of that socket after which it can be written to. */
  readonly ready: string;
  /** The hello frame's fields before the number of the first envelope that follows. */
  readonly hello: readonly unknown[];
  /** How long to hold the next envelope, milliseconds; null: not at all. */
  readonly hold: (() => number) | null;
  /** Number of the last envelope that was sent in an earlier life of this process. */
  readonly last: number;
  readonly onAck: (seq: number) => void;
  /** The peer has more than was ever sent to it. */
  readonly onUnsent: (seq: number) => void;
  /** The peer takes nothing any more from this process, which has been declared gone. */
  readonly onDisowned: () => void;
  /** Something a person should read. */
  readonly log: (line: string) => void;
}

export class Outgoing {
  readonly #options: OutgoingOptions;
  #socket: Socket | null = null;
  #connected = false;
  #retryMs = FIRST_RETRY_MS;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;
  #downSince = 0;
  #told = false;
  /** False: it may know of messages that an earlier life has sent and this one does not know of, so that none goes before it has answered. */
  #isGreeted: boolean;
  /** In order of numbers; the first `#head` are acknowledged. */
  #kept: Kept[] = [];
  #head = 0;
  #last: number;
  readonly #holds = new Set<NodeJS.Timeout>();
  unackedBytes = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#last = options.last;
    this.#isGreeted = options.last === 0;
  }

  /** Envelopes sent, ever: they are numbered without gaps. */
  get sent(): number {
    return this.#last;
  }

  get unacked(): number {
    return this.#kept.length - this.#head;
  }

  get backlog(): Backlog {
    const { unacked, unackedBytes } = this;
    return { messages: unacked, bytes: unackedBytes, acked: this.#last - unacked, isReported: this.#told };
  }

  send(seq: number, frames: readonly Buffer[]): void {
    if (this.#closed) return;
    let bytes = 0;
    for (const frame of frames) bytes += frame.length;
    const hold = this.#options.hold;
    const kept: Kept = { seq, frames, bytes, released: hold === null };
    this.#kept.push(kept);
    this.#last = Math.max(this.#last, seq);
    this.unackedBytes += bytes;
    if (hold !== null) {
      const timer = setTimeout(() => {
        this.#holds.delete(timer);
        kept.released = true;
        this.#write(kept);
      }, hold());
      this.#holds.add(timer);
    }
    if (this.#connected) {
      if (kept.released) this.#write(kept);
    } else if (this.#socket === null && this.#retry === null) {
      this.#connect();
    }
  }

  #write(kept: Kept): void {
    const socket = this.#socket;
    if (!this.#connected || !this.#isGreeted || socket === null) return;
    if (kept.frames.length > 1) socket.cork();
    for (const frame of kept.frames) socket.write(frame);
    if (kept.frames.length > 1) socket.uncork();
  }

  #writeKept(): void {
    for (let i = this.#head; i < this.#kept.length; i++) if (this.#kept[i].released) this.#write(this.#kept[i]);
  }

  #connect(): void {
    this.#retry = null;
    const socket = this.#options.connect();
    this.#socket = socket;
    socket.setNoDelay(true);
    const reader = new FrameReader();
    socket.on(this.#options.ready, () => {
      this.#connected = true;
      socket.cork();
      const first = this.#kept[this.#head]?.seq ?? this.#last + 1;
      socket.write(encodeFrame(JSON.stringify(["hello", ...this.#options.hello, first])));
      this.#writeKept();
      socket.uncork();
    });
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk, (frame) => this.#take(frame));
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        this.#options.log(`${this.#options.name} answers in no form known here, connection closed: ${error.message}`);
        socket.destroy();
      }
    });
    socket.on("error", (error: NodeJS.ErrnoException) => this.#down(error.code ?? error.message));
    socket.on("close", () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#connected = false;
      if (this.#closed || this.unacked === 0) return;
      this.#down("the connection was closed");
      this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    });
  }

  #down(reason: string): void {
    const now = Date.now();
    this.#downSince ||= now;
    if (this.#closed || this.#told || now - this.#downSince < QUIET_MS) return;
    this.#told = true;
    const { host, port } = this.#options.address();
    this.#options.log(
      `${this.#options.name} at ${host}:${port} cannot be reached (${reason}), trying again; messages that wait: ${this.unacked}`,
    );
  }

  #take(frame: readonly unknown[]): void {
    const [kind, number] = frame;
    if (kind === "refuse") {
      this.#options.log(`${this.#options.name} refuses the connection: ${String(number)}`);
      // It may be replaced by the right one, but not within milliseconds.
      this.#retryMs = LAST_RETRY_MS;
      return;
    }
    if (kind === "gone") return this.#options.onDisowned();
    if ((kind !== "ack" && kind !== "welcome") || typeof number !== "number") {
      throw new FrameError(`expected an acknowledgement, found ${JSON.stringify(frame).slice(0, 80)}`);
    }
    if (number > (this.#isGreeted ? this.#last : this.#options.last)) return this.#options.onUnsent(number);
    if (this.#told) this.#options.log(`${this.#options.name} is reached again`);
    this.#told = false;
    this.#downSince = 0;
    this.#retryMs = FIRST_RETRY_MS;
    const before = this.#head;
    while (this.#head < this.#kept.length && this.#kept[this.#head].seq <= number) {
      this.unackedBytes -= this.#kept[this.#head++].bytes;
    }
    if (this.#head > 512 && this.#head * 2 > this.#kept.length) {
      this.#kept.splice(0, this.#head);
      this.#head = 0;
    }
    if (!this.#isGreeted) {
      this.#isGreeted = true;
      this.#writeKept();
    }
    if (this.#head !== before) this.#options.onAck(number);
  }

  /** Cuts the connection; it comes back by itself while something is unacknowledged. */
  interrupt(): void {
    this.#socket?.destroy();
  }

  /** Drops what is unacknowledged and ends the connection for good. */
  close(): void {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    for (const hold of this.#holds) clearTimeout(hold);
    this.#holds.clear();
    this.#kept = [];
    this.#head = 0;
    this.unackedBytes = 0;
    this.#socket?.destroySoon();
  }
}
