/**
 * One receiver of core NATS, which delivers at most once: what it has not taken is kept, and sent again when it seems to
 * have been lost. No more is on its way than the receiver can keep while it is slow.
 *
 *   -> a message of packets.ts, on the receiver's subject
 *   -> ["q", sender, epoch]                              what has come of it?
 *   <- ["a", receiver, its start, epoch, got, taken]     got: all up to it have come; taken: and it answers for them
 */

export interface PeerOptions {
  /** Publishes one envelope. `first`: number of the first that has not been taken. */
  readonly publish: (seq: number, body: Buffer, first: number) => void;
  /** Bytes on their way at most; one envelope at least. */
  readonly window: number;
  /** How long to hold the next envelope, milliseconds; null: not at all. */
  readonly hold: (() => number) | null;
  readonly isUp: () => boolean;
  /** Asks what it has: it answers as to a message. */
  readonly ask: () => void;
  /** Number of the last envelope that an earlier life of this process has sent it. */
  readonly last: number;
  /** All up to that number have been taken. */
  readonly onAck: (taken: number) => void;
  /** It has more than was ever sent to it. */
  readonly onUnsent: (seq: number) => void;
  /** Nothing has been heard of it for a while. */
  readonly onSilence: () => void;
}

const FIRST_PROBE_MS = 250;
const LAST_PROBE_MS = 2000;

interface Kept {
  readonly seq: number;
  readonly body: Buffer;
  /** False while an added delay holds it. */
  released: boolean;
}

export class Peer {
  readonly #options: PeerOptions;
  /** Which process the receiver is; null: it is not known to live. */
  #start: number | null = null;
  /** False: it may know of messages that an earlier life has sent and this one does not know of, so that none goes before it has answered. */
  #isGreeted: boolean;
  #last: number;
  /** In order of numbers; before `#head` they are taken, before `#next` on their way. */
  #kept: Kept[] = [];
  #head = 0;
  #next = 0;
  #inFlight = 0;
  #got = 0;
  #isProbing = false;
  #probe: NodeJS.Timeout | null = null;
  #probeMs = FIRST_PROBE_MS;
  readonly #holds = new Set<NodeJS.Timeout>();
  #isClosed = false;
  unackedBytes = 0;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#last = options.last;
    this.#isGreeted = options.last === 0;
  }

  get unacked(): number {
    return this.#kept.length - this.#head;
  }

  send(seq: number, body: Buffer): void {
    if (this.#isClosed) return;
    const { hold } = this.#options;
    const kept: Kept = { seq, body, released: hold === null };
    this.#kept.push(kept);
    this.#last = Math.max(this.#last, seq);
    this.unackedBytes += body.length;
    if (hold !== null) {
      const timer = setTimeout(() => {
        this.#holds.delete(timer);
        kept.released = true;
        if (this.#kept.indexOf(kept) < this.#next) this.#publish(kept);
        else this.#pump();
      }, hold());
      this.#holds.add(timer);
    }
    this.#pump();
  }

  /** It lives, as that process. One that is not the last knows nothing of what that had not taken. */
  meet(start: number): void {
    if (start === this.#start) return;
    this.#start = start;
    this.#got = 0;
    this.sendAgain();
  }

  /** All that is on its way may have been lost. */
  sendAgain(): void {
    this.#next = this.#head;
    this.#inFlight = 0;
    this.#isProbing = false;
    this.#probeMs = FIRST_PROBE_MS;
    if (!this.#isGreeted) this.#stopAsking();
    this.#pump();
  }

  take(start: number, got: number, taken: number): void {
    if (start !== this.#start || this.#isClosed) return;
    if (got > (this.#isGreeted ? this.#last : this.#options.last)) return this.#options.onUnsent(got);
    let isProgress = got > this.#got || !this.#isGreeted;
    this.#isGreeted = true;
    this.#got = Math.max(this.#got, got);
    while (this.#head < this.#kept.length && this.#kept[this.#head].seq <= taken) {
      const bytes = this.#kept[this.#head].body.length;
      if (this.#head < this.#next) this.#inFlight -= bytes;
      else this.#next++;
      this.#head++;
      this.unackedBytes -= bytes;
      isProgress = true;
    }
    if (isProgress) {
      this.#probeMs = FIRST_PROBE_MS;
      this.#rearm();
    }
    if (this.#head > 512 && this.#head * 2 > this.#kept.length) {
      this.#kept.splice(0, this.#head);
      this.#next -= this.#head;
      this.#head = 0;
    }
    const wasProbing = this.#isProbing;
    this.#isProbing = false;
    // It answers, and lacks something that was sent before the question.
    if (wasProbing && this.#next > this.#head && this.#kept[this.#next - 1].seq > this.#got) this.sendAgain();
    else this.#pump();
    if (isProgress) this.#options.onAck(taken);
  }

  #pump(): void {
    if (this.#start === null || this.#isClosed || !this.#options.isUp()) return;
    if (!this.#isGreeted) {
      if (this.#probe === null) this.#ask();
      return;
    }
    const { window } = this.#options;
    while (this.#next < this.#kept.length) {
      const kept = this.#kept[this.#next];
      if (this.#inFlight > 0 && this.#inFlight + kept.body.length > window) break;
      this.#inFlight += kept.body.length;
      this.#next++;
      if (kept.seq > this.#got) this.#publish(kept);
    }
    if (this.#next > this.#head) this.#probe ??= setTimeout(() => this.#ask(), this.#probeMs);
  }

  #publish(kept: Kept): void {
    if (!kept.released || this.#start === null || this.#isClosed || !this.#options.isUp()) return;
    this.#options.publish(kept.seq, kept.body, this.#kept[this.#head]?.seq ?? kept.seq);
  }

  #rearm(): void {
    if (this.#probe === null) return;
    this.#stopAsking();
    if (this.#next > this.#head) this.#probe = setTimeout(() => this.#ask(), this.#probeMs);
  }

  /** What has it? One envelope again: its acknowledgement says what has come of the others. */
  #ask(): void {
    this.#probe = null;
    if (this.#isClosed || (this.#isGreeted && this.#next === this.#head)) return;
    if (this.#isGreeted) {
      let at = this.#head;
      while (at < this.#next - 1 && this.#kept[at].seq <= this.#got) at++;
      this.#isProbing = true;
      this.#publish(this.#kept[at]);
    } else if (this.#options.isUp()) {
      this.#options.ask();
    }
    if (this.#probeMs >= LAST_PROBE_MS) this.#options.onSilence();
    this.#probeMs = Math.min(this.#probeMs * 2, LAST_PROBE_MS);
    this.#probe = setTimeout(() => this.#ask(), this.#probeMs);
  }

  #stopAsking(): void {
    if (this.#probe !== null) clearTimeout(this.#probe);
    this.#probe = null;
  }

  /** Drops what has not been taken, for good. */
  close(): void {
    this.#isClosed = true;
    this.#stopAsking();
    for (const hold of this.#holds) clearTimeout(hold);
    this.#holds.clear();
    this.#kept = [];
    this.#head = this.#next = this.#inFlight = 0;
    this.unackedBytes = 0;
  }
}
