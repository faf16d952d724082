/**
 * What comes from peers: each envelope is handed on once, whatever comes again. What comes over core NATS is acknowledged; while nobody
 * takes anything it is held here, and its senders send no more than their windows.
 */
import type { Envelope } from "../../messages.ts";
import { LOG } from "../../routing.ts";
import { FrameError } from "../frames.ts";
import { Received } from "../received.ts";
import type { Past } from "../transport.ts";
import type { WireFormat } from "../wire.ts";
import { Assembly, envelopesIn, unpack } from "./packets.ts";
import type { Head } from "./packets.ts";

export interface ReceiverOptions {
  readonly self: string;
  readonly wire: WireFormat;
  /** Bytes of a frame at most. */
  readonly longest: number;
  /** False: it is not known to be a member; it sends again, and by then it may be. Throws FrameError for strangers. */
  readonly isMember: (from: string, epoch: number) => boolean;
  readonly onEnvelope: (envelope: Envelope) => void;
  readonly onOutdated: (why: string) => void;
  readonly refuse: (reason: string) => void;
  /** Of itself; else only whoever asks is answered. */
  readonly acknowledges: boolean;
  /** Publishes an acknowledgement, as peer.ts has it; false: that cannot be done now. */
  readonly tell: (from: string, epoch: number, got: number, taken: number) => boolean;
}

/** What has come from one life of a sender. */
interface Incoming {
  readonly epoch: number;
  readonly got: Received;
  /** Of it, what was handed on. Where data are kept, `acknowledged` of it is on the disk. */
  readonly taken: Received;
  readonly assembly: Assembly;
  isAckDue: boolean;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #incoming = new Map<string, Incoming>();
  /** What is handed on is acknowledged when it is on the disk. */
  #keepsData = false;
  /** Nobody is heard before it is known who the peers are. */
  #isPaused = true;
  /** Come while it was paused, in order. */
  #held: { readonly incoming: Incoming; readonly envelope: Envelope }[] = [];
  #areAcksDue = false;
  readonly #dropped = new Set<string>();
  /** Distinct envelopes, by sender. */
  readonly counts = new Map<string, number>();
  duplicates = 0;
  /** Something has been handed on that waits for `acknowledge`. */
  owesAcks = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  resume({ received }: Past): void {
    this.#keepsData = true;
    for (const [from, epoch, { upTo, beyond }] of received.last()) {
      if (from === this.#options.self || from === LOG) continue;
      const incoming = newIncoming(epoch, upTo + 1);
      for (const seq of beyond) for (const each of [incoming.got, incoming.taken]) each.note(seq);
      this.#incoming.set(from, incoming);
      this.counts.set(from, upTo + beyond.size);
    }
  }

  /** `place`: where it stands in a stream; 0: nowhere. False: more has been acknowledged than is known here, so that nothing may be taken. */
  take(bytes: Uint8Array, place = 0): boolean {
    const { self, wire, longest, onOutdated, refuse } = this.#options;
    try {
      const { head, body } = unpack(bytes);
      const { from, first, seqs } = head;
      const incoming = this.#incomingOf(head);
      if (incoming === null) return true;
      const { got, taken, assembly } = incoming;
      if (this.#keepsData && first > taken.contiguous + 1) {
        const why = `${from} goes on with message ${first}, since those before it were acknowledged`;
        onOutdated(`${why}, and it knows of ${taken.contiguous}`);
        return false;
      }
      for (const each of [got, taken, assembly]) each.skipTo(first);
      if (seqs.every((seq) => got.has(seq))) {
        this.duplicates++;
        this.#ackSoon(incoming);
        return true;
      }
      const whole = assembly.add(head, body, place);
      if (whole === null) return true;
      for (const envelope of envelopesIn(head, self, whole, wire, longest)) this.#enter(incoming, envelope);
      // Pieces of another message may have held the same.
      assembly.skipTo(got.contiguous + 1);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      refuse(error.message);
    }
    return true;
  }

  #enter(incoming: Incoming, envelope: Envelope): void {
    const { got } = incoming;
    if (got.has(envelope.seq)) return;
    got.note(envelope.seq);
    if (!this.#isPaused) return this.#handOn(incoming, envelope);
    this.#ackSoon(incoming);
    this.#held.push({ incoming, envelope });
  }

  #handOn(incoming: Incoming, envelope: Envelope): void {
    incoming.taken.note(envelope.seq);
    this.count(envelope.from);
    if (this.#keepsData) this.owesAcks = true;
    else this.#ackSoon(incoming);
    this.#options.onEnvelope(envelope);
  }

  count(from: string): void {
    this.counts.set(from, (this.counts.get(from) ?? 0) + 1);
  }

  /** Everything that has been handed on is on the disk. */
  acknowledge(): void {
    if (!this.owesAcks) return;
    this.owesAcks = false;
    for (const [from, incoming] of this.#incoming) {
      const { taken } = incoming;
      if (taken.acknowledged === taken.contiguous) continue;
      taken.acknowledged = taken.contiguous;
      if (this.#options.acknowledges) this.#tell(from, incoming);
    }
  }

  /** A sender asks what has come of that life of it. */
  answer(from: string, epoch: number): void {
    const incoming = this.#incoming.get(from);
    this.#tell(from, incoming?.epoch === epoch ? incoming : newIncoming(epoch, 1));
  }

  /** That sender has been declared gone: nothing is taken from it any more. */
  drop(from: string): void {
    this.#dropped.add(from);
    this.#incoming.delete(from);
  }

  /** Of each sender, where in the stream something begins that has not come whole; Infinity: nowhere. */
  *incomplete(): Iterable<readonly [from: string, place: number]> {
    for (const [from, { assembly }] of this.#incoming) yield [from, assembly.place];
  }

  #incomingOf({ from, epoch, first }: Head): Incoming | null {
    if (this.#dropped.has(from)) return null;
    const known = this.#incoming.get(from);
    if (known?.epoch === epoch) return known;
    if (!this.#options.isMember(from, epoch)) return null;
    // What a sender had acknowledged by earlier lives of this instance is not missing, unless these kept data.
    const incoming = newIncoming(epoch, this.#keepsData ? 1 : first);
    this.#incoming.set(from, incoming);
    return incoming;
  }

  #ackSoon(incoming: Incoming): void {
    if (!this.#options.acknowledges) return;
    incoming.isAckDue = true;
    if (this.#areAcksDue) return;
    this.#areAcksDue = true;
    setImmediate(() => {
      this.#areAcksDue = false;
      for (const [from, each] of this.#incoming) if (each.isAckDue) this.#tell(from, each);
    });
  }

  #tell(from: string, incoming: Incoming): void {
    const { epoch, got, taken } = incoming;
    const answersFor = this.#keepsData ? taken.acknowledged : taken.contiguous;
    // Who misses it asks again.
    if (this.#options.tell(from, epoch, got.contiguous, answersFor)) incoming.isAckDue = false;
  }

  pause(paused: boolean): void {
    this.#isPaused = paused;
    if (paused) return;
    for (const { incoming, envelope } of this.#held.splice(0)) this.#handOn(incoming, envelope);
  }
}

/** `first`: number of the first that will come. */
function newIncoming(epoch: number, first: number): Incoming {
  const [got, taken] = [new Received(epoch, first), new Received(epoch, first)];
  return { epoch, got, taken, assembly: new Assembly(), isAckDue: false };
}
