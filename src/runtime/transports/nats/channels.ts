/** How envelopes get from one instance to another on NATS: over core NATS (core-channels.ts), or through streams (durable-channels.ts). */
import type { LogPlaces, Past } from "../transport.ts";
import type { Member } from "./members.ts";
import type { Names } from "./names.ts";
import type { Receiver } from "./receiver.ts";
import type { Registry } from "./registry.ts";
import type { Session } from "./session.ts";

export interface ChannelsOptions {
  readonly self: string;
  readonly epoch: number;
  /** How long to hold the next envelope, milliseconds; null: not at all. */
  readonly hold: (() => number) | null;
  /** Takes what comes. */
  readonly receiver: Receiver;
  readonly isUp: () => boolean;
  /** Of what was sent to that instance, nothing up to that number has to be kept any more. */
  readonly onSettled: (to: string, seq: number) => void;
  readonly onRelief: () => void;
  /** That instance has more than was ever sent to it: `last` is the last that is known. */
  readonly onUnsent: (to: string, seq: number, last: number) => void;
  /** Throws FrameError where no instance of the deployment has that address, nor may have it. */
  readonly checkAddress: (from: string) => void;
  readonly refuse: (reason: string) => void;
  readonly say: (line: string) => void;
}

/** A connection to the deployment, in which this instance has its place. */
export interface Joined {
  readonly session: Session;
  readonly registry: Registry;
  /** null: no data are kept. */
  readonly past: Past | null;
}

/** What has not reached its receiver, or what stands for that. */
export interface Waiting {
  readonly to: string;
  readonly messages: number;
  readonly bytes: number;
  /** Why it waits is said elsewhere. */
  readonly isReported: boolean;
}

export interface Channels {
  /** On which envelopes come to this instance. */
  subjects(names: Names): readonly string[];
  /** Whether to take what comes from that life of a sender; false: not yet, it comes again. Throws FrameError: never. */
  admits(from: string, epoch: number): boolean;
  /** Throws a StorageError where the cluster does not have what the data rest on. */
  open(joined: Joined): Promise<void>;
  /** So many peers are known, and will hear. */
  start(peers: number): void;
  /** An earlier life has sent something to that instance: what has come of it? */
  ask(to: string): void;
  send(to: string, seq: number, body: Buffer): void;
  /** That instance lives, as a process that may be another than before. */
  meet(address: string, member: Member): void;
  /** An instance answers what has come of what was sent to it: all up to `got`, and all up to `taken` is its own. */
  hear(from: string, start: number, got: number, taken: number): void;
  /** The connection is back, and this instance has its place still. */
  reconnected(): void;
  /** Everything that was handed on is on the disk. */
  acknowledge(): void;
  /** What waits for that instance is dropped. */
  forget(name: string): void;
  readonly unacked: number;
  readonly unackedBytes: number;
  readonly waiting: readonly Waiting[];
  readonly places: LogPlaces;
  /** Nothing comes any more; what is sent may still go. */
  stopReading(): void;
  /** Resolves when what has come of late is known where it has to be. */
  settled(): Promise<void>;
  close(): void;
}
