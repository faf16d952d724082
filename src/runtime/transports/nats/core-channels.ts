/** Channels over core NATS, which delivers at most once: every receiver acknowledges what it has, and is sent the rest again (peer.ts). */
import type { LogPlaces } from "../transport.ts";
import type { Channels, ChannelsOptions, Joined, Waiting } from "./channels.ts";
import type { Member } from "./members.ts";
import type { Names } from "./names.ts";
import { pack } from "./packets.ts";
import { Peer } from "./peer.ts";

/** Bytes on their way to all receivers at most, and to each; a stopped receiver must fit into the server's buffer (64 MB). */
const ALL_WINDOWS = 32 * 1024 * 1024;
const LARGEST_WINDOW = 2 * 1024 * 1024;
const SMALLEST_WINDOW = 64 * 1024;
/** One message at most, and less than half of what the server allows. */
const MESSAGE_BYTES = 256 * 1024;

export class CoreChannels implements Channels {
  readonly #options: ChannelsOptions;
  readonly #peers = new Map<string, Peer>();
  #joined: Joined | null = null;
  #window = LARGEST_WINDOW;
  readonly places: LogPlaces = { written: new Map(), read: new Map() };

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  subjects(names: Names): readonly string[] {
    return [names.to(this.#options.self)];
  }

  admits(from: string, epoch: number): boolean {
    this.#options.checkAddress(from);
    const registry = this.#joined?.registry;
    if (registry?.get(from)?.epoch === epoch) return true;
    void registry?.look(from).then(
      (now) => {
        if (now?.epoch !== epoch)
          this.#options.refuse(`a message of ${from} with the epoch ${epoch}, which is not the member of that name`);
      },
      () => {},
    );
    return false;
  }

  open(joined: Joined): Promise<void> {
    this.#joined = joined;
    return Promise.resolve();
  }

  start(peers: number): void {
    this.#window = Math.max(SMALLEST_WINDOW, Math.min(LARGEST_WINDOW, Math.floor(ALL_WINDOWS / peers)));
  }

  /** Who has been sent something by an earlier life is asked at once what has come of it. */
  ask(to: string): void {
    this.#peer(to);
  }

  send(to: string, seq: number, body: Buffer): void {
    this.#peer(to).send(seq, body);
  }

  #peer(to: string): Peer {
    const known = this.#peers.get(to);
    if (known !== undefined) return known;
    const { self, epoch, hold, isUp, onSettled, onRelief, onUnsent } = this.#options;
    const { session, registry, past } = this.#joined!;
    const { connection } = session;
    const { names } = registry;
    const subject = names.to(to);
    const last = past?.lastSent.get(to) ?? 0;
    const peer = new Peer({
      window: this.#window,
      hold,
      publish: (seq, body, first) => {
        for (const message of pack({ from: self, epoch, first, seqs: [seq] }, body, this.#messageBytes))
          connection.publish(subject, message);
      },
      isUp: () => isUp() && !connection.isClosed(),
      ask: () => connection.publish(names.acks(to), JSON.stringify(["q", self, epoch])),
      last,
      onAck: (taken) => {
        onSettled(to, taken);
        onRelief();
      },
      onUnsent: (seq) => onUnsent(to, seq, last),
      onSilence: () => void registry.look(to).catch(() => null),
    });
    this.#peers.set(to, peer);
    const member = registry.get(to);
    if (member === null) registry.want(to);
    else peer.meet(member.start);
    return peer;
  }

  get #messageBytes(): number {
    return Math.min(MESSAGE_BYTES, (this.#joined!.session.connection.info?.max_payload ?? MESSAGE_BYTES) >> 1);
  }

  meet(address: string, { start }: Member): void {
    this.#peers.get(address)?.meet(start);
  }

  hear(from: string, start: number, got: number, taken: number): void {
    this.#peers.get(from)?.take(start, got, taken);
  }

  reconnected(): void {
    for (const peer of this.#peers.values()) peer.sendAgain();
  }

  acknowledge(): void {
    this.#options.receiver.acknowledge();
  }

  forget(name: string): void {
    this.#peers.get(name)?.close();
  }

  get unacked(): number {
    let sum = 0;
    for (const { unacked } of this.#peers.values()) sum += unacked;
    return sum;
  }

  get unackedBytes(): number {
    let sum = 0;
    for (const { unackedBytes } of this.#peers.values()) sum += unackedBytes;
    return sum;
  }

  get waiting(): readonly Waiting[] {
    return [...this.#peers].map(([to, { unacked, unackedBytes }]) => ({
      to,
      messages: unacked,
      bytes: unackedBytes,
      isReported: false,
    }));
  }

  /** What comes is acknowledged to the end. */
  stopReading(): void {}

  settled(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    for (const peer of this.#peers.values()) peer.close();
  }
}
