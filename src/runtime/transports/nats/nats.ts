/**
 * Envelopes over a NATS cluster. Channels go over core NATS, which delivers at most once: this transport acknowledges and
 * sends again (peer.ts). Logs are streams of JetStream, without a sequencer (logs.ts). Members find each other in a key-value
 * bucket (registry.ts).
 */
import type { Msg, Subscription } from "@nats-io/transport-node";
import type { Place } from "../../deployment.ts";
import type { Envelope } from "../../messages.ts";
import type { Fault } from "../../program.ts";
import { LOG } from "../../routing.ts";
import { holdTimes } from "../delay.ts";
import { FrameError, MAX_FRAME_BYTES } from "../frames.ts";
import { Loopback } from "../loopback.ts";
import { Received } from "../received.ts";
import { disowned, framesOf, REFUSED_PEER } from "../transport.ts";
import type { Transport, TransportOptions } from "../transport.ts";
import { WireFormat } from "../wire.ts";
import { Logs } from "./logs.ts";
import type { Names } from "./names.ts";
import { Assembly, envelopesIn, pack, unpack } from "./packets.ts";
import type { Head } from "./packets.ts";
import { Peer } from "./peer.ts";
import { Registry } from "./registry.ts";
import type { Gone, Member } from "./registry.ts";
import { endWith, openSession } from "./session.ts";
import type { Session } from "./session.ts";
import type { NatsSettings } from "./settings.ts";

/** Bytes on their way to all receivers at most, and to each; a stopped receiver must fit into the server's buffer (64 MB). */
const ALL_WINDOWS = 32 * 1024 * 1024;
const LARGEST_WINDOW = 2 * 1024 * 1024;
const SMALLEST_WINDOW = 64 * 1024;
/** One message at most, and less than half of what the server allows. */
const MESSAGE_BYTES = 256 * 1024;
/** An outage shorter than this is not worth a line. */
const QUIET_MS = 1500;
const END_MS = 500;

/** What has come from one life of a sender. */
interface Incoming {
  readonly epoch: number;
  readonly got: Received;
  /** Of it, what was handed on. */
  readonly taken: Received;
  readonly assembly: Assembly;
  isAckDue: boolean;
}

/** A list of texts; where it is none, nothing. */
function textsIn(bytes: Uint8Array): readonly string[] {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : [];
  } catch {
    return [];
  }
}

export class NatsTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #settings: NatsSettings;
  readonly #wire: WireFormat;
  readonly #hold: (() => number) | null;
  readonly #loopback: Loopback;
  readonly #logs: Logs;
  readonly #longest: number;
  readonly #peers = new Map<string, Peer>();
  readonly #incoming = new Map<string, Incoming>();
  readonly #gone = new Set<string>();
  /** Those of them that have been declared so: nothing is taken of them. */
  readonly #disowned = new Set<string>();
  readonly #refused = new Set<string>();
  #addresses: ReadonlyMap<string, Place> = new Map();
  #session: Session | null = null;
  #registry: Registry | null = null;
  #subscriptions: Subscription[] = [];
  #isUp = false;
  #isClosed = false;
  /** Nobody is heard before it is known who the peers are. */
  #isPaused = true;
  #resumed: (() => void)[] = [];
  /** Come while it was paused, in order. */
  #held: { readonly incoming: Incoming; readonly envelope: Envelope }[] = [];
  #areAcksDue = false;
  readonly receivedFrom = new Map<string, number>();
  readonly sentTo = new Map<string, number>();
  duplicates = 0;

  constructor(options: TransportOptions, settings: NatsSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#wire = new WireFormat(options.metas);
    this.#longest = options.maxFrameBytes ?? MAX_FRAME_BYTES;
    this.#hold = options.delay ? holdTimes(options.delay, options.self) : null;
    this.#loopback = new Loopback(options.onEnvelope, this.#hold);
    this.#logs = new Logs({
      ...options,
      wire: this.#wire,
      longest: this.#longest,
      hold: this.#hold,
      room: () => (this.#isPaused ? new Promise((resolve) => this.#resumed.push(resolve)) : null),
      onStored: () => options.onRelief?.(),
      onReceived: (from, count, duplicates) => {
        if (count > 0) this.#count(this.receivedFrom, from, count);
        this.duplicates += duplicates;
      },
      onSent: (to) => this.#count(this.sentTo, to, 1),
      refuse: (reason) => this.#refuse(reason),
      say: options.log,
    });
  }

  /** Joins the deployment; rejects with a TransportError. There is no port. */
  async listen(): Promise<number> {
    const { self, epoch, program, version, deploy, log } = this.#options;
    const session = await openSession(this.#settings, `dlc ${self}`);
    this.#session = session;
    this.#isUp = true;
    void this.#watchConnection(session);
    try {
      const cluster = deploy.cluster ?? "";
      const answer = (names: Names): void => this.#subscribe(session, names);
      const registry = await Registry.join({ session, cluster, address: self, epoch, program, version, answer });
      this.#registry = registry;
      registry.onMember = (address, member) => this.#meet(address, member);
      registry.onGone = (gone) => void this.#declared(gone).catch(() => 0);
      await this.#logs.open(session, registry.names);
    } catch (error) {
      await session.connection.close();
      throw error;
    }
    if (this.#isClosed) log("was closed while it joined");
    return 0;
  }

  #subscribe({ connection }: Session, names: Names): void {
    const { self } = this.#options;
    for (const before of this.#subscriptions) before.unsubscribe();
    const heard = (subject: string, take: (message: Msg) => void): Subscription =>
      connection.subscribe(subject, {
        callback: (problem, message) => {
          if (problem !== null) return;
          try {
            take(message);
          } catch (error) {
            endWith(error);
          }
        },
      });
    this.#subscriptions = [
      heard(names.anyAlive, (message) => void message.respond(self)),
      heard(names.alive(self), (message) => void message.respond(self)),
      heard(names.declared(self), (message) => this.#obey(message)),
      heard(names.acks(self), ({ data }) => this.#acknowledged(data)),
      heard(names.to(self), ({ data }) => this.#take(data)),
    ];
  }

  /** An operator asks whether what is in the bucket has been done here. */
  #obey(message: Msg): void {
    const [address, by] = textsIn(message.data);
    if (address === undefined || by === undefined) return this.#refuse("what should be an operator's word has no form known here");
    this.#declared({ address, by }).then(
      (failed) => message.respond(JSON.stringify(["done", failed])),
      (error: Error) => message.respond(JSON.stringify(["refuse", error.message])),
    );
  }

  async #declared({ address, by }: Pick<Gone, "address" | "by">): Promise<number> {
    const { self, onGone } = this.#options;
    if (address !== self) return (await onGone?.(address, by)) ?? 0;
    if (!this.#isClosed) this.#end(disowned(self));
    return 0;
  }

  /** It has lost its place. */
  #end(fault: Fault): void {
    this.#options.onFault(fault);
    void this.close(0).then(() => this.#options.onEnd?.());
  }

  async #watchConnection({ connection }: Session): Promise<void> {
    const { log, onRelief } = this.#options;
    let quiet: NodeJS.Timeout | null = null;
    let isTold = false;
    for await (const status of connection.status()) {
      if (status.type === "disconnect") {
        this.#isUp = false;
        quiet ??= setTimeout(() => {
          isTold = !this.#isClosed;
          if (isTold)
            log(
              `the NATS server at ${status.server} cannot be reached, trying all servers; messages that wait: ${this.unacked}`,
            );
        }, QUIET_MS);
      } else if (status.type === "reconnect") {
        if (quiet !== null) clearTimeout(quiet);
        quiet = null;
        if (isTold) log(`NATS is reached again, at ${status.server}`);
        isTold = false;
        this.#isUp = true;
        for (const peer of this.#peers.values()) peer.sendAgain();
        onRelief?.();
      } else if (status.type === "error") {
        log(`NATS: ${status.error.message}`);
      }
    }
    if (quiet !== null) clearTimeout(quiet);
  }

  setAddresses(addresses: ReadonlyMap<string, Place>): void {
    this.#addresses = addresses;
    this.pause(false);
    this.#logs.start();
  }

  send(envelope: Envelope): void {
    const { to, seq } = envelope;
    const { self, onFault } = this.#options;
    if (to === self) return this.#loopback.send(envelope);
    if (to === LOG) return this.#logs.append(envelope);
    if (this.#gone.has(to)) return;
    this.#count(this.sentTo, to, 1);
    this.#peer(to).send(seq, Buffer.concat(framesOf(envelope, { wire: this.#wire, onFault })));
  }

  endStep(): void {
    this.#wire.endStep();
  }

  #count(counts: Map<string, number>, name: string, more: number): void {
    counts.set(name, (counts.get(name) ?? 0) + more);
  }

  #peer(to: string): Peer {
    const known = this.#peers.get(to);
    if (known !== undefined) return known;
    const { self, epoch, onRelief } = this.#options;
    if (!this.#addresses.has(to)) throw new Error(`${self} sends to ${to}, which the deployment does not have`);
    const { connection } = this.#session as Session;
    const subject = this.#registry!.names.to(to);
    const share = Math.floor(ALL_WINDOWS / this.#addresses.size);
    const peer = new Peer({
      window: Math.max(SMALLEST_WINDOW, Math.min(LARGEST_WINDOW, share)),
      hold: this.#hold,
      publish: (seq, body, first) => {
        for (const message of pack({ from: self, epoch, first, seqs: [seq] }, body, this.#messageBytes))
          connection.publish(subject, message);
      },
      isUp: () => this.#isUp && !connection.isClosed(),
      onAck: () => onRelief?.(),
      onSilence: () => void this.#registry?.look(to).catch(() => null),
    });
    this.#peers.set(to, peer);
    const member = this.#registry!.get(to);
    if (member !== null) peer.meet(member.epoch);
    return peer;
  }

  get #messageBytes(): number {
    return Math.min(MESSAGE_BYTES, (this.#session?.connection.info?.max_payload ?? MESSAGE_BYTES) >> 1);
  }

  #meet(address: string, member: Member | null): void {
    const { self, epoch } = this.#options;
    if (address === self) {
      if (member === null || member.epoch === epoch || this.#isClosed) return;
      const who = `process ${member.process} on ${member.host}`;
      const message = `${self} has been started again, as ${who}, while this one could not be reached: this one sends and takes nothing more`;
      return this.#end({ code: REFUSED_PEER, message });
    }
    if (member !== null) this.#peers.get(address)?.meet(member.epoch);
  }

  #acknowledged(bytes: Uint8Array): void {
    let ack: unknown;
    try {
      ack = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      ack = null;
    }
    if (!Array.isArray(ack) || ack[0] !== "a" || ack.length !== 6 || !ack.slice(2).every(Number.isSafeInteger))
      return this.#refuse("what should be an acknowledgement has no form known here");
    const [, from, theirs, ours, got, taken] = ack as [string, string, number, number, number, number];
    if (ours === this.#options.epoch) this.#peers.get(from)?.take(theirs, got, taken);
  }

  #take(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      const { head, body } = unpack(bytes);
      const incoming = this.#incomingOf(head);
      if (incoming === null) return;
      incoming.got.skipTo(head.first);
      incoming.taken.skipTo(head.first);
      incoming.assembly.skipTo(head.first);
      const [seq] = head.seqs;
      if (incoming.got.has(seq)) {
        this.duplicates++;
        this.#ackSoon(incoming);
        return;
      }
      const whole = incoming.assembly.add(head, body);
      if (whole === null) return;
      const [envelope] = envelopesIn(head, this.#options.self, whole, this.#wire, this.#longest);
      incoming.got.note(seq);
      this.#ackSoon(incoming);
      if (this.#isPaused) this.#held.push({ incoming, envelope });
      else this.#deliver(incoming, envelope);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#refuse(error.message);
    }
  }

  #deliver(incoming: Incoming, envelope: Envelope): void {
    incoming.taken.note(envelope.seq);
    this.#count(this.receivedFrom, envelope.from, 1);
    this.#ackSoon(incoming);
    this.#options.onEnvelope(envelope);
  }

  /** null: it is not known to be a member; it sends again, and by then it may be. One that has been declared gone is none any more. */
  #incomingOf({ from, epoch, first }: Head): Incoming | null {
    if (this.#disowned.has(from)) return null;
    const known = this.#incoming.get(from);
    if (known?.epoch === epoch) return known;
    if (this.#addresses.size > 0 && !this.#addresses.has(from))
      throw new FrameError(`${JSON.stringify(from)} is no instance of this deployment`);
    const member = this.#registry?.get(from) ?? null;
    if (member?.epoch !== epoch) {
      void this.#registry?.look(from).then(
        (now) => {
          if (now?.epoch !== epoch)
            this.#refuse(`a message of ${from} with the epoch ${epoch}, which is not the member of that name`);
        },
        () => {},
      );
      return null;
    }
    const incoming: Incoming = {
      epoch,
      got: new Received(epoch, first),
      taken: new Received(epoch, first),
      assembly: new Assembly(),
      isAckDue: false,
    };
    this.#incoming.set(from, incoming);
    return incoming;
  }

  #ackSoon(incoming: Incoming): void {
    incoming.isAckDue = true;
    if (this.#areAcksDue) return;
    this.#areAcksDue = true;
    setImmediate(() => {
      this.#areAcksDue = false;
      const { self, epoch } = this.#options;
      const { connection } = this.#session as Session;
      for (const [from, each] of this.#incoming) {
        if (!each.isAckDue || !this.#isUp || connection.isClosed()) continue;
        each.isAckDue = false;
        const ack = ["a", self, epoch, each.epoch, each.got.contiguous, each.taken.contiguous];
        connection.publish(this.#registry!.names.acks(from), JSON.stringify(ack));
      }
    });
  }

  /** Whatever is on the wire, it ends nothing; told once. */
  #refuse(reason: string): void {
    if (this.#refused.has(reason) || this.#refused.size > 100) return;
    this.#refused.add(reason);
    this.#options.onFault({ code: REFUSED_PEER, message: `refused: ${reason}` });
  }

  pause(paused: boolean): void {
    if (paused === this.#isPaused) return;
    this.#isPaused = paused;
    if (paused) return;
    const held = this.#held;
    this.#held = [];
    for (const { incoming, envelope } of held) this.#deliver(incoming, envelope);
    for (const resolve of this.#resumed.splice(0)) resolve();
  }

  get unacked(): number {
    let sum = this.#loopback.waiting + this.#logs.unacked;
    for (const peer of this.#peers.values()) sum += peer.unacked;
    return sum;
  }

  get unackedBytes(): number {
    let sum = this.#logs.unackedBytes;
    for (const peer of this.#peers.values()) sum += peer.unackedBytes;
    return sum;
  }

  forget(name: string): void {
    this.#gone.add(name);
    this.#peers.get(name)?.close();
  }

  disown(name: string): void {
    this.forget(name);
    this.#disowned.add(name);
  }

  interrupt(): void {
    void this.#session?.connection.reconnect().catch(() => {});
  }

  async close(graceMs = 2000): Promise<void> {
    const until = Date.now() + graceMs;
    while (this.unacked > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#loopback.close();
    this.#logs.close();
    for (const peer of this.#peers.values()) peer.close();
    const { connection } = this.#session ?? {};
    if (connection === undefined || connection.isClosed()) return;
    // Acknowledgements that are due reach their senders; one that is cut off leaves nothing behind that matters.
    const end = async (): Promise<void> => {
      await this.#registry?.leave();
      await connection.flush();
    };
    if (this.#isUp) await Promise.race([end().catch(() => {}), new Promise((resolve) => setTimeout(resolve, END_MS))]);
    await connection.close();
  }
}
