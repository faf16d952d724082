/** Instances and a registry in one process: what they say arrives in any order, and twice, while newcomers join. */
import type { Fault, RoleProgram, Row } from "../../src/runtime/program.ts";
import type { LogEntry } from "../../src/runtime/followed-log.ts";
import { isMembership, viewOfEntry } from "../../src/runtime/membership/changes.ts";
import { MEMBERS_LOG } from "../../src/runtime/membership/followed-registry.ts";
import { MemberInstance } from "../../src/runtime/membership/member.ts";
import { Registry } from "../../src/runtime/membership/registry.ts";
import type { Envelope, Part } from "../../src/runtime/messages.ts";
import { addressOf, LOG, parseAddress } from "../../src/runtime/routing.ts";
import { Journal } from "../../src/runtime/storage/journal.ts";
import { RecordedMember, RecordedRegistry } from "../../src/runtime/storage/recorded.ts";
import { Random } from "../../src/verify/schedule.ts";

export interface JoiningOptions {
  readonly programs: readonly RoleProgram[];
  readonly counts: Readonly<Record<string, number>>;
  readonly dynamic: readonly string[];
  readonly seed: number;
  /** What becomes of an envelope on its way, for controls. */
  readonly spoil?: (envelope: Envelope) => Envelope;
  /** Nobody is the registry, or orders: what would be said to it stands in logs that everybody reads. */
  readonly isOnLogs?: boolean;
  /** An empty folder in which each process keeps its journal, with a snapshot every few hundred bytes. */
  readonly folder?: string;
}

const SNAPSHOT_AFTER = 600;

export class Joining {
  readonly random: Random;
  registry: Registry;
  readonly instances = new Map<string, MemberInstance>();
  /** Rows that an output has delivered, by `Store#0.total`. */
  readonly delivered = new Map<string, Row[]>();
  /** But for the program's own, conflicts of keys. */
  readonly faults: Fault[] = [];
  /** Answers that its sponsor had told when it handed its state to a newcomer, by newcomer. */
  readonly toldAtCut = new Map<string, readonly Row[]>();
  readonly refused = new Map<string, string>();
  readonly dead = new Set<string>();
  readonly #options: JoiningOptions;
  #pool: Envelope[] = [];
  readonly #logs = new Map<string, LogEntry[]>([[MEMBERS_LOG, []]]);
  /** How many entries each process has read, by its address, life and log. */
  readonly #read = new Map<string, number>();
  #silences = 0;
  /** Where each hears by itself who has been declared gone: those, and who has not heard. */
  readonly #gone: string[] = [];
  #untold: (readonly [MemberInstance, string])[] = [];
  readonly #journals = new Map<string, Journal>();
  snapshots = 0;

  constructor(options: JoiningOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    const { programs, counts } = options;
    this.registry = this.#openRegistry();
    for (const { meta } of programs)
      for (let index = 0; index < counts[meta.role]; index++) this.#add(meta.role, index, false);
  }

  #add(role: string, index: number, joins: boolean): MemberInstance {
    const program = this.#options.programs.find(({ meta }) => meta.role === role)!;
    const { counts, dynamic, isOnLogs, programs } = this.#options;
    const metas = isOnLogs ? { metas: programs.map(({ meta }) => meta) } : {};
    const make = <I extends MemberInstance>(
      of: new (...given: ConstructorParameters<typeof MemberInstance>) => I,
      epoch: number,
    ): I => new of(program, { counts, dynamic: new Set(dynamic) }, index, epoch, { joins, pieceBytes: 512, ...metas });
    const instance =
      this.#opened(addressOf(role, index), (epoch) => make(RecordedMember, epoch)) ??
      make(MemberInstance, 1 + this.random.below(1000));
    instance.onRefused = (why) => void this.refused.set(instance.address, why);
    this.instances.set(instance.address, instance);
    for (const address of this.#gone) this.#tellGone([instance, address]);
    return instance;
  }

  #openRegistry(): Registry {
    const { counts, programs, dynamic, isOnLogs } = this.#options;
    const metas = programs.map(({ meta }) => meta);
    const recorded = isOnLogs
      ? null
      : this.#opened(LOG, (epoch) => new RecordedRegistry({ counts }, metas, epoch, dynamic));
    return recorded ?? new Registry({ counts }, metas, 1, dynamic);
  }

  /** null: nothing is kept. */
  #opened<R extends RecordedMember | RecordedRegistry>(self: string, create: (epoch: number) => R): R | null {
    const { folder, counts } = this.#options;
    if (folder === undefined) return null;
    const { journal, recorded } = Journal.open(
      folder,
      { self, program: "", version: "", counts, isOnNats: false },
      create,
      SNAPSHOT_AFTER,
    );
    recorded.recordIn(journal);
    this.#journals.set(self, journal);
    return recorded;
  }

  /** It is killed, and comes back with its journal. */
  crash(address: string): void {
    this.#journals.get(address)!.abandon();
    if (address === LOG) {
      this.registry = this.#openRegistry();
      return;
    }
    const { role, index } = parseAddress(address)!;
    this.#add(role, index, index >= this.#options.counts[role]);
  }

  #keep(): void {
    for (const journal of this.#journals.values()) {
      const before = journal.snapshotBytes;
      journal.commit(false);
      if (journal.snapshotBytes !== before) this.snapshots++;
    }
  }

  close(): void {
    for (const journal of this.#journals.values()) journal.close();
  }

  /** It is dead, and begins again with nothing, as one that the deployment places. */
  restart(role: string, index: number): MemberInstance {
    this.dead.delete(addressOf(role, index));
    return this.#add(role, index, false);
  }

  join(role: string, index: number): MemberInstance {
    const instance = this.#add(role, index, true);
    instance.join({ host: "127.0.0.1", port: 7000 + index });
    return instance;
  }

  /** As `join`, of a process that takes the place of a dead one of that name. */
  joinAgain(role: string, index: number): MemberInstance {
    this.dead.delete(addressOf(role, index));
    return this.join(role, index);
  }

  /** It says and hears nothing more; what it has said arrives. */
  kill(address: string): void {
    this.dead.add(address);
  }

  /** It takes the steps that wait; all that it has said arrives, and then its last word. */
  leave(address: string): void {
    const instance = this.instances.get(address)!;
    while (instance.wantsStep()) this.#step(instance);
    this.#send(instance.depart());
    this.#keep();
    this.#arriveFrom(address);
    if (this.#options.folder !== undefined) {
      this.crash(address);
      if (!this.instances.get(address)!.isDeparting) throw new Error(`${address} has forgotten that it leaves`);
    }
    this.#send([this.instances.get(address)!.leave()]);
    this.#keep();
    this.#arriveFrom(address);
    this.kill(address);
  }

  #arriveFrom(address: string): void {
    for (let at; (at = this.#pool.findIndex(({ from }) => from === address)) >= 0;) this.#deliver(at);
  }

  #act(): boolean {
    const living = [...this.instances.values()].filter((each) => !this.dead.has(each.address));
    const able = living.filter((each) => each.wantsStep());
    const reading = this.#options.isOnLogs ? living.flatMap((each) => this.#readable(each)) : [];
    const pool = this.#pool;
    if (this.#untold.length > 0 && this.random.chance(0.05)) {
      this.#tellGone(this.#untold.splice(this.random.below(this.#untold.length), 1)[0]);
      return true;
    }
    if (able.length === 0 && pool.length === 0 && reading.length === 0) return this.#untold.length > 0;
    const at = this.random.below(able.length + pool.length + reading.length);
    if (at < able.length) this.#step(able[at]);
    else if (at < able.length + pool.length) this.#deliver(at - able.length);
    else reading[at - able.length - pool.length]();
    return true;
  }

  /** What it can do to read on. */
  #readable(instance: MemberInstance): (() => void)[] {
    return [...this.#logs].flatMap(([log, entries]) => {
      const isOfMembers = log === MEMBERS_LOG;
      if (!isOfMembers && (!instance.isLiving || !instance.address.startsWith(`${log.split(".")[0]}#`))) return [];
      const key = `${instance.address} ${instance.epoch} ${log}`;
      const at = this.#read.get(key) ?? instance.followed.upTo(log);
      const entry = entries[at];
      if (entry === undefined) return [];
      if (!isOfMembers && viewOfEntry(entry) > instance.view) return [];
      return [
        (): void => {
          this.#read.set(key, at + 1);
          this.faults.push(...instance.enter(entry).faults);
        },
      ];
    });
  }

  /** It stands in the logs that its parts are for. */
  #append({ from, epoch, seq, parts }: Envelope): void {
    const of = new Map<string, Part[]>();
    const views = parts.filter(({ kind }) => kind === "view");
    for (const part of parts) {
      if (part.kind === "view") continue;
      const log = part.kind === "append" || part.kind === "tick" ? part.log : MEMBERS_LOG;
      of.set(log, [...(of.get(log) ?? views), part]);
    }
    for (const [log, own] of of)
      this.#store(log, (upTo) => ({
        kind: "appended",
        log,
        upTo,
        from,
        epoch,
        first: 1,
        envelopes: [{ seq, parts: own }],
      }));
  }

  #store(log: string, make: (upTo: number) => LogEntry): void {
    const entries = this.#logs.get(log) ?? [];
    this.#logs.set(log, entries);
    const entry = make(entries.length + 1);
    entries.push(entry);
    // For whoever looks on: the changes as they have been put in order.
    if (log !== MEMBERS_LOG) return;
    if (entry.kind === "epoch end") this.registry.forgetSilent();
    else
      for (const { seq, parts } of entry.envelopes)
        this.registry.take({ from: entry.from, to: LOG, epoch: entry.epoch, seq, parts });
    this.registry.flush();
  }

  #step(instance: MemberInstance): void {
    // Mostly all that waits, sometimes a part of it.
    const choice =
      this.#options.folder === undefined && instance.isLiving && this.random.chance(0.3)
        ? { limit: 1 + this.random.below(2) }
        : undefined;
    const { envelopes, outputs, faults } = instance.step(choice);
    this.#send(envelopes);
    for (const { to, parts } of envelopes)
      if (parts.some(({ kind }) => kind === "snapshot"))
        this.toldAtCut.set(to, [...(this.delivered.get(`${instance.address}.answer`) ?? [])]);
    this.faults.push(...faults.filter(({ code }) => code !== "DLC924"));
    for (const { collection, rows } of outputs) {
      const id = `${instance.address}.${collection}`;
      this.delivered.set(id, [...(this.delivered.get(id) ?? []), ...rows]);
    }
  }

  #send(envelopes: readonly Envelope[]): void {
    const { spoil = (envelope) => envelope } = this.#options;
    for (const envelope of envelopes) {
      this.#pool.push(spoil(envelope));
      if (this.random.chance(0.1)) this.#pool.push(spoil(envelope));
    }
  }

  #deliver(at: number): void {
    const [envelope] = this.#pool.splice(at, 1);
    if (this.dead.has(envelope.to)) return;
    if (envelope.to === LOG && this.#options.isOnLogs) this.#append(envelope);
    else if (envelope.to === LOG) {
      this.faults.push(...this.registry.take(envelope));
      this.#send(this.registry.flush());
    } else this.faults.push(...(this.instances.get(envelope.to)?.receive(envelope) ?? []));
  }

  /** So many things happen, or fewer where nothing more can. */
  run(actions = 100_000): void {
    for (let i = 0; i < actions && this.#act(); i++) this.#keep();
    this.#keep();
  }

  /** As an operator does, to the registry; where that is no process, to each instance, now or in a while. */
  declareGone(address: string): void {
    this.registry.declareGone(address);
    const said = this.registry.flush();
    if (!this.#options.isOnLogs) return this.#send(said);
    this.#gone.push(address);
    for (const instance of this.instances.values()) this.#untold.push([instance, address]);
  }

  #tellGone([instance, address]: readonly [MemberInstance, string]): void {
    if (!this.dead.has(instance.address)) this.faults.push(...instance.declareGone(address));
  }

  /** Nothing heard of silent newcomers is sent on. */
  forgetSilent(): void {
    if (this.#options.isOnLogs) {
      const number = this.#silences++;
      return this.#store(MEMBERS_LOG, (upTo) => ({ kind: "epoch end", log: MEMBERS_LOG, upTo, number }));
    }
    this.registry.forgetSilent();
    this.#send(this.registry.flush());
  }
}

/** Takes parts of a kind out of what goes to some. */
export function without(isLost: (part: Part, envelope: Envelope) => boolean): (envelope: Envelope) => Envelope {
  return (envelope) => ({ ...envelope, parts: envelope.parts.filter((part) => !isLost(part, envelope)) });
}

/** Marks come outside the numbered streams: they overtake what was numbered before them. */
export function marksApart(envelope: Envelope): Envelope {
  const isMark = envelope.parts.some((part) => isMembership(part) && part.kind === "mark");
  return isMark && envelope.from !== LOG ? { ...envelope, epoch: envelope.epoch + 5000, seq: 1 } : envelope;
}

export function addresses(role: string, indices: readonly number[]): string[] {
  return indices.map((index) => addressOf(role, index));
}
