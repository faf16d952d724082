/**
 * Envelopes over a NATS cluster. Channels go over core NATS, with acknowledgements of its own (core-channels.ts), or through
 * streams of JetStream (durable-channels.ts). Logs are streams, without a sequencer (logs.ts). Members find each other in a
 * key-value bucket (registry.ts).
 */
import { randomInt } from "node:crypto";
import type { Msg, Subscription } from "@nats-io/transport-node";
import { placesOf } from "../../deployment.ts";
import type { Place } from "../../deployment.ts";
import type { LogEntry } from "../../followed-logs.ts";
import type { Envelope } from "../../messages.ts";
import type { Fault } from "../../program.ts";
import { LOG, parseAddress } from "../../routing.ts";
import { holdTimes } from "../delay.ts";
import { FrameError, MAX_FRAME_BYTES } from "../frames.ts";
import { Loopback } from "../loopback.ts";
import { disowned, framesOf, REFUSED_PEER } from "../transport.ts";
import type { Backlog, LogPlaces, Past, Transport, TransportOptions } from "../transport.ts";
import { WireFormat } from "../wire.ts";
import type { Channels, ChannelsOptions } from "./channels.ts";
import { CoreChannels } from "./core-channels.ts";
import { DurableChannels } from "./durable-channels.ts";
import { Logs } from "./logs.ts";
import type { Names } from "./names.ts";
import { Receiver } from "./receiver.ts";
import { Registry } from "./registry.ts";
import type { Gone, Member } from "./members.ts";
import { endWith, onceThereAreEnough, openSession } from "./session.ts";
import type { Session } from "./session.ts";
import type { NatsSettings } from "./settings.ts";

/** An outage shorter than this is not worth a line. */
const QUIET_MS = 1500;
const END_MS = 500;

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
  /** Of this process: one that comes back with its data has the epoch of the one before, and another start. */
  readonly #start = randomInt(2 ** 47);
  /** null: no data are kept. */
  #past: Past | null = null;
  readonly #wire: WireFormat;
  readonly #hold: (() => number) | null;
  readonly #loopback: Loopback;
  readonly #logs: Logs;
  readonly #receiver: Receiver;
  readonly #channels: Channels;
  readonly #gone = new Set<string>();
  readonly #refused = new Set<string>();
  #addresses: ReadonlyMap<string, Place> = new Map();
  #session: Session | null = null;
  #registry: Registry | null = null;
  #subscriptions: Subscription[] = [];
  #isUp = false;
  /** That it has its place: nobody can have taken it unnoticed. */
  #isSure = false;
  #isClosed = false;
  #resumed: (() => void)[] = [];
  readonly sentTo = new Map<string, number>();

  constructor(options: TransportOptions, settings: NatsSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#wire = new WireFormat(options.membership?.metas ?? options.metas);
    const longest = options.maxFrameBytes ?? MAX_FRAME_BYTES;
    this.#hold = options.delay ? holdTimes(options.delay, options.self) : null;
    this.#loopback = new Loopback(options.onEnvelope, this.#hold);
    this.#receiver = new Receiver({
      self: options.self,
      wire: this.#wire,
      longest,
      isMember: (from, epoch) => this.#channels.admits(from, epoch),
      onEnvelope: options.onEnvelope,
      acknowledges: settings.backlog === null,
      onOutdated: (why) => options.onOutdated?.(why),
      refuse: (reason) => this.#refuse(reason),
      tell: (from, epoch, got, taken) => this.#tellAcknowledged(from, epoch, got, taken),
    });
    this.#channels = this.#channelsOf({
      self: options.self,
      epoch: options.epoch,
      hold: this.#hold,
      receiver: this.#receiver,
      isUp: () => this.#isUp,
      onSettled: (to, seq) => options.onAcked?.(to, seq),
      onRelief: () => options.onRelief?.(),
      onUnsent: (to, seq, last) => this.#unsent(to, seq, last),
      checkAddress: (from) => this.#checkAddress(from),
      refuse: (reason) => this.#refuse(reason),
      say: options.log,
    });
    this.#logs = new Logs({
      ...options,
      wire: this.#wire,
      longest,
      hold: this.#hold,
      ...(options.onEntry && {
        onEntry: (entry: LogEntry) => {
          this.#receiver.count(LOG);
          options.onEntry!(entry);
        },
      }),
      room: () => this.#room(),
      refuse: (reason) => this.#refuse(reason),
      say: options.log,
    });
  }

  #channelsOf(channels: ChannelsOptions): Channels {
    const { backlog } = this.#settings;
    if (backlog === null) return new CoreChannels(channels);
    const { self, metas, deploy, membership } = this.#options;
    const meta = metas.find(({ role }) => role === parseAddress(self)?.role);
    const targets = new Set(meta?.targets.map(({ role }) => role));
    return new DurableChannels({
      ...channels,
      receives: membership !== undefined || meta?.collections.some(({ kind }) => kind === "channel") === true,
      receivers: [...placesOf(deploy).keys()].filter(
        (address) => address !== self && targets.has(parseAddress(address)?.role ?? ""),
      ),
      backlog,
      room: () => this.#room(),
      isSure: () => this.#isSure,
    });
  }

  /** Resolves when something may be taken; null: now. */
  #room(): Promise<void> | null {
    return this.#receiver.isPaused ? new Promise((resolve) => this.#resumed.push(resolve)) : null;
  }

  /** Joins the deployment; rejects with a TransportError. There is no port. */
  async listen(): Promise<number> {
    const { self, epoch, program, version, deploy, log } = this.#options;
    const session = await openSession(this.#settings, `dlc ${self}`);
    this.#session = session;
    this.#isUp = this.#isSure = true;
    void this.#watchConnection(session);
    try {
      const cluster = deploy.cluster ?? "";
      const answer = (names: Names): void => this.#subscribe(session, names);
      const who = { address: self, epoch, start: this.#start, program, version, past: this.#past };
      const registry = await Registry.join({
        session,
        cluster,
        durableChannels: this.#settings.backlog !== null,
        ...who,
        answer,
        refuse: (reason) => this.#refuse(reason),
      });
      this.#registry = registry;
      registry.onMember = (address, member) => this.#meet(address, member);
      await Promise.all([
        this.#channels.open({ session, registry, past: this.#past }),
        this.#logs.open(session, registry, this.#past),
      ]);
      registry.onGone = (gone) => void this.#declared(gone).catch(() => 0);
      for (const gone of await onceThereAreEnough(session, () => registry.gone())) registry.onGone(gone);
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
      heard(names.anyAlive, (message) => this.#tellAlive(message)),
      heard(names.alive(self), (message) => this.#tellAlive(message)),
      heard(names.declared(self), (message) => this.#obey(message)),
      heard(names.acks(self), ({ data }) => this.#hear(data)),
      ...this.#channels.subjects(names).map((subject) =>
        heard(subject, ({ data }) => {
          if (!this.#isClosed) this.#receiver.take(data);
        }),
      ),
    ];
  }

  /** An operator has declared somebody gone. */
  #obey(message: Msg): void {
    const [address, by] = textsIn(message.data);
    if (address === undefined || by === undefined)
      return this.#refuse("what should be an operator's word has no form known here");
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
    this.#isSure = false;
    this.#options.onFault(fault);
    void this.close(0).then(() => this.#options.onEnd?.());
  }

  #tellAlive(message: Msg): void {
    if (message.string() !== `${this.#start}`) message.respond(this.#options.self);
  }

  async #watchConnection({ connection }: Session): Promise<void> {
    const { log, onRelief } = this.#options;
    let quiet: NodeJS.Timeout | null = null;
    let isTold = false;
    for await (const status of connection.status()) {
      if (status.type === "disconnect") {
        this.#isUp = this.#isSure = false;
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
        void this.#registry?.refresh().then(() => (this.#isSure = this.#isUp));
        this.#channels.reconnected();
        onRelief?.();
      } else if (status.type === "error") {
        log(`NATS: ${status.error.message}`);
      }
    }
    if (quiet !== null) clearTimeout(quiet);
  }

  resume(past: Past): void {
    // What is sent from now on belongs to this life.
    this.#past = { ...past, lastSent: new Map(past.lastSent) };
    this.#receiver.resume(past);
  }

  setAddresses(addresses: ReadonlyMap<string, Place>): void {
    this.#addresses = addresses;
    this.#channels.start(addresses.size);
    // Who has been sent something is asked at once what has come of it.
    for (const [to, seq] of this.#past?.lastSent ?? []) {
      if (to === this.#options.self || this.#gone.has(to)) continue;
      this.sentTo.set(to, seq);
      if (to !== LOG) this.#channels.ask(to);
    }
    this.pause(false);
    this.#logs.start();
  }

  /** Where it is the registry of the cluster says. */
  learn(name: string, place: Place): void {
    this.#addresses = new Map(this.#addresses).set(name, place);
  }

  send(envelope: Envelope): void {
    const { to, seq } = envelope;
    const { self, onFault } = this.#options;
    if (to === self) return this.#loopback.send(envelope);
    if (this.#gone.has(to)) return;
    // Numbered without gaps; what an earlier life has sent was counted.
    this.sentTo.set(to, Math.max(this.sentTo.get(to) ?? 0, seq));
    if (to === LOG) return this.#logs.append(envelope);
    if (!this.#addresses.has(to)) throw new Error(`${self} sends to ${to}, which the deployment does not have`);
    this.#channels.send(to, seq, Buffer.concat(framesOf(envelope, { wire: this.#wire, onFault })));
  }

  endStep(): void {
    this.#wire.endStep();
  }

  /** That peer has more than this process knows of. */
  #unsent(to: string, seq: number, last: number): void {
    const { onOutdated } = this.#options;
    const why = `${to} has taken its message ${seq}, and it knows of ${last}`;
    if (this.#past === null || onOutdated === undefined) this.#refuse(why);
    else onOutdated(why);
  }

  #meet(address: string, member: Member): void {
    const { self } = this.#options;
    if (address === self) {
      if (member.start === this.#start || this.#isClosed) return;
      const who = `process ${member.process} on ${member.host}`;
      const message = `${self} has been started again, as ${who}, while this one could not be reached: this one sends and takes nothing more`;
      return this.#end({ code: REFUSED_PEER, message });
    }
    this.#channels.meet(address, member);
  }

  /** An acknowledgement, or a question for one. */
  #hear(bytes: Uint8Array): void {
    let heard: unknown;
    try {
      heard = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      heard = null;
    }
    const [kind, from, ...numbers] = Array.isArray(heard) ? (heard as readonly unknown[]) : [];
    const isKnown = (kind === "a" && numbers.length === 4) || (kind === "q" && numbers.length === 1);
    if (!isKnown || typeof from !== "string" || !numbers.every(Number.isSafeInteger))
      return this.#refuse("what should be an acknowledgement has no form known here");
    if (kind === "q") return this.#receiver.answer(from, numbers[0] as number);
    const [start, epoch, got, taken] = numbers as [number, number, number, number];
    if (epoch === this.#options.epoch) this.#channels.hear(from, start, got, taken);
  }

  #checkAddress(from: string): void {
    // What newcomers send before they are known waits for its view.
    if (this.#addresses.size > 0 && !this.#addresses.has(from) && !this.#options.strangers?.mayCome(from))
      throw new FrameError(`${JSON.stringify(from)} is no instance of this deployment`);
  }

  #tellAcknowledged(from: string, ...numbers: readonly number[]): boolean {
    const { connection } = this.#session as Session;
    if (!this.#isUp || connection.isClosed() || this.#registry === null) return false;
    const ack = ["a", this.#options.self, this.#start, ...numbers];
    connection.publish(this.#registry.names.acks(from), JSON.stringify(ack));
    return true;
  }

  get owesAcks(): boolean {
    return this.#receiver.owesAcks;
  }

  acknowledge(): void {
    this.#channels.acknowledge();
  }

  /** Whatever is on the wire, it ends nothing; told once. */
  #refuse(reason: string): void {
    if (this.#refused.has(reason) || this.#refused.size > 100) return;
    this.#refused.add(reason);
    this.#options.onFault({ code: REFUSED_PEER, message: `refused: ${reason}` });
  }

  pause(paused: boolean): void {
    if (paused === this.#receiver.isPaused) return;
    this.#receiver.pause(paused);
    if (paused) return;
    for (const resolve of this.#resumed.splice(0)) resolve();
  }

  get receivedFrom(): ReadonlyMap<string, number> {
    return this.#receiver.counts;
  }

  get duplicates(): number {
    return this.#receiver.duplicates;
  }

  get places(): LogPlaces {
    const [logs, channels] = [this.#logs.places, this.#channels.places];
    return {
      written: new Map([...logs.written, ...channels.written]),
      read: new Map([...logs.read, ...channels.read]),
    };
  }

  get unacked(): number {
    return this.#loopback.waiting + this.#logs.unacked + this.#channels.unacked;
  }

  get unackedBytes(): number {
    return this.#logs.unackedBytes + this.#channels.unackedBytes;
  }

  get backlogs(): ReadonlyMap<string, Backlog> {
    const backlogs = new Map<string, Backlog>();
    const add = (name: string, messages: number, bytes: number, isReported: boolean): void => {
      const acked = (this.sentTo.get(name) ?? 0) - messages;
      if (messages > 0) backlogs.set(name, { messages, bytes, acked, isReported });
    };
    for (const { to, messages, bytes, isReported } of this.#channels.waiting) add(to, messages, bytes, isReported);
    // Which log takes nothing its writer says.
    add(LOG, this.#logs.unstored, this.#logs.unackedBytes, true);
    return backlogs;
  }

  forget(name: string): void {
    this.#gone.add(name);
    this.#channels.forget(name);
  }

  disown(name: string): void {
    this.forget(name);
    this.#receiver.drop(name);
  }

  interrupt(): void {
    void this.#session?.connection.reconnect().catch(() => {});
  }

  async close(graceMs = 2000): Promise<void> {
    this.#channels.stopReading();
    const until = Date.now() + graceMs;
    while (this.unacked > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#loopback.close();
    this.#logs.close();
    this.#channels.close();
    const { connection } = this.#session ?? {};
    if (connection === undefined || connection.isClosed()) return;
    // Acknowledgements that are due reach their senders; one that is cut off leaves nothing behind that matters.
    const end = async (): Promise<void> => {
      await this.#channels.settled();
      await this.#registry?.leave();
      await connection.flush();
    };
    if (this.#isUp) await Promise.race([end().catch(() => {}), new Promise((resolve) => setTimeout(resolve, END_MS))]);
    await connection.close();
  }
}
