/**
 * A log of this instance's role: what stands in its stream is handed to a sequencer, entry by entry. That is a pure state
 * machine, so that all who read the stream come to the same batches. An epoch ends where the stream has a mark of its
 * end: every reader asks for one when it is time, and the first that is stored counts.
 */
import type { Deployment } from "../../instance.ts";
import type { Envelope, Part } from "../../messages.ts";
import type { Fault, RoleMeta } from "../../program.ts";
import { LOG } from "../../routing.ts";
import { Sequencer } from "../../sequencer.ts";
import type { WireFormat } from "../wire.ts";
import { LogReader } from "./log-reader.ts";
import { readerOf } from "./names.ts";
import type { Names } from "./names.ts";
import { envelopesIn } from "./packets.ts";
import type { Head } from "./packets.ts";
import type { Session } from "./session.ts";

/** A mark that is not seen within this is asked for again. */
const MARK_AGAIN_MS = 1000;

export interface OwnLogOptions {
  readonly session: Session;
  readonly names: Names;
  readonly log: string;
  /** Of the role whose log it is, and which instance of it this is. */
  readonly meta: RoleMeta;
  readonly index: number;
  readonly self: string;
  readonly deployment: Deployment;
  /** How long an epoch is. */
  readonly epochMs: number;
  readonly wire: WireFormat;
  readonly longest: number;
  readonly room: () => Promise<void> | null;
  readonly onBatches: (envelope: Envelope) => void;
  readonly onReceived: (from: string, count: number, duplicates: number) => void;
  readonly onFault: (fault: Fault) => void;
  readonly refuse: (reason: string) => void;
  readonly say: (line: string) => void;
}

export class OwnLog {
  readonly #options: OwnLogOptions;
  readonly #sequencer: Sequencer;
  readonly #reader: LogReader;
  /** By sender: the sequencer wants every number once, and this log has only some of a sender's. */
  readonly #numbers = new Map<string, number>();
  /** Where what the next batches hold comes from. */
  #traces: Part[] = [];
  /** Epochs that are over. */
  #ended = 0;
  #mark: NodeJS.Timeout | null = null;

  constructor(options: OwnLogOptions) {
    const { session, names, log, meta, deployment, room, onReceived, refuse, say } = options;
    this.#options = options;
    this.#sequencer = new Sequencer(deployment, [meta], 0);
    this.#reader = new LogReader({
      session,
      log,
      stream: names.stream(log),
      room,
      onEntry: (subject, head, fresh, body) => this.#take(subject, head, fresh, body),
      onEpochEnd: (number) => this.#endEpoch(number),
      onRefused: refuse,
      onDuplicate: (count) => onReceived("", 0, count),
      say,
    });
  }

  /** Whether something waits for the end of its epoch. */
  get isGathering(): boolean {
    return this.#sequencer.isGathering;
  }

  start(): void {
    void this.#reader.read();
  }

  #take(subject: string, head: Head, fresh: ReadonlySet<number>, body: Buffer): void {
    const { wire, longest, onReceived, onFault, meta, index, epochMs } = this.#options;
    const reader = readerOf(subject);
    // Replicas take the same steps. Instances that are no replicas have logs of their own, in one stream.
    if (meta.replicated || reader === null || reader === index) {
      for (const envelope of envelopesIn(head, LOG, body, wire, longest)) {
        if (!fresh.has(envelope.seq)) continue;
        for (const part of envelope.parts) if (part.kind === "trace") this.#traces.push(part);
        for (const fault of this.#sequencer.take({ ...envelope, seq: this.#number(head) })) onFault(fault);
      }
      this.#give(this.#sequencer.flush());
      if (this.#sequencer.isGathering) this.#mark ??= setTimeout(() => this.#askForMark(), epochMs);
    }
    onReceived(head.from, fresh.size, 0);
  }

  #give(batches: readonly Envelope[]): void {
    const own = batches.filter(({ to }) => to === this.#options.self);
    if (own.length === 0) return;
    const traces = this.#traces;
    if (traces.length > 0) this.#traces = [];
    for (const batch of own) this.#options.onBatches(traces.length === 0 ? batch : { ...batch, parts: [...batch.parts, ...traces] });
  }

  #number({ from, epoch }: Head): number {
    const sender = `${from} ${epoch}`;
    const number = (this.#numbers.get(sender) ?? 0) + 1;
    this.#numbers.set(sender, number);
    return number;
  }

  #askForMark(): void {
    const { session, names, log } = this.#options;
    const msgID = `${log}.epoch.${this.#ended}`;
    session.log.publish(names.epochEnds(log), `${this.#ended}`, { msgID }).catch(() => {});
    this.#mark = setTimeout(() => this.#askForMark(), MARK_AGAIN_MS);
  }

  #endEpoch(number: number): void {
    if (number !== this.#ended) return;
    this.#ended++;
    this.#stopMarking();
    this.#give(this.#sequencer.endEpoch());
  }

  #stopMarking(): void {
    if (this.#mark !== null) clearTimeout(this.#mark);
    this.#mark = null;
  }

  close(): void {
    this.#stopMarking();
    this.#reader.close();
  }
}
