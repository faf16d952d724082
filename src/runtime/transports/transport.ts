/** How envelopes get from one process to another: what a node, or the sequencer, asks of its transport. */
import type { DeployFile, Place } from "../deployment.ts";
import type { Duplicates } from "../duplicates.ts";
import type { FollowedLogs, LogEntry } from "../followed-logs.ts";
import type { Envelope } from "../messages.ts";
import type { Fault, RoleMeta } from "../program.ts";
import type { Delay } from "./delay.ts";
import type { WireFormat } from "./wire.ts";

export interface TransportOptions {
  /** `Report#0` or `log`. */
  readonly self: string;
  readonly epoch: number;
  /** The program's name and its version (a hash): peers with another are refused. */
  readonly program: string;
  readonly version: string;
  readonly deploy: DeployFile;
  /** The roles whose collections this process sends or receives. */
  readonly metas: readonly RoleMeta[];
  readonly delay?: Delay | null;
  readonly maxFrameBytes?: number;
  readonly onEnvelope: (envelope: Envelope) => void;
  /** Of an instance whose role owns logs: what it has read of these, where the transport has them read entry by entry. */
  readonly followed?: FollowedLogs;
  /** What stands next in one of them. */
  readonly onEntry?: (entry: LogEntry) => void;
  readonly onFault: (fault: Fault) => void;
  /** Something that was sent has arrived. */
  readonly onRelief?: () => void;
  /** A peer has everything up to that number. */
  readonly onAcked?: (peer: string, seq: number) => void;
  /** A peer knows of more than this process: its data are older than what it has said or acknowledged. */
  readonly onOutdated?: (why: string) => void;
  /** An operator declares that a peer is gone for good. Resolves, when that is kept, to how many partitions have failed by it. */
  readonly onGone?: (address: string, by: string) => Promise<number>;
  /** Peers that are not known may be newcomers: they are heard, or put off until they are known. */
  readonly strangers?: { readonly areHeard: boolean; readonly mayCome: (name: string) => boolean };
  /** Where the registry of changing members stands in a log that is read entry by entry. */
  readonly membership?: FollowedMembership;
  /** It has lost its place for good: nothing is sent or taken any more. */
  readonly onEnd?: () => void;
  /** Lines for a person. */
  readonly log: (line: string) => void;
}

export interface FollowedMembership {
  /** All roles of the program. */
  readonly metas: readonly RoleMeta[];
  /** Resolves when this process knows who takes part in that view; null: it does. */
  readonly reached: (view: number) => Promise<void> | null;
  /** Resolves when it takes part: from then on it reads the logs of its role. */
  readonly living: () => Promise<void>;
}

/** What an earlier life of this process has left in its data folder; in the first, nothing. */
export interface Past {
  /** The file, for messages. */
  readonly path: string;
  /** Nothing has ever happened: no others know of it. */
  readonly isEmpty: boolean;
  /** What had come from each peer. */
  readonly received: Duplicates;
  /** The numbers of the last envelopes that were sent, by receiver. */
  readonly lastSent: ReadonlyMap<string, number>;
}

/** Places in logs that are read entry by entry. */
export interface LogPlaces {
  /** By log: the last place that is known to hold something of this process, or of others. */
  readonly written: ReadonlyMap<string, number>;
  /** By log of its own: all up to that place has been read. */
  readonly read: ReadonlyMap<string, number>;
}

/** What has been sent to one peer and is not known to have arrived. */
export interface Backlog {
  readonly messages: number;
  readonly bytes: number;
  /** Of what was sent, so many have arrived. */
  readonly acked: number;
  /** It has been said that it cannot be reached. */
  readonly isReported: boolean;
}

/** Delivers every envelope at least once while both ends live; repetitions are dropped by the receiving instance. */
export interface Transport {
  /** Distinct envelopes that have come, by sender. */
  readonly receivedFrom: ReadonlyMap<string, number>;
  /** Envelopes sent, by receiver. */
  readonly sentTo: ReadonlyMap<string, number>;
  /** Envelopes that have come again. */
  readonly duplicates: number;
  /** Envelopes, and their bytes, of which it is not known that they have arrived. */
  readonly unacked: number;
  readonly unackedBytes: number;
  /** Of these, by receiver; of logs that no process keeps, as of `log`. Nothing waits for those left out. */
  readonly backlogs: ReadonlyMap<string, Backlog>;
  /** Gets ready to be found by peers; resolves to the port (0 where there is none). */
  listen(host: string, port: number): Promise<number>;
  /** Where each peer is (`Report#0`, `log`); must be known before the first `send`. From now on peers are heard. */
  setAddresses(addresses: ReadonlyMap<string, Place>): void;
  /** Where one more peer is. Absent: members cannot change. */
  learn?(name: string, place: Pick<Place, "host" | "port">): void;
  send(envelope: Envelope): void;
  /** Call after a step's envelopes. */
  endStep(): void;
  /** Stops (or goes on) taking what peers send; they notice, and send no more than they can keep. */
  pause(paused: boolean): void;
  /** `name` has ended for good: what waits for it is dropped, and what is sent to it from now on. */
  forget(name: string): void;
  /** `name` has been declared gone: as `forget`, and nothing is taken from it any more. When it comes back it is told so. */
  disown(name: string): void;
  /** Cuts all connections, as a network does; nothing is lost by it. */
  interrupt(): void;
  /**
   * This process keeps data, and goes on after that; before `listen`. What comes is then acknowledged when `acknowledge` is called, and
   * not by itself; of what was sent, all that is not known to be acknowledged is to be sent again.
   */
  resume(past: Past): void;
  /** Something has come that is not acknowledged. */
  readonly owesAcks: boolean;
  /** Acknowledges everything that has come. */
  acknowledge(): void;
  /** Absent: logs are not read entry by entry. */
  readonly places?: LogPlaces;
  /** Waits at most `graceMs` for what has not arrived, then ends every connection. */
  close(graceMs?: number): Promise<void>;
}

/** Fault of a peer whose frames or greeting are refused. */
export const REFUSED_PEER = "DLC911";
/** Fault of a process that was declared gone, and has come back. */
const DISOWNED = "DLC915";
/** Fault of a row too long to be sent. */
const OVERLONG_ROW = "DLC912";

/** What a process says that has been declared gone. */
export function disowned(self: string): Fault {
  const message = `${self} has been declared gone by an operator: the others have gone on without it, so that this process sends and takes nothing more`;
  return { code: DISOWNED, message };
}

/** The frames of an envelope; of one with a row that is too long, of the same without its parts. */
export function framesOf(
  envelope: Envelope,
  { wire, onFault }: { readonly wire: WireFormat; readonly onFault: TransportOptions["onFault"] },
): readonly Buffer[] {
  try {
    return wire.encode(envelope);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    onFault({ code: OVERLONG_ROW, message: `not sent to ${envelope.to}: ${error.message}` });
    return wire.encode({ ...envelope, parts: [] });
  }
}

/** A transport that cannot start, or go on; the message is for whoever has set it up. */
export class TransportError extends Error {
  override name = "TransportError";
}
