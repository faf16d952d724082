/**
 * All instances of a program and its sequencer, each with a journal on a real disk, under a seeded scheduler that lets any
 * of them die at any moment. What was not synced is lost with it, to a byte that the seed draws: as in a power failure. With
 * `asStreams` there is no sequencer, and every instance reads the logs of its role by itself.
 */
import { truncateSync } from "node:fs";
import { canonicalText } from "../../src/runtime/canonical.ts";
import type { Deployment } from "../../src/runtime/instance.ts";
import type { LogEntry } from "../../src/runtime/followed-logs.ts";
import type { Envelope } from "../../src/runtime/messages.ts";
import type { RoleProgram, StepOutput } from "../../src/runtime/program.ts";
import { addressOf, LOG } from "../../src/runtime/routing.ts";
import { Journal } from "../../src/runtime/storage/journal.ts";
import { Streams } from "./streams.ts";
import { RecordedInstance, RecordedSequencer } from "../../src/runtime/storage/recorded.ts";
import { Random } from "../../src/verify/schedule.ts";
import type { SimulatedInput } from "../../src/verify/simulator.ts";

export interface Crashing {
  readonly programs: readonly RoleProgram[];
  readonly deployment: Deployment;
  readonly inputs: readonly SimulatedInput[];
  readonly seed: number;
  /** An empty folder. */
  readonly folder: string;
  /** What a process must not do: the controls. */
  /** Bytes after which a journal begins anew with a snapshot; few. */
  readonly snapshotAfter?: number;
  readonly fault?: "acknowledges first" | "sends first" | "tells first" | "numbers anew" | "reads on where it was";
  readonly asStreams?: boolean;
}

export interface Crashed {
  /** `R#0.n` to what it delivered, as a set in canonical order. */
  readonly outputs: Readonly<Record<string, readonly string[]>>;
  readonly crashes: number;
  readonly torn: number;
  readonly snapshots: number;
}

type Steps = { readonly envelopes: readonly Envelope[]; readonly outputs: StepOutput["outputs"] };

/** One process: what it holds in memory, and the file that is left when it dies. */
export class Machine {
  readonly name: string;
  readonly #run: Crashing;
  readonly #world: ReadonlyMap<string, Machine>;
  readonly #told: Map<string, Set<string>>;
  readonly #program: RoleProgram | null;
  readonly #index: number;
  journal!: Journal;
  instance: RecordedInstance | null = null;
  #sequencer: RecordedSequencer | null = null;
  /** Left for others, and not known to have come. */
  sent: Envelope[] = [];
  /** Of its role's logs, where these are streams: the entries that it has read. */
  readonly read = new Map<string, number>();
  crashes = 0;
  torn = 0;
  snapshots = 0;

  constructor(
    run: Crashing,
    world: ReadonlyMap<string, Machine>,
    told: Map<string, Set<string>>,
    program: RoleProgram | null,
    index: number,
  ) {
    this.name = program === null ? LOG : addressOf(program.meta.role, index);
    this.#run = run;
    this.#world = world;
    this.#told = told;
    this.#program = program;
    this.#index = index;
    this.open();
  }

  open(): void {
    const { folder, deployment, programs, fault, snapshotAfter } = this.#run;
    const identity = { self: this.name, program: "", version: "", counts: deployment.counts, isOnNats: false };
    const lives = fault === "numbers anew" ? this.crashes : 0;
    if (this.#program === null) {
      const opened = Journal.open(
        folder,
        identity,
        (epoch) =>
          new RecordedSequencer(
            deployment,
            programs.map(({ meta }) => meta),
            epoch + lives,
          ),
        snapshotAfter,
      );
      this.journal = opened.journal;
      this.#sequencer = opened.recorded;
    } else {
      const opened = Journal.open(
        folder,
        identity,
        (epoch) => new RecordedInstance(this.#program!, deployment, this.#index, epoch + lives),
        snapshotAfter,
      );
      this.journal = opened.journal;
      this.instance = opened.recorded;
      this.instance.deadlines();
      for (const { ordering } of this.#program.meta.collections)
        if (ordering !== undefined && (fault !== "reads on where it was" || this.crashes === 0))
          this.read.set(ordering.log, this.instance.followed.upTo(ordering.log));
    }
    if (this.journal.torn !== null) this.torn++;
    (this.instance ?? this.#sequencer!).recordIn(this.journal);
    this.sent = [...this.journal.unacked()];
    this.#tell(this.journal.untold.map(({ output }) => output));
    this.journal.tell(this.journal.given);
  }

  get wants(): boolean {
    return this.instance?.wantsStep() ?? true;
  }

  take(envelope: Envelope): void {
    if (this.instance !== null) this.instance.receive(envelope);
    else this.#sequencer!.take(envelope);
    if (this.#run.fault === "acknowledges first") this.#acknowledge();
  }

  /** As an edge does: steps, then the disk, then what follows. False: nothing was to be done. */
  turn(): boolean {
    const { fault } = this.#run;
    const steps: Steps[] = [];
    if (this.instance === null) steps.push({ envelopes: this.#sequencer!.flush(), outputs: [] });
    else while (this.instance.wantsStep() && steps.length < 8) steps.push(this.instance.step());
    const isBusy = steps.some(({ envelopes }) => envelopes.length > 0) || (this.instance !== null && steps.length > 0);
    if (fault === "sends first" || fault === "tells first") this.#leave(steps);
    else {
      this.commit();
      this.#leave(steps);
    }
    return isBusy;
  }

  commit(): void {
    const { bytes, snapshotBytes } = this.journal;
    this.journal.commit(true);
    if (this.journal.bytes < bytes || this.journal.snapshotBytes !== snapshotBytes) this.snapshots++;
    this.#acknowledge();
  }

  #leave(steps: readonly Steps[]): void {
    for (const { envelopes, outputs } of steps) {
      this.sent.push(...envelopes);
      this.#tell(outputs);
    }
    this.journal.tell(this.journal.given);
  }

  #tell(outputs: StepOutput["outputs"]): void {
    for (const { collection, rows } of outputs) {
      const key = `${this.name}.${collection}`;
      const told = this.#told.get(key) ?? new Set();
      this.#told.set(key, told);
      for (const row of rows) told.add(canonicalText(row));
    }
  }

  #acknowledge(): void {
    const { received } = this.instance ?? this.#sequencer!;
    for (const [from, , { upTo }] of received.last()) this.#world.get(from)?.acked(this.name, upTo);
  }

  enter(entry: LogEntry): void {
    this.instance!.enter(entry);
  }

  acked(by: string, upTo: number): void {
    this.journal.acked(by, upTo);
    this.sent = this.sent.filter(({ to, seq }) => to !== by || seq > upTo);
  }

  die(random: Random): void {
    this.crashes++;
    // Written, and not known to be on the disk.
    if (random.chance(0.5)) this.journal.commit(false);
    const { path, bytes, syncedBytes } = this.journal;
    this.journal.abandon();
    truncateSync(path, syncedBytes + random.below(bytes - syncedBytes + 1));
    this.open();
  }
}

interface Source {
  readonly name: string;
  readonly at: string;
  readonly items: readonly SimulatedInput[];
}

export function runCrashing(run: Crashing): Crashed {
  const random = new Random(run.seed);
  const told = new Map<string, Set<string>>();
  const world = new Map<string, Machine>();
  for (const program of run.programs) {
    for (let index = 0; index < (run.deployment.counts[program.meta.role] ?? 0); index++) {
      const machine = new Machine(run, world, told, program, index);
      world.set(machine.name, machine);
    }
  }
  const streams = run.asStreams === true ? new Streams(random, [...world.values()]) : null;
  const hasLog =
    streams === null &&
    run.programs.some(({ meta }) => meta.collections.some(({ ordering }) => ordering !== undefined));
  if (hasLog) world.set(LOG, new Machine(run, world, told, null, 0));
  const machines = [...world.values()];
  const sources = sourcesOf(run);
  const dying = 0.03;
  for (let actions = 0; ; actions++) {
    if (actions > 3000) throw new Error(`seed ${run.seed} does not come to rest`);
    const mayDie = actions < 250;
    if (mayDie && random.chance(dying)) {
      machines[random.below(machines.length)].die(random);
      continue;
    }
    const open = sources.filter(({ name, at, items }) => world.get(at)!.journal.fedUpTo(name) < items.length);
    const flying = machines.flatMap((machine) => machine.sent.map((envelope) => ({ machine, envelope })));
    const stepping = machines.filter(({ wants }) => wants);
    const reading = streams?.readings ?? [];
    const choice =
      random.below(open.length + flying.length + stepping.length * 2 + reading.length + 1) - reading.length;
    if (choice < 0) {
      reading[choice + reading.length]();
    } else if (choice < open.length) {
      give(world.get(open[choice].at)!, open[choice]);
    } else if (choice < open.length + flying.length) {
      const { machine, envelope } = flying[choice - open.length];
      if (envelope.to === LOG && streams !== null) streams.store(machine);
      else world.get(envelope.to)!.take(envelope);
    } else {
      const machine = machines[random.below(machines.length)];
      // A death between what is computed and what is written, or between that and what leaves.
      machine.turn();
      if (mayDie && random.chance(dying)) machine.die(random);
      if (
        open.length === 0 &&
        flying.length === 0 &&
        reading.length === 0 &&
        machines.every((each) => !each.turn()) &&
        machines.every(({ sent }) => sent.length === 0)
      )
        break;
    }
  }
  for (const { journal } of machines) journal.close();
  const outputs = Object.fromEntries([...told].map(([key, rows]) => [key, [...rows].sort()] as const));
  return {
    outputs,
    crashes: machines.reduce((sum, { crashes }) => sum + crashes, 0),
    torn: machines.reduce((sum, each) => sum + each.torn, 0),
    snapshots: machines.reduce((sum, each) => sum + each.snapshots, 0),
  };
}

/** Row and position are one record, so that neither is there without the other. */
function give({ instance, journal }: Machine, { name, items }: Source): void {
  const position = journal.fedUpTo(name);
  const item = items[position];
  if ("row" in item) instance!.input(item.collection, item.row);
  else if ("seal" in item) instance!.sealInput(item.collection, item.seal);
  else instance!.endInput(item.collection);
  journal.fed(name, position + 1);
}

function sourcesOf({ programs, deployment, inputs }: Crashing): readonly Source[] {
  const sources: Source[] = [];
  for (const { meta } of programs) {
    for (let node = 0; node < (deployment.counts[meta.role] ?? 0); node++) {
      for (const { name, kind } of meta.collections) {
        if (kind !== "input") continue;
        const given = inputs.filter(
          (each) => each.role === meta.role && each.node === node && each.collection === name,
        );
        sources.push({
          name,
          at: addressOf(meta.role, node),
          items: [...given, { role: meta.role, node, collection: name, end: true }],
        });
      }
    }
  }
  return sources;
}
