/** What an instance does, step by step, kept for those who look at a run afterwards. */
import { factText } from "./codec.ts";
import type { Envelope, Part } from "./messages.ts";
import type { Evaluator, Row, StepInput } from "./program.ts";

/** A step of an instance (or a batch of a log), with facts as texts. */
export interface Scene {
  readonly at: string;
  /** Facts that it takes. */
  readonly takes: readonly string[];
  /** Envelopes that brought them, by sender and number: `AdServer#0 3`. */
  readonly received: readonly string[];
  /** Seals that have come since the last scene. */
  readonly sealed: readonly Sealed[];
  readonly delivers: readonly { readonly text: string; readonly retract: boolean }[];
  readonly sends: readonly {
    readonly to: string;
    readonly id: string;
    readonly facts: readonly string[];
    /** Partitions that it seals: `Report.click("shoes")`, or `Report.click(*)`, all of it. */
    readonly seals: readonly string[];
  }[];
}

/** A seal that an envelope brought. */
export interface Sealed {
  readonly id: string;
  readonly by: string;
  readonly partition: string;
}

export interface TimedScene extends Scene {
  /** Milliseconds since 1970, with fractions. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** Facts beyond those that are told. */
  readonly more: number;
}

export interface Trace {
  readonly scenes: readonly TimedScene[];
  /** Steps after the last that is kept. */
  readonly dropped: number;
}

/** Of one instance; a run has many. */
const mostScenes = 20_000;
/** Of each kind in one scene. */
const mostFacts = 12;

/** The facts that a part of an envelope carries: none of seals and ticks. */
export function factsOf(part: Part): string[] {
  switch (part.kind) {
    case "rows":
      return part.rows.map((row) => factText(part.target, row));
    case "append":
    case "batch":
      return part.runs.flatMap(({ target, rows }) => rows.map((row) => factText(target, row)));
    default:
      return [];
  }
}

/** The partitions that a part of an envelope seals. */
export function sealsOf(part: Part): string[] {
  if (part.kind !== "seal") return [];
  return [part.key === null ? `${part.target}(*)` : factText(part.target, part.key)];
}

export function sealedBy({ from, seq, parts }: Pick<Envelope, "from" | "seq" | "parts">): Sealed[] {
  return parts.flatMap(sealsOf).map((partition) => ({ id: `${from} ${seq}`, by: from, partition }));
}

/** An envelope that has come, with its facts that are not taken yet. */
export interface Waiting {
  readonly id: string;
  readonly facts: string[];
}

/** Of which envelopes these facts are, and takes note that they are taken. A fact may be named there with its role. */
export function arrivedIn(waiting: readonly Waiting[], takes: readonly string[]): string[] {
  const ids = new Set<string>();
  for (const fact of takes) {
    for (const { id, facts } of waiting) {
      const at = facts.findIndex((each) => each.endsWith(fact));
      if (at < 0) continue;
      facts.splice(at, 1);
      ids.add(id);
      break;
    }
  }
  return [...ids];
}

interface Outputs {
  readonly collection: string;
  readonly rows: readonly Row[];
  readonly retract: boolean;
}

export class Tracing {
  readonly #at: string;
  readonly #scenes: TimedScene[] = [];
  #dropped = 0;
  #waiting: Waiting[] = [];
  #sealed: Sealed[] = [];
  #takes: StepInput["events"] = [];

  constructor(at: string) {
    this.#at = at;
  }

  received(envelope: Envelope): void {
    const facts = envelope.parts.flatMap(factsOf);
    if (facts.length > 0) this.#waiting.push({ id: `${envelope.from} ${envelope.seq}`, facts });
    this.#sealed.push(...sealedBy(envelope));
  }

  takes(events: StepInput["events"]): void {
    this.#takes = events;
  }

  step(startedMs: number, envelopes: readonly Envelope[], outputs: readonly Outputs[]): void {
    const takes = this.#takes.flatMap(({ collection, rows }) => rows.map((row) => factText(collection, row)));
    this.#takes = [];
    this.#scene(startedMs, takes, arrivedIn(this.#waiting, takes), envelopes, outputs);
    this.#waiting = this.#waiting.filter(({ facts }) => facts.length > 0);
  }

  /** What a log does: all that has come goes out again. */
  batch(startedMs: number, envelopes: readonly Envelope[]): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#scene(
      startedMs,
      waiting.flatMap(({ facts }) => facts),
      waiting.map(({ id }) => id),
      envelopes,
      [],
    );
  }

  /** What only acknowledges is no scene. */
  #scene(
    startedMs: number,
    takes: readonly string[],
    received: readonly string[],
    envelopes: readonly Envelope[],
    outputs: readonly Outputs[],
  ): void {
    let more = 0;
    const some = <T>(all: readonly T[]): readonly T[] => {
      more += Math.max(0, all.length - mostFacts);
      return all.slice(0, mostFacts);
    };
    const delivers = outputs.flatMap(({ collection, rows, retract }) =>
      some(rows).map((row) => ({ text: factText(collection, row), retract })),
    );
    const sends = envelopes.flatMap(({ to, seq, parts }) => {
      const facts = some(parts.flatMap(factsOf));
      const seals = some(parts.flatMap(sealsOf));
      return facts.length + seals.length === 0 ? [] : [{ to, id: `${this.#at} ${seq}`, facts, seals }];
    });
    const sealed = some(this.#sealed);
    if (takes.length + delivers.length + sends.length + sealed.length === 0) return;
    this.#sealed = [];
    const endedMs = now();
    const scene = { at: this.#at, takes: some(takes), received, sealed, delivers, sends, startedMs, endedMs, more };
    if (this.#scenes.length >= mostScenes) this.#dropped++;
    else this.#scenes.push(scene);
  }

  get trace(): Trace {
    return { scenes: this.#scenes, dropped: this.#dropped };
  }
}

/** Milliseconds since 1970, finer than a clock of whole ones. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The evaluator, which tells of what each step takes before it does. */
export function watched(evaluator: Evaluator, takes: (input: StepInput) => void): Evaluator {
  const step: Evaluator["step"] = (input) => {
    takes(input);
    return evaluator.step(input);
  };
  return new Proxy(evaluator, {
    get: (of, name) => {
      if (name === "step") return step;
      const member: unknown = Reflect.get(of, name, of);
      return typeof member === "function" ? (member as (...args: unknown[]) => unknown).bind(of) : member;
    },
  });
}
