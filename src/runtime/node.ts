/** One instance of a role in this process: the Instance between a socket, the clock and its host. */
import { randomInt } from "node:crypto";
import { Alarms } from "./alarms.ts";
import { Backlogs } from "./backlogs.ts";
import type { SilentBacklog } from "./backlogs.ts";
import { RowType, takenRow } from "./codec.ts";
import { checkDeployment, natsOf, placesOf } from "./deployment.ts";
import type { DeployFile, Place } from "./deployment.ts";
import type { LogEntry } from "./followed-logs.ts";
import type { Arrived, AwaitedSeal } from "./awaited.ts";
import { LACKS_SEAL } from "./given-up.ts";
import { Instance } from "./instance.ts";
import type { StepEffects } from "./instance.ts";
import { HandOver } from "./hand-over.ts";
import type { FaultListener } from "./hand-over.ts";
import { endPort, goneText, inputPort, rowOf } from "./host.ts";
import type { EndPort, InputPort, OutputListener, RowObject } from "./host.ts";
import { joinOf } from "./engine/join-of.ts";
import { LogNode } from "./log-node.ts";
import { MembershipEdge } from "./membership/edge.ts";
import { MemberInstance } from "./membership/member.ts";
import { rowsIn } from "./messages.ts";
import type { Envelope } from "./messages.ts";
import type { JoinOf } from "./outside.ts";
import type { NodeCounts, NodeOptions, RowsListener } from "./node-options.ts";
import { placingOf, soleDeployment } from "./placing.ts";
import { OtlpExporter, resourceOf } from "./otlp.ts";
import { Pressure } from "./pressure.ts";
import type { CollectionMeta, Evaluator, Fault, RoleProgram, Row } from "./program.ts";
import { now, Tracing, watched } from "./tracing.ts";
import type { Trace } from "./tracing.ts";
import { addressOf, parseAddress } from "./routing.ts";
import { Spans } from "./spans.ts";
import type { TracedEffects } from "./spans.ts";
import { Journal, openedLines } from "./storage/journal.ts";
import { RecordedInstance, RecordedMember } from "./storage/recorded.ts";
import { outdated, StorageError } from "./storage/storage-error.ts";
import { Losses } from "./transports/loss.ts";
import { createTransport } from "./transports/index.ts";
import type { LogPlaces, Transport } from "./transports/index.ts";

export type { NodeCounts, NodeOptions, RowsListener } from "./node-options.ts";

/** Steps that one write to the disk keeps. */
const STEPS_AT_ONCE = 64;

export class DlcNode {
  readonly address: string;
  readonly role: string;
  readonly index: number;
  readonly counts: NodeCounts = {
    steps: 0,
    rowsIn: 0,
    rowsSent: 0,
    sealsSent: 0,
    envelopesSent: 0,
    outputs: 0,
    faults: 0,
  };
  /** Timer firings, by name. */
  readonly fired = new Map<string, number>();
  readonly input: InputPort;
  readonly seal: InputPort;
  /** Told when its place has been taken by another process, so that it can only end. */
  onEnd: (() => void) | null = null;
  /** Of values of the program's lattices. */
  readonly join: JoinOf;
  /** No more of one input, or of all: seals every partition of it. */
  readonly end: EndPort;
  readonly #program: RoleProgram;
  readonly #deploy: DeployFile;
  readonly #instance: Instance;
  /** Where members change. */
  readonly #membership: MembershipEdge | null;
  /** Where it is found; of a newcomer the deployment does not say it. */
  #place: Place;
  /** null: nothing is kept. */
  readonly #journal: Journal | null;
  readonly #onFailure: (error: StorageError) => void;
  #failure: StorageError | null = null;
  /** Who wants to know that everything is on the disk. */
  #savers: { readonly resolve: () => void; readonly reject: (error: StorageError) => void }[] = [];
  #evaluator: Evaluator | null = null;
  readonly #transport: Transport;
  readonly #losses: Losses | null;
  readonly #tracing: Tracing | null;
  /** Where its steps are given away as spans. */
  readonly #spans: Spans | null;
  readonly #exporter: OtlpExporter | null;
  /** The sequencer, where it runs in this process for this node alone. */
  readonly #sequencer: LogNode | null;
  readonly #log: (line: string) => void;
  readonly #handOver: HandOver;
  readonly #alarms = new Alarms();
  readonly #pressure: Pressure;
  readonly #backlogs: Backlogs;
  #isTurnDue = false;
  #isStarted = false;
  #isStopped = false;

  constructor(program: RoleProgram, options: NodeOptions = {}, sequencer: LogNode | null = null) {
    const { meta } = program;
    const { deploy, counts, index, data, dynamic, metas } = placingOf(program, options);
    this.#program = program;
    this.#deploy = deploy;
    this.#onFailure = options.onFailure ?? (() => {});
    this.#sequencer = sequencer;
    this.role = meta.role;
    this.index = index;
    this.#tracing = options.trace === true ? new Tracing(addressOf(meta.role, index)) : null;
    this.address = addressOf(meta.role, index);
    this.#log = options.log ?? ((line) => void process.stderr.write(`${this.address}: ${line}\n`));
    const otlp = options.otlp ?? deploy.otlp;
    this.#exporter = otlp === undefined ? null : new OtlpExporter(otlp, resourceOf(this.address, options), this.#log);
    this.#spans = this.#exporter && new Spans(otlp?.sample ?? 1, (span) => this.#exporter!.add(span));
    const createEvaluator: RoleProgram["createEvaluator"] = (env) => {
      const evaluator = program.createEvaluator(env);
      this.#evaluator = evaluator;
      if (this.#tracing === null && this.#spans === null) return evaluator;
      return watched(evaluator, (input) => {
        this.#tracing?.takes(input.events);
        // Steps that are made again have been given away before.
        if (this.#isStarted) this.#spans?.takes(input);
      });
    };
    const isOnNats = natsOf(deploy) !== null;
    const identity = {
      self: this.address,
      program: options.program ?? "",
      version: options.version ?? "",
      counts,
      isOnNats,
    };
    const watchedProgram = { ...program, createEvaluator };
    this.#place = options.join ?? placesOf(deploy).get(this.address)!;
    let member: MemberInstance | null = null;
    const membership = { joins: options.join !== undefined, ...(isOnNats && { metas }) };
    if (data === undefined) {
      const epoch = randomInt(2 ** 47);
      if (dynamic.size > 0) member = new MemberInstance(watchedProgram, { counts, dynamic }, index, epoch, membership);
      this.#journal = null;
      this.#instance = member ?? new Instance(watchedProgram, { counts }, index, epoch);
    } else {
      const { journal, recorded } = Journal.open<RecordedInstance | RecordedMember>(data, identity, (epoch) =>
        dynamic.size > 0
          ? new RecordedMember(watchedProgram, { counts, dynamic }, index, epoch, membership)
          : new RecordedInstance(watchedProgram, { counts }, index, epoch),
      );
      recorded.recordIn(journal);
      this.#journal = journal;
      this.#instance = recorded;
      if (recorded instanceof MemberInstance) member = recorded;
      if (options.told !== undefined) journal.tell(options.told);
      for (const line of openedLines(journal)) this.#log(line);
    }
    this.#instance.onLateFault = (fault) => this.#fault(fault);
    this.#transport = createTransport({
      self: this.address,
      epoch: this.#instance.epoch,
      program: options.program ?? "",
      version: options.version ?? "",
      deploy: this.#deploy,
      metas: [meta],
      delay: options.delay ?? null,
      maxFrameBytes: options.maxFrameBytes,
      onEnvelope: (envelope) => this.#receive(envelope),
      followed: this.#instance.followed,
      onEntry: (entry) => this.#enter(entry),
      onFault: (fault) => this.#fault(fault),
      onEnd: () => this.onEnd?.(),
      onGone: (address, by) => this.#declareGone(address, by),
      onRelief: () => this.#pressure.relieve(),
      onAcked: (peer, seq) => this.#journal?.acked(peer, seq),
      ...(dynamic.size > 0 && {
        strangers: { areHeard: false, mayCome: (name: string) => dynamic.has(parseAddress(name)?.role ?? "") },
      }),
      ...(member !== null &&
        isOnNats && {
          membership: { metas, reached: (view: number) => this.#membership!.reached(view), living: () => this.living },
        }),
      ...(this.#journal === null
        ? {}
        : { onOutdated: (why: string) => this.#fail(outdated(this.#journal!.path, why)) }),
      log: this.#log,
    });
    const edge = {
      transport: this.#transport,
      log: this.#log,
      onFault: (fault: Fault) => this.#fault(fault),
      keep: () => this.#keep([], true),
      wake: () => this.#wake(),
      onEnd: () => this.onEnd?.(),
    };
    this.#membership = member && new MembershipEdge({ ...edge, instance: member });
    // Where any port will do, one that comes back has that by which the others find it.
    if (member !== null && member.place !== null && this.#place.port === 0) this.#place = member.place;
    if (this.#journal !== null) {
      const { path, isEmpty, lastSent } = this.#journal;
      this.#transport.resume({ path, isEmpty, received: this.#instance.received, lastSent });
    }
    this.#pressure = new Pressure({
      waiting: () => this.#instance.waiting,
      wantsStep: () => this.#instance.wantsStep(),
      unackedBytes: () => this.#transport.unackedBytes,
      pause: (isPaused) => this.#transport.pause(isPaused),
      wake: () => this.#wake(),
    });
    this.#backlogs = new Backlogs({ backlogs: () => this.#transport.backlogs, log: this.#log });
    this.#losses = options.loss ? new Losses(options.loss, this.address, meta.targets) : null;
    this.join = joinOf(program.lattices);
    this.#handOver = new HandOver({
      meta,
      join: this.join,
      counts: this.counts,
      journal: this.#journal,
      log: this.#log,
    });
    this.input = inputPort(meta, "input", (collection, value, traceparent) =>
      this.#input(collection, value, traceparent),
    );
    this.seal = inputPort(meta, "sealed input", (collection, value) => this.#seal(collection, value));
    this.end = endPort(meta, (collection) => this.#end(collection));
  }

  /**
   * Can be found from now on; resolves to its port, if it has one. Rejects with the system's error (`EADDRINUSE`), or a
   * TransportError. `at`: the address to listen on, where it is another than the one by which peers find it.
   */
  async listen(at?: string): Promise<number> {
    const { host, port } = this.#place;
    const open = await this.#transport.listen(at ?? host, port);
    this.#place = { ...this.#place, port: open };
    return open;
  }

  /** Where peers find it, and whoever operates it. */
  get place(): Place {
    return this.#place;
  }

  /** Resolves when it takes part: at once, but for a newcomer, which has to get its state. */
  get living(): Promise<void> {
    return this.#membership?.living ?? Promise.resolve();
  }

  /** Lets it run. `deploy`: with the ports as they have come out; the same roles and counts as before. */
  start(deploy: DeployFile = this.#deploy): void {
    if (this.#isStarted) throw new Error(`${this.address} has been started already`);
    this.#isStarted = true;
    for (const address of this.#instance.gone.keys()) this.#transport.disown(address);
    for (const address of this.#membership?.left() ?? []) this.#transport.forget(address);
    this.#transport.setAddresses(new Map([...placesOf(deploy), ...(this.#membership?.places() ?? [])]));
    if (this.#journal !== null) for (const envelope of this.#journal.unacked()) this.#transport.send(envelope);
    for (const collection of this.#program.meta.collections) {
      if (collection.kind !== "timer" || collection.periodMs === undefined) continue;
      const { name } = collection;
      this.fired.set(name, this.#journal?.fired.get(name) ?? 0);
      this.#alarms.every(collection.periodMs, () => {
        if (!this.#isLiving) return;
        this.fired.set(name, this.fired.get(name)! + 1);
        this.#spans?.given();
        this.#instance.fire(name);
        this.#wake();
      });
    }
    this.#membership?.start(placesOf(deploy).has(this.address) ? null : this.#place);
    this.#wake();
  }

  #input(collection: CollectionMeta, value: RowObject | Row, traceparent?: string): Fault | null {
    const { name, columns } = collection;
    const row = takenRow(columns, rowOf(name, columns, value));
    if (row.ok) return this.offer(name, row.value, traceparent);
    const fault = { code: "DLC902", message: `${this.address} refused a row of input ${name}: ${row.problem}` };
    this.#fault(fault);
    return fault;
  }

  #seal(collection: CollectionMeta, value: RowObject | Row): Fault | null {
    const columns = collection.sealed!.key.map((column) => collection.columns[column]);
    const key = rowOf(collection.name, columns, value);
    const problem = new RowType(columns).problem(key);
    if (problem !== null) throw new TypeError(`seal of ${collection.name}: ${problem}`);
    return this.offerSeal(collection.name, key);
  }

  #end(collection: string | undefined): void {
    this.#instance.endInput(collection);
    this.#spans?.given();
    this.#wake();
  }

  /** Resolves when everything that was handed in before is on the disk; rejects when it cannot be written. */
  saved(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#journal === null || this.#isStopped) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#savers.push({ resolve, reject });
      this.#wake();
    });
  }

  /** All events of a source up to this position have been handed in: after a restart it is read from there on. */
  fed(source: string, position: number): void {
    this.#journal?.fed(source, position);
  }

  /** 0: from the beginning. */
  fedUpTo(source: string): number {
    return this.#journal?.fedUpTo(source) ?? 0;
  }

  /** It has lived before. */
  get isBack(): boolean {
    return this.#journal?.isNew === false;
  }

  /** Whether it is leaving the deployment, or has left, as far as its data say. */
  get membership(): "taking part" | "leaving" | "left" {
    const instance = this.#instance;
    if (!(instance instanceof MemberInstance) || !instance.isDeparting) return "taking part";
    return instance.hasLeft ? "left" : "leaving";
  }

  /** Rows of outputs that have been handed over in earlier lives. */
  get told(): number {
    return this.#journal?.told ?? 0;
  }

  /** A row of an input, in column order; the fault if it is refused. `traceparent`: of the trace that it belongs to. */
  offer(collection: string, row: Row, traceparent?: string): Fault | null {
    const fault = this.#failure ?? this.#instance.input(collection, row);
    if (fault === null) {
      this.counts.rowsIn++;
      this.#spans?.given(traceparent);
    } else this.#fault(fault);
    this.#wake();
    return fault;
  }

  offerSeal(collection: string, key: Row): Fault | null {
    const fault = this.#failure ?? this.#instance.sealInput(collection, key);
    if (fault !== null) this.#fault(fault);
    this.#spans?.given();
    this.#wake();
    return fault;
  }

  /**
   * `result`: each fact of the output, when it becomes true; `-result`: when it ceases to be (outputs of level eventual
   * or any); `fault`: what went wrong.
   */
  on(event: "fault", listener: (fault: Fault) => void): this;
  on(event: string, listener: OutputListener): this;
  on(event: string, listener: FaultListener | OutputListener): this {
    this.#handOver.add(event, listener);
    return this;
  }

  off(event: string, listener: ((fault: Fault) => void) | OutputListener): this {
    this.#handOver.remove(event, listener);
    return this;
  }

  onRows(listener: RowsListener): void {
    this.#handOver.addRows(listener);
  }

  #receive(envelope: Envelope): void {
    this.#tracing?.received(envelope);
    this.#spans?.received(envelope);
    for (const fault of this.#instance.receive(envelope)) {
      const isNamed = fault.code === LACKS_SEAL || fault.message.includes(envelope.from);
      this.#fault(isNamed ? fault : { ...fault, message: `from ${envelope.from}: ${fault.message}` });
    }
    this.#wake();
  }

  #enter(entry: LogEntry): void {
    const { batches, faults } = this.#instance.enter(entry);
    for (const batch of batches) {
      this.#tracing?.received(batch);
      this.#spans?.received(batch);
    }
    for (const fault of faults) this.#fault(fault);
    this.#wake();
  }

  /** An operator says that an instance is gone for good. Resolves, when that is on the disk, to how many partitions have failed by it. */
  async #declareGone(address: string, by: string): Promise<number> {
    if (!this.#instance.isGone(address)) {
      this.#log(goneText(address, by));
      for (const fault of this.#instance.declareGone(address)) this.#fault(fault);
      this.#transport.disown(address);
      this.#wake();
    }
    await this.saved();
    return this.#instance.gone.get(address) ?? 0;
  }

  /** Instances that have been declared gone, with the number of partitions that have failed here by it. */
  get gone(): ReadonlyMap<string, number> {
    return this.#instance.gone;
  }

  #fault(fault: Fault): void {
    this.#handOver.fault(fault);
  }

  /** One turn of the event loop gathers what arrives; then there is one step for all of it. */
  #wake(): void {
    if (this.#isTurnDue || !this.#isStarted || this.#isStopped) return;
    this.#isTurnDue = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isTurnDue = false;
    if (this.#isStopped) return;
    this.#handOver.repeat();
    this.#steps();
    for (const deadline of this.#instance.deadlines()) {
      this.#alarms.at(deadline, () => {
        const fault = this.#instance.expire(deadline);
        if (fault !== null) this.#fault(fault);
        this.#wake();
      });
    }
    if (this.#instance.wantsStep()) this.#wake();
    this.#pressure.throttle();
    this.#pressure.relieve();
  }

  /** A step of what waits; where data are kept several, since each write to the disk is waited for. */
  #steps(): void {
    const effects: TracedEffects[] = [];
    const most = this.#journal === null ? 1 : STEPS_AT_ONCE;
    while (effects.length < most && this.#instance.wantsStep()) {
      const startedMs = this.#tracing === null && this.#spans === null ? 0 : now();
      const each = this.#instance.step();
      this.#tracing?.step(startedMs, each.envelopes, each.outputs);
      effects.push(this.#spans?.step(startedMs, each, (clock) => this.#instance.lastBatch(clock)) ?? each);
    }
    if (!this.#keep(effects)) return;
    let told = (this.#journal?.given ?? 0) - effects.reduce((sum, { outputs }) => sum + rowsOf(outputs), 0);
    for (const each of effects) {
      this.#release(each, told);
      told += rowsOf(each.outputs);
    }
  }

  /** Writes down what decided the steps, before anything of them leaves. False: that failed. */
  #keep(effects: readonly StepEffects[], isLeaving = false): boolean {
    const journal = this.#journal;
    if (journal === null) return true;
    const leaves = isLeaving || effects.some(({ envelopes, outputs }) => envelopes.length > 0 || outputs.length > 0);
    try {
      journal.commit(leaves || this.#transport.owesAcks || this.#savers.length > 0);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#fail(error);
      return false;
    }
    this.#transport.acknowledge();
    for (const { resolve } of this.#savers.splice(0)) resolve();
    return true;
  }

  /** As if it were killed: what is not on the disk has not happened. */
  #fail(error: StorageError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#fault({ code: error.code, message: `${error.message}; ${this.address} stops` });
    this.#isStopped = true;
    this.#alarms.clear();
    this.#pressure.end();
    this.#backlogs.end();
    this.#journal!.abandon();
    for (const { reject } of this.#savers.splice(0)) reject(error);
    void this.#transport.close(0);
    this.#onFailure(error);
  }

  /** `before`: rows of outputs before this step. */
  #release({ envelopes, outputs, faults, traceparent }: TracedEffects, before: number): void {
    const { counts } = this;
    counts.steps++;
    for (const envelope of envelopes) {
      counts.envelopesSent++;
      for (const part of envelope.parts) {
        if (part.kind === "rows") counts.rowsSent += part.rows.length;
        else if (part.kind === "seal") counts.sealsSent++;
        else if (part.kind === "append") counts.rowsSent += rowsIn(part.runs);
      }
      this.#transport.send(this.#losses?.thin(envelope) ?? envelope);
    }
    this.#transport.endStep();
    for (const fault of faults) this.#fault(fault);
    this.#handOver.tell(outputs, before + rowsOf(outputs), traceparent);
    counts.lastStepAt = Date.now();
  }

  /** null: go on putting rows in. Otherwise resolves when there is room again. */
  room(): Promise<void> | null {
    return this.#pressure.room();
  }

  /** The sink of the outputs says whether it can take more. */
  setSinkFull(isFull: boolean): void {
    this.#pressure.setSinkFull(isFull);
  }

  /** No event waits, nothing is unacknowledged, no deferred fact is pending. */
  get isIdle(): boolean {
    return (
      this.#isStarted &&
      this.#isLiving &&
      !this.#isTurnDue &&
      !this.#instance.wantsStep() &&
      this.#transport.unacked === 0
    );
  }

  /** Whether it takes part: from `start` (a newcomer, from when it has its state) until `stop`. */
  get isReady(): boolean {
    return this.#isStarted && this.#isLiving && !this.#isStopped;
  }

  get #isLiving(): boolean {
    return !(this.#instance instanceof MemberInstance) || this.#instance.isLiving;
  }

  /** Events that wait for a step. */
  get waiting(): number {
    return this.#instance.waiting;
  }

  /** Messages that have not been acknowledged. */
  get unacked(): number {
    return this.#transport.unacked;
  }

  get unackedBytes(): number {
    return this.#transport.unackedBytes;
  }

  /** What waits for each peer. */
  get backlogs(): Readonly<Record<string, SilentBacklog>> {
    return this.#backlogs.of(Date.now());
  }

  get sentTo(): ReadonlyMap<string, number> {
    return this.#transport.sentTo;
  }

  get receivedFrom(): ReadonlyMap<string, number> {
    return this.#transport.receivedFrom;
  }

  /** null: its logs are not read entry by entry. */
  get places(): LogPlaces | null {
    return this.#transport.places ?? null;
  }

  /** Re-deliveries that were dropped. */
  get duplicates(): number {
    return this.#transport.duplicates + this.#instance.followed.repeated;
  }

  /** All was found at rest: what is put out once more from now on is no change. */
  atRest(): void {
    this.#handOver.compare();
  }

  /** Grows with what a timer can bring about: outputs, and changed tables (where these are unknown, messages). */
  get changes(): number {
    return this.#handOver.news + (this.#evaluator?.changes?.() ?? this.counts.rowsSent);
  }

  /** What the network has lost on purpose; null where it does not. */
  get losses(): Losses | null {
    return this.#losses;
  }

  /** What it did, where it was to be kept. */
  get traced(): Trace | null {
    return this.#tracing?.trace ?? null;
  }

  /** What has come so far of each input and channel. */
  arrived(): readonly Arrived[] {
    return this.#instance.arrived();
  }

  awaited(): readonly AwaitedSeal[] {
    return this.#instance.awaited();
  }

  /** That peer has ended for good. */
  forget(peer: string): void {
    this.#transport.forget(peer);
  }

  /** Cuts all connections, as a network does; they come back by themselves and nothing is lost. */
  interrupt(): void {
    this.#transport.interrupt();
  }

  /** Where its role is dynamic: as `stop`, and tells the others that it takes part no more. */
  leave(graceMs = 2000): Promise<void> {
    return this.stop(graceMs, true);
  }

  /** Takes the steps that wait, lets what was sent arrive (for at most `graceMs`), and closes everything. */
  async stop(graceMs = 2000, leaves = false): Promise<void> {
    if (this.#isStopped) return;
    this.#alarms.clear();
    this.#membership?.stop();
    for (let i = 0; i < 1000 && this.#isStarted && !this.#isStopped && this.#instance.wantsStep(); i++) this.#steps();
    if (this.#failure === null) this.#keep([]);
    this.#isStopped = true;
    this.#pressure.end();
    this.#backlogs.end();
    this.#transport.pause(false);
    // Else it takes nothing more, from here on.
    if (leaves && this.#membership !== null) await this.#membership.leave(graceMs);
    await this.#transport.close(graceMs);
    await this.#exporter?.close(graceMs);
    await this.#sequencer?.stop(graceMs);
    if (this.#failure === null) this.#journal?.close();
  }
}

function rowsOf(outputs: StepEffects["outputs"]): number {
  return outputs.reduce((sum, { rows }) => sum + rows.length, 0);
}

/** Opens, connects and starts one instance; it runs until `stop`. */
export async function startNode(program: RoleProgram, options: NodeOptions = {}): Promise<DlcNode> {
  if (options.deploy !== undefined) checkDeployment(options.deploy, "deploy");
  const deploy = options.deploy ?? soleDeployment(program);
  const isAlone = options.deploy === undefined && deploy.log !== undefined;
  const sequencer = isAlone ? new LogNode([program.meta], { ...options, deploy }) : null;
  const node = new DlcNode(program, { ...options, deploy }, sequencer);
  const log = sequencer === null ? deploy.log : { ...deploy.log!, port: await sequencer.listen() };
  let port: number;
  try {
    port = await node.listen();
  } catch (error) {
    // Its data are free for who tries again.
    await node.stop(0);
    throw error;
  }
  const placed = withPort({ ...deploy, ...(log === undefined ? {} : { log }) }, node.role, node.index, port);
  sequencer?.start(placed);
  node.start(placed);
  return node;
}

function withPort(deploy: DeployFile, role: string, index: number, port: number): DeployFile {
  const instances = deploy.roles[role].instances.map((place, i) => (i === index ? { ...place, port } : place));
  return { ...deploy, roles: { ...deploy.roles, [role]: { ...deploy.roles[role], instances } } };
}
