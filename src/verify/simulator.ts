/**
 * All instances of a program and its sequencer in one process, under one seeded scheduler: any
 * delivery order, any batching, duplicates, loss, slow nodes, timers at any moment. The same rule code
 * as in processes, other edges. A run is a pure function of programs, deployment, inputs, schedule and seed.
 */
import { type Deployment, Instance, type StepChoice } from "../runtime/instance.ts";
import type { Envelope } from "../runtime/messages.ts";
import type { Fault, RoleProgram, Row, StepInput } from "../runtime/program.ts";
import { LOG } from "../runtime/routing.ts";
import { Sequencer } from "../runtime/sequencer.ts";
import { watched } from "../runtime/tracing.ts";
import { Outcome, type SimulationResult } from "./outcome.ts";
import { traceLine } from "./trace.ts";
import { Breakage, type Happening } from "./breakage.ts";
import type { Choosable } from "./exhaust.ts";
import { type Action, type Stream, streamsOf } from "./input-streams.ts";
import { Losses } from "./losses.ts";
import { type Chance, Random, type Schedule, type ScheduleName, schedules } from "./schedule.ts";
import { stepChoice } from "./step-choice.ts";

export { contentsOf, type OutputContents, type SimulationResult } from "./outcome.ts";

/** `node` is the instance's index. Host order per (role, node, collection); over collections as the schedule has it. */
export type SimulatedInput =
  | { readonly role: string; readonly node: number; readonly collection: string; readonly row: Row }
  | { readonly role: string; readonly node: number; readonly collection: string; readonly seal: Row }
  | { readonly role: string; readonly node: number; readonly collection: string; readonly end: true };

export interface Simulation {
  readonly programs: readonly RoleProgram[];
  readonly deployment: Deployment;
  readonly inputs: readonly SimulatedInput[];
  readonly schedule: ScheduleName | Schedule;
  readonly seed: number;
  /** `all` (when left out): every input ends after its last row. `listed`: only those with `end` in `inputs`. */
  readonly ends?: "all" | "listed";
  /** Overrides the schedule's own. */
  readonly interleave?: boolean;
  /** In the place of the seed: see exhaust.ts. */
  readonly choices?: Chance & { choose<T extends Choosable>(actions: readonly T[]): T };
  /** Actions after which a run that does not come to rest is given up; 200,000 when left out. */
  readonly maxActions?: number;
}

export function simulate(simulation: Simulation): SimulationResult {
  return new Run(simulation).run();
}

interface Timer extends Action {
  readonly address: string;
  readonly name: string;
  /** How often it may still fire before everything is quiet. */
  early: number;
}

interface Stepper extends Action {
  readonly program: RoleProgram;
  readonly index: number;
  /** The one that lives; after a restart another one. */
  instance: Instance;
}

/** Timers are fired again until a round changes nothing; a program whose rounds never repeat is given up. */
const TIMER_ROUNDS = 200;
/** Such rounds after which deferred facts, as of a count of firings, are taken to change nothing that shows. */
const DEFERRED_ROUNDS = 20;
const EARLY_FIRINGS = 3;
const REDELIVERIES = 2;

class Run {
  readonly #simulation: Simulation;
  readonly #schedule: Schedule;
  readonly #random: Chance;
  readonly #breakage: Breakage;
  readonly #instances = new Map<string, Instance>();
  readonly #steppers: Stepper[] = [];
  readonly #sequencer: Sequencer;
  readonly #sequencing: Action = { on: LOG, id: LOG, act: () => this.#sequence() };
  #sequencerWaits = false;
  /** An epoch may end at any moment, as soon as something is in it. */
  readonly #ending: Action = { on: LOG, id: `${LOG} epoch`, act: () => this.#send(this.#sequencer.endEpoch()) };
  readonly #streams: readonly Stream[];
  /** Envelopes in flight, in the order in which they were sent. */
  readonly #pool: Action[] = [];
  readonly #timers: Timer[] = [];
  /** Deadlines that run; the time of each may be up at any moment. */
  readonly #deadlines: Action[] = [];
  readonly #losses: Losses;
  readonly #outcome: Outcome;
  #actions = 0;
  /** What the step at hand takes. */
  #taken: StepInput["events"] = [];
  /** Whether a step of this timer round left deferred facts. */
  #deferred = false;
  /** The instance or link that acts only when nothing else can. */
  readonly #slow: string | null;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#outcome = new Outcome(simulation.programs);
    this.#schedule = typeof simulation.schedule === "string" ? schedules[simulation.schedule] : simulation.schedule;
    this.#random = simulation.choices ?? new Random(simulation.seed);
    const { programs, deployment } = simulation;
    this.#losses = new Losses(programs, this.#schedule.loss, this.#random);
    for (const [role, count] of Object.entries(deployment.counts)) {
      if (count > 0 && !programs.some(({ meta }) => meta.role === role))
        throw new RangeError(`the deployment has ${count} of ${role}, and there is no such role`);
    }
    for (const program of programs) {
      for (let index = 0; index < (deployment.counts[program.meta.role] ?? 0); index++)
        this.#addInstance(program, index);
    }
    this.#sequencer = new Sequencer(
      deployment,
      programs.map((program) => program.meta),
      1,
    );
    const apart = simulation.interleave ?? this.#schedule.interleave;
    this.#streams = streamsOf(simulation, apart, this.#instances, (stream) => this.#give(stream));
    this.#slow = this.#slowOne();
    this.#breakage = new Breakage(this.#schedule, this.#random, [...this.#instances.keys()], [LOG]);
  }

  #addInstance(program: RoleProgram, index: number): void {
    const { meta } = program;
    const instance = this.#start(program, index, 1);
    const { address } = instance;
    const stepper: Stepper = {
      program,
      index,
      instance,
      on: address,
      id: address,
      act: () => this.#step(stepper.instance),
    };
    this.#steppers.push(stepper);
    for (const collection of meta.collections) {
      const { name, kind } = collection;
      if (kind === "output") this.#outcome.addOutput(meta.role, address, collection);
      if (kind !== "timer") continue;
      const timer: Timer = {
        address,
        name,
        early: EARLY_FIRINGS,
        on: address,
        id: `${address} ${name}`,
        act: () => this.#fire(timer),
      };
      this.#timers.push(timer);
    }
  }

  #start(program: RoleProgram, index: number, epoch: number): Instance {
    const instance = new Instance(this.#watched(program), this.#simulation.deployment, index, epoch);
    this.#instances.set(instance.address, instance);
    return instance;
  }

  /** The program, with a note of what each step takes. */
  #watched(program: RoleProgram): RoleProgram {
    const createEvaluator: RoleProgram["createEvaluator"] = (env) =>
      watched(program.createEvaluator(env), ({ events }) => (this.#taken = events));
    return { ...program, createEvaluator };
  }

  #slowOne(): string | null {
    const addresses = [...this.#instances.keys()];
    const any = (): string => addresses[this.#random.below(addresses.length)];
    if (this.#schedule.slow === "node") return any();
    return this.#schedule.slow === "link" ? `${any()}>${any()}` : null;
  }

  run(): SimulationResult {
    this.#untilQuiet();
    this.#ringTimers();
    return this.#outcome.result(this.#instances);
  }

  #untilQuiet(): void {
    for (;;) {
      this.#happen(this.#breakage.next());
      const action = this.#next();
      if (action === null) {
        const last = this.#breakage.last();
        if (last === null) return;
        this.#happen(last);
        continue;
      }
      if (++this.#actions > (this.#simulation.maxActions ?? 200_000)) this.#giveUp(`${this.#actions - 1} actions`);
      action.act();
    }
  }

  #happen(happening: Happening | null): void {
    if (happening === null) return;
    this.#outcome.trace.push(happening);
    if (happening.kind === "crash") this.#crash(happening.at);
    else if (happening.kind === "restart") this.#restart(happening.at);
  }

  /** What it has sent and is still under way may go down with it; what is durable sends it again. */
  #crash(address: string): void {
    if (this.#isDurable(address)) return;
    for (const flying of this.#pool.filter(({ on }) => on.startsWith(`${address}>`)))
      if (this.#random.chance(0.5)) this.#pool.splice(this.#pool.indexOf(flying), 1);
    for (const deadline of this.#deadlines.filter(({ on }) => on === address))
      this.#deadlines.splice(this.#deadlines.indexOf(deadline), 1);
  }

  /** Messages to one that is down and durable are sent until it has them. */
  #isAwaited(on: string): boolean {
    const to = on.slice(on.indexOf(">") + 1);
    return to !== on && this.#breakage.isDown(to) && this.#isDurable(to);
  }

  #isDurable(address: string): boolean {
    return this.#steppers.find(({ on }) => on === address)!.program.meta.durable === true;
  }

  /**
   * It begins anew: its tables are empty, what it had received is forgotten. Its host goes on, and ends what it had ended.
   * One that is durable is where it was; that it comes back to that is tried elsewhere.
   */
  #restart(address: string): void {
    if (this.#isDurable(address)) return;
    const stepper = this.#steppers.find(({ on }) => on === address)!;
    stepper.instance = this.#start(stepper.program, stepper.index, 2);
    for (const stream of this.#streams)
      if (stream.address === address && stream.next > 0 && stream.next === stream.items.length) stream.next--;
  }

  #giveUp(after: string): never {
    const tail = this.#outcome.trace
      .slice(-10)
      .map((event) => `  ${traceLine(event)}`)
      .join("\n");
    throw new Error(
      `the program does not come to rest: after ${after} under schedule ${this.#schedule.name}, seed ${this.#simulation.seed}, ` +
        `something still changes. The last events were\n${tail}`,
    );
  }

  /**
   * Every timer fires once more, until a round says nothing that has not been said before (semantics B3); what has been
   * lost in or since such a round must have come as well, or a later firing may bring it. What was lost before the first of
   * them may be gone for good: what is sent again is sent by them too.
   */
  #ringTimers(): void {
    if (this.#timers.length === 0) return;
    this.#losses.forget();
    let quiet = 0;
    for (let round = 0; round < TIMER_ROUNDS; round++) {
      const before = this.#outcome.said;
      this.#deferred = false;
      for (const timer of this.#timers) {
        if (!this.#breakage.isDown(timer.address)) timer.act();
        // Two timers may fire together, or never do.
        if (this.#schedule.steps === "eager") this.#untilQuiet();
      }
      this.#untilQuiet();
      if (this.#outcome.said > before) {
        quiet = 0;
        this.#losses.forget();
        continue;
      }
      quiet = this.#losses.haveComeAfterAll ? quiet + 1 : 0;
      if (quiet >= (this.#deferred ? DEFERRED_ROUNDS : 1)) return;
    }
    this.#giveUp(`${TIMER_ROUNDS} firings of its timers`);
  }

  /** The next action by the schedule's preferences; null when everything is quiet. */
  #next(): Action | null {
    const { inputs, steps, timers } = this.#schedule;
    const arriving = this.#schedule.order === "lifo" ? this.#pool.toReversed() : this.#pool;
    const stepping = this.#stepping();
    const giving = this.#giving();
    const groups: (readonly Action[])[] = [];
    if (steps === "eager") groups.push(stepping, arriving);
    else if (steps === "idle") groups.push(arriving, stepping);
    else groups.push([...stepping, ...arriving]);
    if (inputs === "eager") groups.unshift(giving);
    else if (inputs === "random") groups[0] = [...giving, ...groups[0]];
    else groups.push(giving);
    if (timers === "random" && this.#deadlines.length > 0 && groups.some((group) => group.length > 0))
      groups[0] = [...groups[0], ...this.#deadlines];
    if (timers === "random" && groups.some((group) => group.length > 0)) {
      groups[0] = [...groups[0], ...this.#timers.filter((timer) => timer.early > 0)];
    }
    const able = groups.map((group) => group.filter(({ on }) => !this.#breakage.isStopped(on) && !this.#isAwaited(on)));
    for (const group of able) {
      const prompt = this.#slow === null ? group : group.filter((action) => action.on !== this.#slow);
      if (prompt.length > 0) return this.#choose(prompt);
    }
    const late = able.find((group) => group.length > 0);
    return late === undefined ? null : this.#choose(late);
  }

  #choose(actions: readonly Action[]): Action {
    if (this.#simulation.choices !== undefined) return this.#simulation.choices.choose(actions);
    return this.#schedule.order === "fifo"
      ? actions[0]
      : this.#schedule.order === "lifo" && this.#random.chance(0.7)
        ? actions[0]
        : actions[this.#random.below(actions.length)];
  }

  #stepping(): Action[] {
    const actions: Action[] = this.#steppers.filter((stepper) => stepper.instance.wantsStep());
    if (this.#sequencerWaits) actions.push(this.#sequencing);
    if (this.#sequencer.isGathering) actions.push(this.#ending);
    return actions;
  }

  #giving(): readonly Action[] {
    const open = this.#streams.filter((stream) => stream.next < stream.items.length);
    if (open.length < 2) return open;
    const { inputs, order } = this.#schedule;
    // One stream to its end before another begins; which is next is drawn anew.
    if (inputs === "streams")
      return [open.find((stream) => stream.next > 0) ?? open[order === "fifo" ? 0 : this.#random.below(open.length)]];
    // In turn, so that no stream runs ahead of the others.
    if (inputs === "quiet") return [open.reduce((a, b) => (b.next < a.next ? b : a))];
    return open;
  }

  #fire(timer: Timer): void {
    timer.early--;
    this.#outcome.trace.push({ kind: "timer", at: timer.address, collection: timer.name });
    this.#instance(timer.address).fire(timer.name);
  }

  #watch(instance: Instance): void {
    for (const deadline of instance.deadlines()) {
      const action: Action = {
        on: instance.address,
        id: `${instance.address} deadline ${deadline.collection}`,
        act: () => {
          this.#deadlines.splice(this.#deadlines.indexOf(action), 1);
          const fault = instance.expire(deadline);
          if (fault !== null) this.#outcome.fault(instance.address, fault);
        },
      };
      this.#deadlines.push(action);
    }
  }

  #instance(address: string): Instance {
    return this.#instances.get(address) as Instance;
  }

  #give(stream: Stream): void {
    const { address } = stream;
    const item = stream.items[stream.next++];
    const instance = this.#instance(address);
    let fault: Fault | null = null;
    if ("row" in item) {
      this.#outcome.trace.push({ kind: "input", at: address, collection: item.collection, row: item.row });
      fault = instance.input(item.collection, item.row);
    } else if ("seal" in item) {
      this.#outcome.trace.push({ kind: "seal", at: address, collection: item.collection, row: item.seal });
      fault = instance.sealInput(item.collection, item.seal);
    } else {
      this.#outcome.trace.push({ kind: "end", at: address, collection: item.collection });
      instance.endInput(item.collection);
    }
    if (fault !== null) this.#outcome.fault(address, fault);
  }

  /** Rows on lossy channels may be lost on the way, each by itself; every envelope may come again later. */
  #send(envelopes: readonly Envelope[]): void {
    for (const sent of envelopes) {
      this.#outcome.trace.push({ kind: "send", at: sent.from, to: sent.to, seq: sent.seq, parts: sent.parts });
      const envelope =
        this.#schedule.loss === 0 ? sent : { ...sent, parts: sent.parts.map((part) => this.#losses.on(sent.to, part)) };
      let copies = this.#schedule.duplicates > 0 ? REDELIVERIES : 0;
      const flying: Action = {
        on: `${envelope.from}>${envelope.to}`,
        id: `${envelope.from}>${envelope.to} ${envelope.seq}`,
        act: () => {
          if (copies > 0 && this.#random.chance(this.#schedule.duplicates)) copies--;
          else this.#pool.splice(this.#pool.indexOf(flying), 1);
          this.#deliver(envelope);
        },
      };
      this.#pool.push(flying);
    }
  }

  #deliver({ from, to, epoch, seq, parts }: Envelope): void {
    if (this.#breakage.isDown(to)) return;
    this.#outcome.trace.push({ kind: "receive", at: to, from, seq, parts });
    const envelope = { from, to, epoch, seq, parts };
    if (to === LOG) this.#sequencerWaits = true;
    const faults = to === LOG ? this.#sequencer.take(envelope) : this.#instance(to).receive(envelope);
    for (const fault of faults) this.#outcome.fault(to, fault);
  }

  #sequence(): void {
    this.#sequencerWaits = false;
    this.#send(this.#sequencer.flush());
  }

  #step(instance: Instance): void {
    if (this.#random.chance(this.#schedule.eventless)) this.#evaluate(instance, { clock: null, limit: 0 }, "no event");
    else if (this.#schedule.take === "all") this.#evaluate(instance, undefined, "all");
    else this.#evaluate(instance, stepChoice(instance, this.#schedule, this.#random), this.#schedule.take);
  }

  #evaluate(instance: Instance, choice: StepChoice | undefined, how: string): void {
    const { address } = instance;
    this.#outcome.steps++;
    this.#taken = [];
    const effects = instance.step(choice);
    this.#watch(instance);
    if (instance.pending.length > 0) this.#deferred = true;
    this.#outcome.trace.push({ kind: "step", at: address, how: choice?.clock ?? how, takes: this.#taken });
    for (const fault of effects.faults) this.#outcome.fault(address, fault);
    for (const output of effects.outputs) this.#outcome.deliver(address, output);
    if (this.#timers.length > 0) {
      for (const { from, to, parts } of effects.envelopes) {
        for (const part of parts) this.#outcome.send(from, to, part);
      }
    }
    this.#send(effects.envelopes);
  }
}
