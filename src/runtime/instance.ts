/**
 * One instance of a role as a pure state machine between its evaluator and the edges: no timers,
 * no sockets, no randomness. The edges hand in what arrives and take away what leaves.
 */
import { arrivedAt, awaitedAt } from "./awaited.ts";
import type { Arrived, AwaitedSeal } from "./awaited.ts";
import { Duplicates } from "./duplicates.ts";
import { FollowedLogs } from "./followed-logs.ts";
import type { LogEntry } from "./followed-logs.ts";
import { GivenUp } from "./given-up.ts";
import type { Deadline } from "./given-up.ts";
import { collectEvents, type Effective, Inbox, Local } from "./inbox.ts";
import { Inputs } from "./inputs.ts";
import { admitted, Intake, refusal } from "./intake.ts";
import { Logs } from "./logs.ts";
import { Members } from "./members.ts";
import type { Envelope, Part } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import type { CollectionMeta, Evaluator, Fault, RoleProgram, Row, StepInput, StepOutput } from "./program.ts";
import { addressOf, LOG, ownerOf } from "./routing.ts";
import { ChangingSeals } from "./membership/changing-seals.ts";
import { ChannelSeals, type Closure, InputSeals } from "./seals.ts";
import type { State } from "./state.ts";
import { Travel } from "./travels.ts";

export interface Deployment {
  /** Instances per role. */
  readonly counts: Readonly<Record<string, number>>;
  /** Roles that may get other instances while they run. */
  readonly dynamic?: ReadonlySet<string>;
}

export interface StepEffects {
  /** At most one per receiver (parts folded), in the order in which the receivers were first written to. */
  readonly envelopes: readonly Envelope[];
  readonly outputs: StepOutput["outputs"];
  readonly faults: readonly Fault[];
}

/** Which of the waiting events the next step takes. Absent members mean: everything that waits, unordered. */
export interface StepChoice {
  /** The clock (`Instance.clocks`) whose next batch is the step; null: an unordered step. */
  readonly clock?: string | null;
  /** Unordered: at most so many rows, oldest first; 0 is an event-less step. */
  readonly limit?: number;
  /** Unordered: which rows. Inputs are taken in the host's order, so the first refusal ends them. */
  readonly pick?: (collection: string, row: Row) => boolean;
}

export class Instance {
  /** `Report#0`. */
  readonly address: string;
  /** Of its life, or of all its lives: stands in every envelope. */
  readonly epoch: number;
  readonly #locals = new Map<string, Local>();
  /** The same by `Report.click`. */
  readonly #byId = new Map<string, Local>();
  protected readonly members: Members;
  readonly #inbox: Inbox;
  readonly #intake: Intake;
  readonly #logs = new Logs();
  readonly #outbox: Outbox;
  readonly #travels: readonly Travel[];
  readonly #duplicates = new Duplicates();
  /** Of the role's logs, where these are read entry by entry. */
  readonly followed: FollowedLogs;
  readonly #inputs: Inputs;
  readonly #givenUp: GivenUp;
  readonly #evaluator: Evaluator;
  #faults: Fault[] = [];
  #isStepping = false;
  /** Told of faults between steps: of a component that answers late. */
  onLateFault: ((fault: Fault) => void) | null = null;
  #pending: readonly (string | null)[];
  #started = false;
  #lastWasBatch = false;
  /** Those of `#repeating` of which the last step took something. */
  #repeated: ReadonlySet<string> = new Set();
  /** Timers, and channels on which things are sent again. */
  readonly #repeating: ReadonlySet<string>;

  constructor(
    program: RoleProgram,
    deployment: Deployment,
    index: number,
    epoch: number,
    followed: FollowedLogs | null = null,
  ) {
    const { meta } = program;
    this.address = addressOf(meta.role, index);
    this.epoch = epoch;
    this.members = new Members(deployment.counts, deployment.dynamic);
    this.followed = followed ?? new FollowedLogs(deployment, meta, this.address, epoch);
    const report = (fault: Fault): void => {
      if (this.#isStepping || this.onLateFault === null) this.#faults.push(fault);
      else this.onLateFault(fault);
    };
    for (const collection of meta.collections) {
      if (collection.kind === "output") continue;
      const local = new Local(meta.role, collection, this.#sealsOf(collection));
      this.#locals.set(collection.name, local);
      this.#byId.set(local.id, local);
    }
    const locals = [...this.#locals.values()];
    const repeating = locals.filter(({ meta: { kind, lossy } }) => kind === "timer" || lossy);
    this.#repeating = new Set(repeating.map((local) => local.meta.name));
    this.#inbox = new Inbox(locals.filter((local) => local.seals !== null));
    this.#intake = new Intake(this.address, this.#byId, this.#inbox, this.#logs);
    this.#outbox = new Outbox(meta, this.members, this.address, epoch, report);
    this.#outbox.isSettled = (target, key) => this.followed.isSettled(target, key);
    this.#inputs = new Inputs({
      role: meta.role,
      address: this.address,
      locals: this.#locals,
      inbox: this.#inbox,
      outbox: this.#outbox,
    });
    this.#givenUp = new GivenUp(this.address, this.#locals);
    const inputs = new Set(locals.filter((local) => local.meta.kind === "input").map((local) => local.meta.name));
    const isOwner = (values: Row): boolean => ownerOf(values, deployment.counts[meta.role]) === index;
    this.#travels = meta.travels.map(
      (travel) => new Travel(travel, inputs, this.#outbox.isWholeStream(travel.target), isOwner),
    );
    this.#evaluator = program.createEvaluator({
      self: this.address,
      nodes: (role) => this.members.of(role),
      isClosed: (source, key) => this.#locals.get(source)?.seals?.isClosed(key) ?? false,
      report,
    });
    this.#pending = this.#evaluator.pending();
  }

  #sealsOf(collection: CollectionMeta): InputSeals | ChannelSeals | null {
    const { sealed } = collection;
    if (!sealed) return null;
    if (collection.kind === "input") return new InputSeals(sealed);
    const producers = sealed.producers.flatMap((role) => this.members.of(role));
    return sealed.producers.some((role) => this.members.isDynamic(role))
      ? new ChangingSeals(sealed, producers)
      : new ChannelSeals(sealed, producers);
  }

  /** Type-checked; refused (with the fault) after its seal or its end. */
  input(collection: string, row: Row): Fault | null {
    return this.#inputs.offer(collection, row);
  }

  sealInput(collection: string, key: Row): Fault | null {
    return this.#inputs.seal(collection, key);
  }

  /** Ends one or all inputs: seals every partition. */
  endInput(collection?: string): void {
    this.#inputs.end(collection);
  }

  fire(timer: string): void {
    this.#inputs.fire(timer);
  }

  /** Deadlines that have begun to run since the last call; the edge has the clock, and says `expire`. */
  deadlines(): readonly Deadline[] {
    return this.#givenUp.deadlines();
  }

  expire(deadline: Deadline): Fault | null {
    return this.#givenUp.expire(deadline);
  }

  /**
   * An operator says that an instance will never be heard again. What comes of it is refused, nothing is sent to it, and what
   * it has not sealed fails.
   */
  declareGone(address: string): readonly Fault[] {
    if (address === this.address || address === LOG || !this.members.has(address) || this.gone.has(address)) return [];
    this.#outbox.drop(address);
    this.#givenUp.declareGone(address);
    return this.#givenUp.lost();
  }

  protected declareGoneAgain(): void {
    this.#givenUp.declareAgain();
  }

  isGone(address: string): boolean {
    return this.gone.has(address);
  }

  /** Instances that have been declared gone, with the number of partitions that have failed here for lack of them. */
  get gone(): ReadonlyMap<string, number> {
    return this.#givenUp.gone;
  }

  /** Drops duplicates, checks types, counts, queues. */
  receive(envelope: Envelope): readonly Fault[] {
    return this.#admit(envelope);
  }

  /** What stands next in a log that is read entry by entry: the batches that it brought, as `receive` takes them. */
  enter(entry: LogEntry): { readonly batches: readonly Envelope[]; readonly faults: readonly Fault[] } {
    const { batches, faults } = this.followed.take(entry);
    return { batches, faults: [...faults, ...batches.flatMap((batch) => this.#admit(batch))] };
  }

  #admit(envelope: Envelope): readonly Fault[] {
    const faults: Fault[] = [];
    const stranger = strangeness(envelope, this.address, this.members.knows(envelope.from));
    if (stranger !== null) {
      faults.push({ code: "DLC906", message: `${this.address} refused a message from ${envelope.from}: ${stranger}` });
      return faults;
    }
    if (!this.#duplicates.admit(envelope.from, envelope.epoch, envelope.seq)) return faults;
    if (this.gone.has(envelope.from)) {
      faults.push({
        code: "DLC906",
        message: `${this.address} refused a message from ${envelope.from}: it has been declared gone`,
      });
      return faults;
    }
    for (const part of envelope.parts) {
      if (part.kind === "barred" && envelope.from === LOG) this.#outbox.bar(part.target, part.keys);
      else this.#intake.receive(envelope.from, part, faults);
    }
    for (const fault of this.#givenUp.lost()) faults.push(fault);
    return faults;
  }

  /** False: a component of the role keeps what only it knows. */
  get isPersistent(): boolean {
    return this.#evaluator.persist !== undefined && this.#evaluator.isOpaque !== true;
  }

  /** Between steps: all that decides what it does next. */
  persist(state: State): void {
    for (const local of this.#locals.values()) local.persist(state);
    this.#inbox.persist(state, this.#locals);
    this.#logs.persist(state);
    this.#outbox.persist(state);
    for (const travel of this.#travels) travel.persist(state);
    this.#duplicates.persist(state);
    this.followed.persist(state);
    this.#givenUp.persist(state);
    this.#evaluator.persist!(state);
    this.#pending = state.of(this.#pending);
    this.#started = state.of(this.#started);
    this.#lastWasBatch = state.of(this.#lastWasBatch);
    this.#repeated = state.of(this.#repeated);
  }

  /**
   * Between steps: what another replica needs to go on from here as this one does. Not what is of this one alone: its host's
   * inputs, its timers, and how far its talk with the others has come.
   */
  handOver(state: State): void {
    for (const local of this.#locals.values()) if (local.meta.kind === "channel") local.persist(state);
    this.#inbox.handOver(state, this.#locals);
    this.#logs.persist(state);
    this.followed.handOver(state);
    this.#evaluator.persist!(state);
    this.#started = state.of(this.#started);
    this.#lastWasBatch = state.of(this.#lastWasBatch);
    this.#repeated = state.of(this.#repeated);
    // The other may not know yet of all who take part, or not know any more.
    this.#lookAround();
  }

  /** From now on it takes part, with what `like`, a replica of it, has. What leaves from now on is of that view. */
  protected admit(role: string, address: string, like: string | null, view: number): void {
    this.members.add(address);
    for (const { seals } of this.#locals.values())
      if (seals instanceof ChangingSeals) seals.admitProducer(role, address);
    this.#outbox.admit(role, address, like);
    this.#outbox.view = view;
    this.#lookAround();
  }

  protected dismiss(address: string, view: number): void {
    this.members.remove(address);
    this.#outbox.dismiss(address);
    this.#outbox.view = view;
    this.#lookAround();
  }

  /** `R.nodes` is another relation than before. */
  #lookAround(): void {
    this.#evaluator.membersChanged?.();
    this.#pending = this.#evaluator.pending();
  }

  /** One that goes will send no more rows: seals whatever it could send. */
  protected sealEverything(): readonly Envelope[] {
    this.#outbox.sealEverything();
    return this.#outbox.flush();
  }

  /** Beside what steps send: the next envelope to that receiver. */
  protected envelope(to: string, parts: readonly Part[]): Envelope {
    return this.#outbox.envelope(to, parts);
  }

  /** Envelopes that have come. */
  get received(): Duplicates {
    return this.#duplicates;
  }

  /** Waiting events: rows, seals, and what stands in the batches of logs. */
  get waiting(): number {
    return this.#inbox.waiting + this.#logs.waiting;
  }

  /** Facts of a table, scratch or output after the last step, in canonical order. */
  read(collection: string): readonly Row[] {
    return this.#evaluator.read(collection);
  }

  /** Clocks with deferred facts that would change something. */
  get pending(): readonly (string | null)[] {
    return this.#pending;
  }

  /** An event waits, a batch is next in a log, something is to be sent, or a deferred fact is pending. */
  wantsStep(): boolean {
    return this.#wantsUnordered() || this.#logs.ready > 0 || this.#outbox.waits;
  }

  #wantsUnordered(): boolean {
    const deferred = this.#pending.includes(null);
    return !this.#started || deferred || this.#inbox.wants(this.#pending.length > 0);
  }

  /** Clocks whose next batch waits; none before the first step, which is unordered. */
  clocks(): readonly string[] {
    return this.#started ? this.#logs.clocks() : [];
  }

  /** Number of the last batch of this clock that a step has taken. */
  lastBatch(clock: string): number {
    return this.#logs.last(clock);
  }

  /**
   * Without a choice: everything unordered that waits, or the next log batch; in turn if there are both.
   * The first step is unordered. Where it would take what may repeat the step before, it takes nothing. A step that has only rows for a log to send does not evaluate.
   */
  step(choice?: StepChoice): StepEffects {
    const clock = this.#clockOf(choice);
    let outputs: StepOutput["outputs"] = [];
    if (clock !== undefined) {
      this.#isStepping = true;
      const between = this.#wouldRepeat(clock);
      this.#lastWasBatch = clock !== null && !between;
      if (between) outputs = this.#stepUnordered({ limit: 0 });
      else outputs = clock === null ? this.#stepUnordered(choice) : this.#stepBatch(clock);
      this.#started = true;
      this.#isStepping = false;
    }
    for (const fault of this.#givenUp.lost()) this.#faults.push(fault);
    const envelopes = this.#outbox.flush();
    const faults = this.#faults;
    if (faults.length > 0) this.#faults = [];
    return { envelopes, outputs, faults };
  }

  /** Undefined where nothing is due but to send. */
  #clockOf(choice: StepChoice | undefined): string | null | undefined {
    if (choice?.clock !== undefined) return choice.clock;
    if (choice?.limit !== undefined || choice?.pick !== undefined) return null;
    const [batch] = this.clocks();
    if (batch !== undefined && !this.#lastWasBatch) return batch;
    if (this.#wantsUnordered()) return null;
    return batch ?? (this.#outbox.waits ? undefined : null);
  }

  /**
   * Two firings of one timer are never in adjacent steps, nor two facts of one lossy channel: a step without events
   * between them lets what the first made true become false, so that the second makes it true again, and sends it again.
   */
  #wouldRepeat(clock: string | null): boolean {
    if (this.#repeated.size === 0) return false;
    if (clock === null) return this.#inbox.waitsFor(this.#repeated);
    return this.#logs.next(clock).some(({ target }) => this.#repeated.has((this.#byId.get(target) as Local).meta.name));
  }

  #stepUnordered(choice: StepChoice | undefined): StepOutput["outputs"] {
    const effective = this.#inbox.take(choice, this.#pending.length > 0);
    const closures = effective.flatMap(({ local, closure }) => this.#take(local, closure));
    const closed = closures.map(({ local, closure }) => ({ source: local.meta.name, key: closure.key }));
    return this.#evaluate({ clock: null, events: collectEvents(this.#locals.values()), closed }, closures);
  }

  /** What closes for the seals that travel; what closes for the rules is asked of the seals. */
  #take(local: Local, closure: Closure): Effective[] {
    const seals = local.seals as ChannelSeals;
    const single =
      closure.key === null && seals.hasFailed ? seals.closable().map((each) => ({ local, closure: each })) : null;
    if (!seals.close(closure)) return [];
    return single === null ? [{ local, closure }] : [...single, { local, closure }];
  }

  #stepBatch(clock: string): StepOutput["outputs"] {
    for (const { target, from, rows } of this.#logs.take(clock).runs) {
      const local = this.#byId.get(target) as Local;
      // Seals go past the log and count the rows that go through it.
      local.take(admitted(local, from, rows, refusal(this.address, from, this.#faults)));
      if (local.seals instanceof InputSeals)
        for (const row of rows) for (const closure of local.seals.back(row)) this.#inbox.addSeal(local, closure);
    }
    return this.#evaluate({ clock, events: collectEvents(this.#locals.values()), closed: [] }, []);
  }

  #evaluate(input: StepInput, closures: readonly Effective[]): StepOutput["outputs"] {
    if (this.#repeating.size > 0) {
      const taken = input.events.map(({ collection }) => collection).filter((name) => this.#repeating.has(name));
      if (taken.length > 0 || this.#repeated.size > 0) this.#repeated = new Set(taken);
    }
    const output = this.#evaluator.step(input);
    this.#pending = this.#evaluator.pending();
    for (const send of output.sends) this.#outbox.send(send);
    for (const seal of output.seals) this.#sealByRule(seal.target, seal.key);
    for (const { local, closure } of closures) {
      // Not everything is there where a partition has failed.
      if (closure.key === null && local.seals?.hasFailed) continue;
      for (const travel of this.#travels) {
        try {
          travel.close(local.meta.name, closure);
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          const message = `${this.address} cannot pass on a seal of ${local.id} to ${travel.meta.target}: ${reason}`;
          this.#faults.push({ code: "DLC910", message });
        }
      }
    }
    for (const travel of this.#travels) {
      for (const { target, key, hosted } of travel.due(this.#pending.length > 0))
        this.#outbox.seal(target, key, hosted);
    }
    for (const { log, value, after } of this.#logs.ticks(this.#pending)) this.#outbox.tick(log, value, after);
    return output.outputs;
  }

  #sealByRule(target: string, key: Row): void {
    if (this.#outbox.isTarget(target)) {
      this.#outbox.seal(target, key, true);
      return;
    }
    const local = this.#byId.get(target);
    if (local?.seals instanceof ChannelSeals) local.seals.decree(key);
    else if (local?.seals instanceof InputSeals) this.#inputs.close(local, local.seals.seal(key));
  }

  /** What has come so far of each input and channel. */
  arrived(): readonly Arrived[] {
    return arrivedAt(this.#locals.values());
  }

  /** Partitions that are known, or that held rows wait for, with the producers they wait for. */
  awaited(): readonly AwaitedSeal[] {
    return awaitedAt(this.address, this.#locals.values(), this.#evaluator.held());
  }
}

/** Why an envelope is not for us, or not numbered; null when all is well. */
function strangeness({ to, seq }: Envelope, address: string, isKnown: boolean): string | null {
  if (to !== address) return `it is meant for ${to}`;
  if (!isKnown) return "no instance of this deployment has that address";
  return Number.isSafeInteger(seq) && seq > 0 ? null : `its number is ${seq}`;
}
