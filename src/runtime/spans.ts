/**
 * Trace ids from inputs to outputs, as W3C Trace Context has them. A step is a span. Many rows and messages come together
 * in one: rows that a host gave with a `traceparent`, and those of other steps. The first of these is its parent, and it has links to
 * all others; one that takes only rows without a trace begins one. What an instance has kept
 * in tables or at gates since earlier steps is linked to nothing: the engine does not know which row caused which.
 *
 * Whether a trace is recorded is settled by its id, where it begins; of one that is not, nothing is sent along.
 */
import { randomBytes } from "node:crypto";
import type { StepEffects } from "./instance.ts";
import type { Envelope, Part } from "./messages.ts";
import type { Fault, StepInput } from "./program.ts";
import { clockOf } from "./routing.ts";
import { now } from "./tracing.ts";

/** A span of a trace that is recorded. */
export interface SpanContext {
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
}

export interface Span extends SpanContext {
  readonly parentSpanId: string | null;
  /** Of all that it took, but its parent. */
  readonly links: readonly SpanContext[];
  readonly droppedLinks: number;
  readonly name: string;
  /** It took messages. */
  readonly hasMessages: boolean;
  /** Milliseconds since 1970, with fractions. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** How much it took, sent and put out, by collection: `taken.click` rows, `closed.click` partitions, `sent.Report.click` rows, `sealed.Report.click`, `put_out.poor`. */
  readonly counts: ReadonlyMap<string, number>;
  /** The first thing that went wrong in it. */
  readonly fault: string | null;
}

/** Links of one span at most. */
const MOST_LINKS = 64;
/** Causes that wait for their step, of one log. */
const MOST_BATCHES = 10_000;

const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** A `traceparent`. `unrecorded`: of a trace that is not to be recorded; null: it is none. */
export function contextIn(traceparent: string): SpanContext | "unrecorded" | null {
  const match = FORM.exec(traceparent);
  // Version 00 ends after the flags.
  if (match === null || (traceparent.startsWith("00") && traceparent.length !== 55)) return null;
  const [, traceId, spanId, flags] = match;
  return (Number.parseInt(flags, 16) & 1) === 1 ? { traceId, spanId } : "unrecorded";
}

export function traceparentOf({ traceId, spanId }: SpanContext): string {
  return `00-${traceId}-${spanId}-01`;
}

/** Whether a trace with this id is recorded, where a share of them is: as OpenTelemetry's samplers decide it, by its last 56 bits. */
export function isSampled(traceId: string, share: number): boolean {
  // 52 of them, that a number holds.
  return Number.parseInt(traceId.slice(-14, -1), 16) >= (1 - share) * 2 ** 52;
}

function randomId(bytes: number): string {
  const id = randomBytes(bytes).toString("hex");
  return /^0+$/.test(id) ? randomId(bytes) : id;
}

/** What a step, or a batch of the sequencer, has taken. */
class Causes {
  readonly contexts: SpanContext[] = [];
  dropped = 0;
  hasMessages = false;
  /** The id of a trace that begins here. */
  begun: string | null = null;

  add(context: SpanContext): void {
    if (this.contexts.some(({ traceId, spanId }) => spanId === context.spanId && traceId === context.traceId)) return;
    if (this.contexts.length <= MOST_LINKS) this.contexts.push(context);
    else this.dropped++;
  }
}

/** The spans of one process. */
export class Spans {
  /** Of traces that begin here. */
  readonly #share: number;
  readonly #record: (span: Span) => void;
  /** What waits for the next step that is no batch of a log. */
  #waiting = new Causes();
  /** By log and number of the batch. */
  readonly #batches = new Map<string, Map<number, Causes>>();
  /** Something was given that brought no trace. */
  #isGiven = false;
  /** What the step at hand takes; null: it does not evaluate. */
  #taken: StepInput | null = null;
  /** The step before, if it is recorded: what that has deferred, the next one does. */
  #last: SpanContext | null = null;

  constructor(share: number, record: (span: Span) => void) {
    this.#share = share;
    this.#record = record;
  }

  /** A row, a seal or an end from the host, or a timer that fires. */
  given(traceparent?: string): void {
    const context = traceparent === undefined ? null : contextIn(traceparent);
    if (context === null) this.#isGiven = true;
    else if (context !== "unrecorded") this.#waiting.add(context);
  }

  /** A message has come, for the steps that take what is in it. */
  received({ parts }: Envelope): void {
    const contexts = parts.flatMap((part) => (part.kind === "trace" ? [contextIn(part.parent)] : []));
    if (contexts.length === 0) return;
    for (const part of parts) {
      if (part.kind === "trace") continue;
      const causes = part.kind === "batch" ? this.#ofBatch(clockOf(part.log, part.value), part.index) : this.#waiting;
      causes.hasMessages = true;
      for (const context of contexts) if (context !== null && context !== "unrecorded") causes.add(context);
    }
  }

  #ofBatch(clock: string, index: number): Causes {
    let batches = this.#batches.get(clock);
    if (batches === undefined) this.#batches.set(clock, (batches = new Map()));
    const causes = batches.get(index) ?? new Causes();
    if (batches.size < MOST_BATCHES) batches.set(index, causes);
    return causes;
  }

  /** The evaluator is about to make a step. */
  takes(input: StepInput): void {
    this.#taken = input;
  }

  /**
   * A step has been made. `batchOf`: number of the last batch of a log that was taken. What it sends and puts out says from
   * now on where it comes from.
   */
  step(startedMs: number, effects: StepEffects, batchOf: (clock: string) => number): TracedEffects {
    const taken = this.#taken;
    this.#taken = null;
    const causes = this.#causesOf(taken, batchOf);
    const counts = new Map<string, number>();
    if (causes !== null) {
      for (const { collection, rows: come } of taken?.events ?? []) count(counts, `taken.${collection}`, come.length);
      for (const { source } of taken?.closed ?? []) count(counts, `closed.${source}`, 1);
      for (const { collection, rows: out } of effects.outputs) count(counts, `put_out.${collection}`, out.length);
    }
    const name = typeof taken?.clock === "string" ? `step ${taken.clock}` : "step";
    this.#last = this.#spanOf(causes, {
      name,
      startedMs,
      counts,
      envelopes: effects.envelopes,
      faults: effects.faults,
    });
    if (this.#last === null) return effects;
    return { ...effects, envelopes: tagged(effects.envelopes, this.#last), traceparent: traceparentOf(this.#last) };
  }

  /** null: nothing is known to have caused it. */
  #causesOf(taken: StepInput | null, batchOf: (clock: string) => number): Causes | null {
    if (typeof taken?.clock === "string") {
      const batches = this.#batches.get(taken.clock);
      if (batches === undefined) return null;
      const number = batchOf(taken.clock);
      const causes = batches.get(number) ?? null;
      for (const index of batches.keys()) if (index <= number) batches.delete(index);
      return causes;
    }
    if (taken !== null && taken.events.length === 0 && taken.closed.length === 0) {
      if (this.#last === null) return null;
      const causes = new Causes();
      causes.add(this.#last);
      return causes;
    }
    const causes = this.#waiting;
    if (causes.contexts.length > 0) {
      this.#waiting = new Causes();
    } else if (this.#isGiven) {
      const traceId = randomId(16);
      if (isSampled(traceId, this.#share)) {
        this.#waiting = new Causes();
        causes.begun = traceId;
      }
    }
    this.#isGiven = false;
    return causes;
  }

  /** What the sequencer has received becomes batches. */
  batch(startedMs: number, envelopes: readonly Envelope[]): readonly Envelope[] {
    if (envelopes.length === 0) return envelopes;
    const causes = this.#waiting;
    this.#waiting = new Causes();
    const span = this.#spanOf(causes, { name: "batch", startedMs, counts: new Map(), envelopes, faults: [] });
    return span === null ? envelopes : tagged(envelopes, span);
  }

  /** Records it; null where it belongs to no trace that is. */
  #spanOf(causes: Causes | null, { name, startedMs, counts, envelopes, faults }: Done): SpanContext | null {
    const [parent = null, ...links] = causes?.contexts ?? [];
    const traceId = parent?.traceId ?? causes?.begun ?? null;
    if (causes === null || traceId === null) return null;
    for (const { parts } of envelopes) for (const part of parts) countPart(counts, part);
    const [fault] = faults;
    const span: Span = {
      traceId,
      spanId: randomId(8),
      parentSpanId: parent?.spanId ?? null,
      links,
      droppedLinks: causes.dropped,
      name,
      hasMessages: causes.hasMessages,
      startedMs,
      endedMs: now(),
      counts,
      fault: fault === undefined ? null : `${fault.code}: ${fault.message}`,
    };
    this.#record(span);
    return span;
  }
}

/** A step's effects, and under which trace its outputs are put out. */
export type TracedEffects = StepEffects & { readonly traceparent?: string };

interface Done {
  readonly name: string;
  readonly startedMs: number;
  readonly counts: Map<string, number>;
  readonly envelopes: readonly Envelope[];
  readonly faults: readonly Fault[];
}

function tagged(envelopes: readonly Envelope[], context: SpanContext): readonly Envelope[] {
  const tag: Part = { kind: "trace", parent: traceparentOf(context) };
  return envelopes.map((envelope) => ({ ...envelope, parts: [...envelope.parts, tag] }));
}

function countPart(counts: Map<string, number>, part: Part): void {
  if (part.kind === "rows") count(counts, `sent.${part.target}`, part.rows.length);
  else if (part.kind === "append" || part.kind === "batch")
    for (const run of part.runs) count(counts, `sent.${run.target}`, run.rows.length);
  else if (part.kind === "seal") count(counts, `sealed.${part.target}`, 1);
}

function count(counts: Map<string, number>, name: string, more: number): void {
  counts.set(name, (counts.get(name) ?? 0) + more);
}
