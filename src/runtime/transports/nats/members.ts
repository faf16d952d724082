/** What stands of a deployment in its bucket: its members, who of them is gone for good, and its life. */
import type { KvEntry } from "@nats-io/kv";
import type { Session } from "./session.ts";

export interface Member {
  readonly address: string;
  readonly life: string;
  readonly epoch: number;
  /** Drawn by the process; with its data an instance keeps its epoch, and not this. */
  readonly start: number;
  readonly program: string;
  readonly version: string;
  readonly host: string;
  readonly process: number;
}

/** An instance that an operator has declared gone. */
export interface Gone {
  readonly life: string;
  readonly address: string;
  readonly by: string;
}

export interface Life {
  readonly life: string;
  readonly program: string;
  readonly version: string;
  /** Its members keep data, all of them. */
  readonly keepsData: boolean;
  /** Its channels are streams. */
  readonly durableChannels?: boolean;
}

/** Of a value that is there, and of the form that is written here. */
export function read<T extends Life | Member | Gone>(entry: KvEntry | null): T | null {
  if (entry === null || entry.operation !== "PUT") return null;
  try {
    return formed<T>(entry.json());
  } catch {
    return null;
  }
}

function formed<T extends Life | Member | Gone>(value: unknown): T | null {
  return typeof value === "object" && value !== null && typeof (value as T).life === "string" ? (value as T) : null;
}

/** The keys of a bucket that are of that kind, those of what was deleted as well. */
export async function keysOf({ streams }: Session, bucket: string, which: string): Promise<readonly string[]> {
  const prefix = `$KV.${bucket}.`;
  const { state } = await streams.streams.info(`KV_${bucket}`, { subjects_filter: `${prefix}${which}` });
  return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
}

/** What an instance tells of itself; null: it has no form known here. */
export function memberIn(value: unknown): Member | null {
  const member = formed<Member>(value);
  return typeof member?.address === "string" && Number.isSafeInteger(member.start) ? member : null;
}
