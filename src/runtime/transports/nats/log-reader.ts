/**
 * One log as this process reads it: every entry of its stream, in its order, from the first on, or from where an earlier life
 * was. What is wrong with an entry is so for every reader, so that all leave out the same.
 */
import type { Msg } from "@nats-io/transport-node";
import { FrameError } from "../frames.ts";
import { endsEpoch } from "./names.ts";
import { Assembly, unpack } from "./packets.ts";
import type { Head } from "./packets.ts";
import { endWith } from "./session.ts";
import type { Session } from "./session.ts";
import { StreamReader } from "./stream-reader.ts";

export interface LogReaderOptions {
  readonly session: Session;
  readonly stream: string;
  readonly log: string;
  /** Resolves when entries may be taken; null: now. */
  readonly room: () => Promise<void> | null;
  /** An entry that has come whole. `upTo`: all up to there has. A promise: the next is read when it resolves. */
  readonly onEntry: (subject: string, head: Head, body: Buffer, upTo: number) => Promise<void> | null;
  /** A mark that the epoch of that number is over. */
  readonly onEpochEnd: (number: number, upTo: number) => void;
  readonly onRefused: (reason: string) => void;
  readonly say: (line: string) => void;
}

export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #reader: StreamReader;
  /** By life of a sender. */
  readonly #assemblies = new Map<string, Assembly>();

  constructor(options: LogReaderOptions) {
    const { session, stream, log, room, say } = options;
    this.#options = options;
    this.#reader = new StreamReader({
      session,
      stream,
      title: `the log ${log}`,
      isWhole: true,
      room,
      take: (message, place) => this.#take(message, place),
      say,
    });
  }

  /** All up to this entry has been read. */
  get last(): number {
    return this.#reader.last;
  }

  /** Reads until it is closed. Everything up to the entry `after` has been taken. */
  read(after: number): Promise<void> {
    return this.#reader.read(after);
  }

  #take(message: Msg, seq: number): Promise<void> | null {
    try {
      if (endsEpoch(message.subject)) {
        this.#options.onEpochEnd(Number(message.string()), this.#upTo(seq));
        return null;
      }
      const { head, body } = unpack(message.data);
      const assembly = this.#assemblyOf(head);
      assembly.skipTo(head.first);
      const whole = assembly.add(head, body, seq);
      if (whole !== null) return this.#options.onEntry(message.subject, head, whole, this.#upTo(seq));
    } catch (error) {
      if (!(error instanceof FrameError)) endWith(error);
      else this.#options.onRefused(`entry ${seq} of the log ${this.#options.log}: ${error.message}`);
    }
    return null;
  }

  #assemblyOf({ from, epoch }: Head): Assembly {
    const name = `${from} ${epoch}`;
    let assembly = this.#assemblies.get(name);
    if (assembly === undefined) this.#assemblies.set(name, (assembly = new Assembly()));
    return assembly;
  }

  /** Who comes back needs the pieces of what has not come whole: it reads again, from the first of them on. */
  #upTo(seq: number): number {
    let upTo = seq;
    for (const { place } of this.#assemblies.values()) upTo = Math.min(upTo, place - 1);
    return upTo;
  }

  close(): void {
    this.#reader.close();
  }
}
