/**
 * The log service: gives what is appended its place, as one batch per log, share of the gate values and flush. Every
 * instance of the role that owns a log gets every batch, with the entries that are addressed to it, so
 * that all of them take the same steps. Producers never wait for an answer. Pure.
 */
import { factText, RowType } from "./codec.ts";
import { Duplicates } from "./duplicates.ts";
import type { Deployment } from "./instance.ts";
import type { Envelope, LogEntry, Part } from "./messages.ts";
import type { Fault, RoleMeta, Row } from "./program.ts";
import { addressOf, clockOf, LOG, ownerOf, parseAddress, shareOf } from "./routing.ts";

/** An input, channel or timer whose events pass through a log. */
interface Ordered {
  readonly log: string;
  readonly by: readonly number[];
  readonly type: RowType;
  readonly addresses: readonly string[];
  /** Partition columns of a partitioned role's channel. */
  readonly owner: readonly number[] | null;
}

/** Whose log it is. */
interface Owner {
  readonly addresses: readonly string[];
  readonly replicated: boolean;
}

interface Log {
  readonly log: string;
  readonly value: Row;
  readonly addresses: readonly string[];
  /** Number of the last batch. */
  last: number;
  /** What waits for the next batch; null when nothing does, not even a tick. */
  entries: LogEntry[] | null;
}

export class Sequencer {
  readonly address = LOG;
  readonly #epoch: number;
  readonly #counts: Readonly<Record<string, number>>;
  readonly #collections = new Map<string, Ordered>();
  /** By log name. */
  readonly #owners = new Map<string, Owner>();
  readonly #logs = new Map<string, Log>();
  readonly #dirty = new Set<Log>();
  readonly #duplicates = new Duplicates();
  readonly #numbers = new Map<string, number>();

  constructor(deployment: Deployment, metas: readonly RoleMeta[], epoch: number) {
    this.#epoch = epoch;
    this.#counts = deployment.counts;
    for (const meta of metas) {
      const addresses = Array.from({ length: deployment.counts[meta.role] ?? 0 }, (_, index) => addressOf(meta.role, index));
      for (const collection of meta.collections) {
        const { ordering } = collection;
        if (!ordering) continue;
        const columns = meta.partitionedBy?.map((name) => collection.columns.findIndex((column) => column.name === name)) ?? null;
        const owner = columns?.every((column) => column >= 0) ? columns : null;
        const type = new RowType(collection.columns);
        this.#collections.set(`${meta.role}.${collection.name}`, { ...ordering, type, addresses, owner });
        this.#owners.set(ordering.log, { addresses, replicated: meta.replicated });
      }
    }
  }

  /** Whether any log exists. */
  get hasLogs(): boolean {
    return this.#owners.size > 0;
  }

  /** `take` and `flush` at once. */
  receive(envelope: Envelope): readonly Envelope[] {
    this.take(envelope);
    return this.flush();
  }

  /** Drops duplicates and queues; several taken before one `flush` share their batches. */
  take(envelope: Envelope): readonly Fault[] {
    const faults: Fault[] = [];
    const sender = parseAddress(envelope.from);
    if (envelope.to !== LOG || sender === null || sender.index >= (this.#counts[sender.role] ?? 0)) {
      const why = envelope.to === LOG ? "no instance of this deployment has that address" : `it is meant for ${envelope.to}`;
      faults.push({ code: "DLC906", message: `the sequencer refused a message from ${envelope.from}: ${why}` });
      return faults;
    }
    if (!this.#duplicates.admit(envelope.from, envelope.epoch, envelope.seq)) return faults;
    for (const part of envelope.parts) {
      if (part.kind === "append") this.#append(envelope.from, part.entries, faults);
      else if (part.kind === "tick") this.#tick(envelope.from, part, faults);
      else faults.push({ code: "DLC909", message: `the sequencer refused ${part.kind} from ${envelope.from}: it takes log entries only` });
    }
    return faults;
  }

  #append(from: string, entries: readonly LogEntry[], faults: Fault[]): void {
    for (const entry of entries) {
      const ordered = this.#collections.get(entry.target);
      const problem = ordered === undefined ? "it passes through no log" : this.#entryProblem(ordered, entry);
      if (ordered === undefined || problem !== null) {
        faults.push({ code: "DLC909", message: `the sequencer refused a fact of ${entry.target} from ${from}: ${problem}` });
        continue;
      }
      const row = ordered.type.formed(entry.row);
      const to = entry.to ?? (ordered.owner === null ? null : this.#ownerOf(ordered, ordered.owner, row));
      const value = ordered.by.length === 0 ? [] : [shareOf(ordered.by.map((column) => row[column]))];
      for (const log of this.#logsFor(ordered.log, value, to)) {
        (log.entries ??= []).push({ target: entry.target, to, from, row });
        this.#dirty.add(log);
      }
    }
  }

  /** Replicas take the same steps, so they share a log; instances that are no replicas each have their own. */
  #logsFor(name: string, value: Row, to: string | null): Log[] {
    const { addresses, replicated } = this.#owners.get(name) as Owner;
    if (replicated) return [this.#log(name, value, addresses)];
    return (to === null ? addresses : [to]).map((address) => this.#log(name, value, [address]));
  }

  #ownerOf(ordered: Ordered, columns: readonly number[], row: Row): string {
    return ordered.addresses[ownerOf(columns.map((column) => row[column]), ordered.addresses.length)];
  }

  #entryProblem(ordered: Ordered, entry: LogEntry): string | null {
    if (entry.to !== null && !ordered.addresses.includes(entry.to)) return `${entry.to} is no instance of its role: ${factText(entry.target, entry.row)}`;
    return ordered.type.problem(entry.row);
  }

  #tick(from: string, tick: Extract<Part, { kind: "tick" }>, faults: Fault[]): void {
    if (!this.#owners.has(tick.log)) {
      faults.push({ code: "DLC909", message: `the sequencer refused an empty batch for ${tick.log} from ${from}: there is no such log` });
      return;
    }
    const [log] = this.#logsFor(tick.log, tick.value, from);
    // Otherwise a batch is on its way, and brings the step.
    if (log.last !== tick.after) return;
    log.entries ??= [];
    this.#dirty.add(log);
  }

  #log(name: string, value: Row, addresses: readonly string[]): Log {
    const id = addresses.length === 1 ? `${clockOf(name, value)} ${addresses[0]}` : clockOf(name, value);
    let log = this.#logs.get(id);
    if (log === undefined) {
      log = { log: name, value, addresses, last: 0, entries: null };
      this.#logs.set(id, log);
    }
    return log;
  }

  /** One envelope for each instance that has new batches. */
  flush(): readonly Envelope[] {
    if (this.#dirty.size === 0) return [];
    const parts = new Map<string, Part[]>();
    for (const log of this.#dirty) {
      const entries = log.entries as LogEntry[];
      log.entries = null;
      log.last++;
      const forAll = entries.every((entry) => entry.to === null);
      for (const address of log.addresses) {
        const own = forAll ? entries : entries.filter((entry) => entry.to === null || entry.to === address);
        const part: Part = { kind: "batch", log: log.log, value: log.value, index: log.last, entries: own };
        const known = parts.get(address);
        if (known === undefined) parts.set(address, [part]);
        else known.push(part);
      }
    }
    this.#dirty.clear();
    return Array.from(parts, ([to, each]) => {
      const seq = (this.#numbers.get(to) ?? 0) + 1;
      this.#numbers.set(to, seq);
      return { from: LOG, to, epoch: this.#epoch, seq, parts: each };
    });
  }
}
