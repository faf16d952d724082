/** The streams of a cluster in which logs stand, and messages to instances. */
import { LOST_BY_CLUSTER, StorageError } from "../../storage/storage-error.ts";
import { titleOf } from "./names.ts";
import type { Names } from "./names.ts";
import { unpack } from "./packets.ts";
import type { Registry } from "./registry.ts";
import { later, onceThereAreEnough } from "./session.ts";
import type { Session } from "./session.ts";

/** How long JetStream itself recognises what is sent again; readers do for ever. */
const DUPLICATE_WINDOW_MS = 10 * 60 * 1000;
const ALREADY_THERE = 10058;
const NOT_FOUND = 10059;
/** A server that has just started may not know of all that it has. */
const SURE_AFTER_MS = 3000;
const PAUSE_MS = 200;

export interface StreamPlace {
  readonly session: Session;
  readonly registry: Registry;
  readonly names: Names;
  readonly log: string;
}

/** What stands in a stream; where that is nothing, `first` is the place of the next. */
export interface StreamEnds {
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

/**
 * Makes the stream where it is not there yet. Throws a StorageError where data rest on one that the
 * cluster has no more: nobody may go on with another in its place.
 */
export async function openStream({ session, registry, names, log }: StreamPlace): Promise<StreamEnds> {
  const name = names.stream(log);
  const wasMade = await onceThereAreEnough(session, () => registry.hasMade(log));
  if (!wasMade) await onceThereAreEnough(session, () => makeStream(session, names, log));
  const until = Date.now() + SURE_AFTER_MS;
  for (;;) {
    const ends = await onceThereAreEnough(session, () => endsOf(session, name));
    if (ends !== null) {
      if (!wasMade) await onceThereAreEnough(session, () => registry.noteMade(log));
      return ends;
    }
    if (Date.now() > until)
      throw new StorageError(
        LOST_BY_CLUSTER,
        `the NATS cluster has lost ${titleOf(log)} (its stream ${name} is not there)`,
      );
    await later(PAUSE_MS);
  }
}

async function makeStream(session: Session, names: Names, log: string): Promise<void> {
  const config = {
    name: names.stream(log),
    subjects: [names.allEntries(log)],
    num_replicas: session.replicas,
    duplicate_window: DUPLICATE_WINDOW_MS * 1_000_000,
  };
  try {
    await session.streams.streams.add(config);
  } catch (error) {
    // Another member has made it, with other replicas perhaps.
    if (codeOf(error) !== ALREADY_THERE) throw error;
  }
}

/** null: there is no such stream. */
export async function endsOf({ streams }: Session, name: string): Promise<StreamEnds | null> {
  try {
    const { first_seq: first, last_seq: last, bytes } = (await streams.streams.info(name)).state;
    return { first: Math.max(first, 1), last, bytes };
  } catch (error) {
    if (codeOf(error) === NOT_FOUND) return null;
    throw error;
  }
}

/** The highest number in the last entry of a sender; 0: it has appended nothing. */
export async function lastNumber({ session, names, log }: StreamPlace, from: string): Promise<number> {
  const query = { last_by_subj: names.entries(log, "*", from) };
  const entry = await onceThereAreEnough(session, () => session.streams.streams.getMessage(names.stream(log), query));
  return entry === null ? 0 : Math.max(...unpack(entry.data).head.seqs);
}

/** Whether messages to instances stand in streams of that life. */
export async function holdsMessages({ streams }: Session, names: Names): Promise<boolean> {
  for await (const { config, state } of streams.streams.list())
    if (config.name.startsWith(names.channels) && state.messages > 0) return true;
  return false;
}

function codeOf(error: unknown): number | undefined {
  return (error as { code?: number }).code;
}
