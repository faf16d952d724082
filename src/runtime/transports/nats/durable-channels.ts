/**
 * Channels through streams, one for each receiver. What stands there has left its sender for good, which may end; it is
 * removed when the receiver has taken it, and has it on its disk where data are kept. As the receiver knows what it has
 * taken, nothing but the messages themselves has to be kept by the servers: no consumer that lasts, no acknowledgements.
 */
import type { Msg } from "@nats-io/transport-node";
import { outdated } from "../../storage/storage-error.ts";
import { FrameError } from "../frames.ts";
import type { LogPlaces, Past } from "../transport.ts";
import type { Channels, ChannelsOptions, Joined, Waiting } from "./channels.ts";
import { channelOf, titleOf } from "./names.ts";
import { later } from "./session.ts";
import { StreamReader } from "./stream-reader.ts";
import { StreamRoom } from "./stream-room.ts";
import { StreamWriter } from "./stream-writer.ts";
import { endsOf, lastNumber, openStream } from "./streams.ts";
import type { StreamPlace } from "./streams.ts";
import { TakenMessages } from "./taken-messages.ts";

export interface DurableOptions extends ChannelsOptions {
  /** Whether anything is sent to this instance. */
  readonly receives: boolean;
  /** Those of the deployment to whom it may send something. */
  readonly receivers: readonly string[];
  /** Bytes that may wait for a receiver. */
  readonly backlog: number;
  /** Resolves when messages may be taken; null: now. */
  readonly room: () => Promise<void> | null;
  /** It is known that no other process has the place of this one. */
  readonly isSure: () => boolean;
}

interface Outlet {
  readonly writer: StreamWriter;
  readonly room: StreamRoom;
}

const RETRY_MS = 200;

export class DurableChannels implements Channels {
  readonly #options: DurableOptions;
  #joined: Joined | null = null;
  readonly #outlets = new Map<string, Outlet>();
  #reader: StreamReader | null = null;
  #taken: TakenMessages | null = null;
  /** Up to which it was empty when this process came. */
  #after = 0;
  /** Of each sender the lives from which something has come. */
  readonly #lives = new Map<string, Set<number>>();
  /** The last number that was sent, by receiver. */
  readonly #sent = new Map<string, number>();
  /** Who has been asked what it has. */
  readonly #asked = new Set<string>();
  readonly #written = new Map<string, number>();
  /** Looks at what the dead have left. */
  #looking = 0;
  #isClosed = false;

  constructor(options: DurableOptions) {
    this.#options = options;
  }

  subjects(): readonly string[] {
    return [];
  }

  /** Messages may stand there for long after their sender has ended, but none of an earlier life behind those of a later one. */
  admits(from: string, epoch: number): boolean {
    this.#options.checkAddress(from);
    const lives = this.#lives.get(from) ?? new Set();
    if (lives.has(epoch)) throw new FrameError(`a message of ${from} from before it was started again`);
    this.#lives.set(from, lives.add(epoch));
    return true;
  }

  async open(joined: Joined): Promise<void> {
    const { self, receives, receivers, receiver, room, isSure, say } = this.#options;
    const { session, registry, past } = joined;
    const { names } = registry;
    this.#joined = joined;
    for (const [to, seq] of past?.lastSent ?? []) this.#sent.set(to, seq);
    const placeOf = (address: string): StreamPlace => ({ session, registry, names, log: channelOf(address) });
    await Promise.all(
      receivers.map(async (to) => {
        await openStream(placeOf(to));
        if (past?.isEmpty === false) await this.#compare(placeOf(to), to, past);
      }),
    );
    if (!receives) return;
    const own = channelOf(self);
    const stream = names.stream(own);
    const { first, last } = await openStream(placeOf(self));
    this.#after = first - 1;
    this.#written.set(own, last);
    this.#taken = new TakenMessages({
      remove: async (upTo, from) => {
        const of = from === null ? {} : { filter: names.entries(own, null, from) };
        await session.streams.streams.purge(stream, { ...of, seq: upTo + 1 });
      },
      mayRemove: isSure,
      incomplete: () => receiver.incomplete(),
    });
    this.#reader = new StreamReader({
      session,
      stream,
      title: titleOf(own),
      isWhole: false,
      room,
      take: (message, place) => this.#take(message, place),
      say,
    });
  }

  /** What stands in the stream and what the data say of it. */
  async #compare(place: StreamPlace, to: string, { path, lastSent }: Past): Promise<void> {
    const [stands, known] = [await lastNumber(place, this.#options.self), lastSent.get(to) ?? 0];
    if (stands > known)
      throw outdated(path, `${titleOf(place.log)} has its message ${stands}, and it knows of ${known}`);
  }

  start(): void {
    void this.#reader?.read(this.#after);
  }

  #take(message: Msg, place: number): null {
    const { receiver } = this.#options;
    // What it does not know of stays, for the data that do.
    if (!receiver.take(message.data, place)) {
      this.stopReading();
      return null;
    }
    this.#taken!.come(place);
    if (!receiver.owesAcks) this.#taken!.keep();
    return null;
  }

  acknowledge(): void {
    this.#options.receiver.acknowledge();
    this.#taken?.keep();
  }

  send(to: string, seq: number, body: Buffer): void {
    const { self, hold } = this.#options;
    const { names } = this.#joined!.registry;
    this.#sent.set(to, Math.max(this.#sent.get(to) ?? 0, seq));
    this.#outlet(to).writer.append(seq, names.entries(channelOf(to), null, self), body, hold?.() ?? 0);
  }

  #outlet(to: string): Outlet {
    const known = this.#outlets.get(to);
    if (known !== undefined) return known;
    const { self, epoch, backlog: limit, say } = this.#options;
    const { session, registry } = this.#joined!;
    const log = channelOf(to);
    const stream = registry.names.stream(log);
    const look = (): Promise<number | null> =>
      endsOf(session, stream).then(
        (ends) => ends?.bytes ?? null,
        () => null,
      );
    const room = new StreamRoom({ receiver: to, limit, look, say });
    const writer = new StreamWriter({
      session,
      title: titleOf(log),
      from: self,
      epoch,
      room: () => room.whenFree(),
      onStored: (_, place, bytes) => {
        room.put(bytes);
        this.#stored(to, place);
      },
      say,
    });
    const outlet = { writer, room };
    this.#outlets.set(to, outlet);
    return outlet;
  }

  #stored(to: string, place: number): void {
    const { onSettled, onRelief } = this.#options;
    const log = channelOf(to);
    this.#written.set(log, Math.max(this.#written.get(log) ?? 0, place));
    onSettled(to, Math.min(this.#sent.get(to)!, this.#outlets.get(to)!.writer.firstUnstored - 1));
    onRelief();
  }

  /** Whether it has more than this process knows of. It may be away, and nothing waits for its answer. */
  ask(to: string): void {
    this.#asked.add(to);
    if (this.#joined!.registry.get(to) !== null) this.#question(to);
  }

  #question(to: string): void {
    const { self, epoch, isUp } = this.#options;
    const { session, registry } = this.#joined!;
    if (!isUp() || session.connection.isClosed()) return;
    session.connection.publish(registry.names.acks(to), JSON.stringify(["q", self, epoch]));
  }

  meet(address: string): void {
    if (this.#asked.has(address)) this.#question(address);
  }

  hear(from: string, _: number, got: number): void {
    this.#asked.delete(from);
    const last = this.#sent.get(from) ?? 0;
    if (got > last) this.#options.onUnsent(from, got, last);
  }

  /** What was being put in is put in again by itself. */
  reconnected(): void {
    for (const to of this.#asked) this.#question(to);
  }

  /** Nobody takes what waits for it any more, and nobody else knows how much it has put into the own stream. */
  forget(name: string): void {
    this.#closeOutlet(name);
    this.#asked.delete(name);
    if (this.#joined === null) return;
    const { session, registry } = this.#joined;
    session.streams.streams.purge(registry.names.stream(channelOf(name))).catch(() => {});
    void this.#lookAfter();
  }

  /** Everything that stands in the own stream now is to be read before this instance rests. */
  async #lookAfter(): Promise<void> {
    if (this.#reader === null) return;
    const own = channelOf(this.#options.self);
    const { session, registry } = this.#joined!;
    this.#looking++;
    while (!this.#isClosed) {
      const ends = await endsOf(session, registry.names.stream(own)).catch(() => null);
      if (ends !== null) {
        this.#written.set(own, Math.max(this.#written.get(own) ?? 0, ends.last));
        break;
      }
      await later(RETRY_MS);
    }
    this.#looking--;
  }

  get unacked(): number {
    let sum = this.#looking;
    for (const { writer } of this.#outlets.values()) sum += writer.unacked;
    return sum;
  }

  get unackedBytes(): number {
    let sum = 0;
    for (const { writer } of this.#outlets.values()) sum += writer.unackedBytes;
    return sum;
  }

  get waiting(): readonly Waiting[] {
    return [...this.#outlets].map(([to, { writer }]) => ({
      to,
      messages: writer.unacked,
      bytes: writer.unackedBytes,
      isReported: true,
    }));
  }

  get places(): LogPlaces {
    const read = new Map<string, number>();
    if (this.#reader !== null) read.set(channelOf(this.#options.self), Math.max(this.#after, this.#reader.last));
    return { written: this.#written, read };
  }

  stopReading(): void {
    this.#reader?.close();
  }

  async settled(): Promise<void> {
    await this.#taken?.remove();
  }

  #closeOutlet(to: string): void {
    const outlet = this.#outlets.get(to);
    outlet?.writer.close();
    outlet?.room.close();
  }

  close(): void {
    this.#isClosed = true;
    this.stopReading();
    this.#taken?.close();
    for (const to of this.#outlets.keys()) this.#closeOutlet(to);
  }
}
