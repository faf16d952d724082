/**
 * The log service: gives what is appended its place, as one batch per log, share of the gate values and flush; of a log
 * that is cut into epochs, as one batch per epoch. Every instance of the role that owns a log gets every batch, with the rows that are addressed to it, so
 * that all of them take the same steps. Producers never wait for an answer. Pure.
 */
import { factText, RowType } from "./codec.ts";
import { Duplicates } from "./duplicates.ts";
import type { Deployment } from "./instance.ts";
import { Members } from "./members.ts";
import type { Envelope, LogRun, Part } from "./messages.ts";
import type { Fault, RoleMeta, Row } from "./program.ts";
import type { State } from "./state.ts";
import { clockOf, LOG, LOG_SHARES, Owners } from "./routing.ts";

/** An input, channel or timer whose events pass through a log. */
interface Ordered {
  readonly log: string;
  /** Shares of a keyed log; null where it has one batch after the other. */
  readonly shares: Owners | null;
  readonly type: RowType;
  readonly addresses: readonly string[];
  /** Of a partitioned role's channel. */
  readonly owners: Owners | null;
}

/** Whose log it is. */
interface Owner {
  readonly addresses: readonly string[];
  readonly replicated: boolean;
  readonly byEpochs: boolean;
}

interface Log {
  readonly log: string;
  readonly value: Row;
  addresses: readonly string[];
  /** Number of the last batch. */
  last: number;
  /** What waits for the next batch; null when nothing does, not even a tick. */
  runs: LogRun[] | null;
}

/** Rows by where they belong, each part in their order; all of them under null where all belong together. */
function split(rows: readonly Row[], by: Owners | null): Iterable<readonly [number | null, readonly Row[]]> {
  if (rows.length === 0) return [];
  if (by === null) return [[null, rows]];
  const parts = new Map<number, Row[]>();
  for (const row of rows) {
    const place = by.of(row);
    const part = parts.get(place);
    if (part === undefined) parts.set(place, [row]);
    else part.push(row);
  }
  return parts;
}

export class Sequencer {
  readonly address = LOG;
  readonly epoch: number;
  protected readonly members: Members;
  /** The view that its envelopes are of; 0 where members are fixed. */
  protected view = 0;
  readonly #collections = new Map<string, Ordered>();
  /** By log name. */
  readonly #owners = new Map<string, Owner>();
  readonly #logs = new Map<string, Log>();
  /** Logs in which something waits: for the next flush, and for the end of their epoch. */
  readonly #dirty = new Set<Log>();
  readonly #gathering = new Set<Log>();
  readonly #duplicates = new Duplicates();
  readonly #numbers = new Map<string, number>();
  /** Instances that have been declared gone. */
  readonly #gone = new Set<string>();

  constructor(deployment: Deployment, metas: readonly RoleMeta[], epoch: number) {
    this.epoch = epoch;
    this.members = new Members(deployment.counts, deployment.dynamic);
    for (const meta of metas) {
      const addresses = this.members.of(meta.role);
      for (const collection of meta.collections) {
        const { ordering } = collection;
        if (!ordering) continue;
        const columns =
          meta.partitionedBy?.map((name) => collection.columns.findIndex((column) => column.name === name)) ?? null;
        const owners = columns?.every((column) => column >= 0) ? new Owners(columns, addresses.length) : null;
        const shares = ordering.by.length === 0 ? null : new Owners(ordering.by, LOG_SHARES);
        const type = new RowType(collection.columns);
        this.#collections.set(`${meta.role}.${collection.name}`, {
          log: ordering.log,
          shares,
          type,
          addresses,
          owners,
        });
        this.#owners.set(ordering.log, {
          addresses,
          replicated: meta.replicated,
          byEpochs: ordering.everyMs !== undefined,
        });
      }
    }
  }

  readonly isPersistent = true;

  /** Between batches. */
  persist(state: State): void {
    state.map(this.#logs);
    state.set(this.#dirty);
    state.set(this.#gathering);
    this.#duplicates.persist(state);
    state.map(this.#numbers);
    state.set(this.#gone);
    // Who they are is of the one that loads it, and may change on.
    if (state.isLoading)
      for (const log of this.#logs.values()) log.addresses = this.#receiversOf(log.log, log.addresses);
  }

  #receiversOf(name: string, others: readonly string[]): readonly string[] {
    const { addresses, replicated } = this.#owners.get(name) as Owner;
    return replicated ? addresses : others;
  }

  /** Envelopes that have come. */
  get received(): Duplicates {
    return this.#duplicates;
  }

  /** Whether any log exists. */
  get hasLogs(): boolean {
    return this.#owners.size > 0;
  }

  /** Whether an epoch has begun: something waits for its end. */
  get isGathering(): boolean {
    return this.#gathering.size > 0;
  }

  /** Nothing is taken of that instance, or sent to it, any more. */
  declareGone(address: string): void {
    this.#gone.add(address);
  }

  get gone(): ReadonlySet<string> {
    return this.#gone;
  }

  /** `take` and `flush` at once. */
  receive(envelope: Envelope): readonly Envelope[] {
    this.take(envelope);
    return this.flush();
  }

  /** Drops duplicates and queues; several taken before one `flush` share their batches. */
  take(envelope: Envelope): readonly Fault[] {
    const faults: Fault[] = [];
    if (this.#gone.has(envelope.from)) {
      faults.push({
        code: "DLC906",
        message: `the sequencer refused a message from ${envelope.from}: it has been declared gone`,
      });
      return faults;
    }
    if (envelope.to !== LOG || !this.knows(envelope.from)) {
      const why =
        envelope.to === LOG ? "no instance of this deployment has that address" : `it is meant for ${envelope.to}`;
      faults.push({ code: "DLC906", message: `the sequencer refused a message from ${envelope.from}: ${why}` });
      return faults;
    }
    if (!this.#duplicates.admit(envelope.from, envelope.epoch, envelope.seq)) return faults;
    for (const part of envelope.parts) if (part.kind !== "trace") this.hear(envelope, part, faults);
    return faults;
  }

  protected knows(address: string): boolean {
    return address !== LOG && this.members.has(address);
  }

  /** `of`: the instances of the log's role. */
  protected isReceiver(address: string, of: readonly string[]): boolean {
    return of.includes(address);
  }

  protected hear({ from }: Envelope, part: Part, faults: Fault[]): void {
    if (part.kind === "append") this.#append(from, part.runs, faults);
    else if (part.kind === "tick") this.#tick(from, part, faults);
    // Of what view they were sent whoever reads them has asked before.
    else if (part.kind !== "view")
      faults.push({
        code: "DLC909",
        message: `the sequencer refused ${part.kind} from ${from}: it takes rows for logs only`,
      });
  }

  #append(from: string, runs: readonly LogRun[], faults: Fault[]): void {
    for (const { target, to, rows } of runs) {
      const refuse = (_: Row, problem: string): void =>
        void faults.push({
          code: "DLC909",
          message: `the sequencer refused a fact of ${target} from ${from}: ${problem}`,
        });
      const ordered = this.#collections.get(target);
      if (ordered === undefined) for (const row of rows) refuse(row, "it passes through no log");
      else if (to !== null && !this.isReceiver(to, ordered.addresses))
        for (const row of rows) refuse(row, `${to} is no instance of its role: ${factText(target, row)}`);
      else this.#place(ordered, { target, to, from, rows: ordered.type.fitting(rows, refuse) });
    }
  }

  /** Gives rows their place in the logs that they belong to. */
  #place(ordered: Ordered, { target, to, from, rows }: LogRun): void {
    for (const [share, ofShare] of split(rows, ordered.shares)) {
      for (const [owner, own] of split(ofShare, to === null ? ordered.owners : null)) {
        const receiver = owner === null ? to : ordered.addresses[owner];
        for (const log of this.#logsFor(ordered.log, share === null ? [] : [share], receiver)) {
          (log.runs ??= []).push({ target, to: receiver, from, rows: own });
          this.#touch(log);
        }
      }
    }
  }

  /** Replicas take the same steps, so they share a log; instances that are no replicas each have their own. */
  #logsFor(name: string, value: Row, to: string | null): Log[] {
    const { addresses, replicated } = this.#owners.get(name) as Owner;
    if (replicated) return [this.#log(clockOf(name, value), name, value, addresses)];
    return (to === null ? addresses : [to]).map((address) =>
      this.#log(`${clockOf(name, value)} ${address}`, name, value, [address]),
    );
  }

  #tick(from: string, tick: Extract<Part, { kind: "tick" }>, faults: Fault[]): void {
    if (!this.#owners.has(tick.log)) {
      faults.push({
        code: "DLC909",
        message: `the sequencer refused an empty batch for ${tick.log} from ${from}: there is no such log`,
      });
      return;
    }
    const [log] = this.#logsFor(tick.log, tick.value, from);
    // Otherwise a batch is on its way, and brings the step.
    if (log.last !== tick.after) return;
    log.runs ??= [];
    this.#touch(log);
  }

  #touch(log: Log): void {
    const { byEpochs } = this.#owners.get(log.log) as Owner;
    (byEpochs ? this.#gathering : this.#dirty).add(log);
  }

  #log(id: string, name: string, value: Row, addresses: readonly string[]): Log {
    let log = this.#logs.get(id);
    if (log === undefined) {
      log = { log: name, value, addresses, last: 0, runs: null };
      this.#logs.set(id, log);
    }
    return log;
  }

  /** One envelope for each instance that has new batches of logs that are not cut into epochs. */
  flush(): readonly Envelope[] {
    return this.#send(this.#dirty);
  }

  /** The same of all others: their epoch is over. */
  endEpoch(): readonly Envelope[] {
    return this.#send(this.#gathering);
  }

  #send(logs: Set<Log>): readonly Envelope[] {
    if (logs.size === 0) return [];
    const parts = new Map<string, Part[]>();
    for (const log of logs) {
      const runs = log.runs as LogRun[];
      log.runs = null;
      log.last++;
      const forAll = runs.every(({ to }) => to === null);
      for (const address of log.addresses) {
        if (this.#gone.has(address)) continue;
        const own = forAll ? runs : runs.filter(({ to }) => to === null || to === address);
        const part: Part = { kind: "batch", log: log.log, value: log.value, index: log.last, runs: own };
        const known = parts.get(address);
        if (known === undefined) parts.set(address, [part]);
        else known.push(part);
      }
    }
    logs.clear();
    return Array.from(parts, ([to, each]) => this.envelope(to, each));
  }

  /** The next in the numbered stream to a receiver. */
  protected envelope(to: string, parts: readonly Part[]): Envelope {
    const seq = (this.#numbers.get(to) ?? 0) + 1;
    this.#numbers.set(to, seq);
    return {
      from: LOG,
      to,
      epoch: this.epoch,
      seq,
      parts: this.view === 0 ? parts : [{ kind: "view", view: this.view }, ...parts],
    };
  }
}
