/** The order of a step: relations after those that they are derived from, recursive ones together until nothing is new. */
import type { Flow, FlowRead, FlowRelation, FlowRule, Operator } from "./flow.ts";
import type { Repair } from "./repair.ts";
import type { Driver } from "./rules.ts";
import { type } from "./writer.ts";
import type { Writer } from "./writer.ts";

export interface Stratum {
  readonly relations: readonly FlowRelation[];
  readonly isRecursive: boolean;
}

/** Strongly connected components, those that are read first (Tarjan 1972; without recursion, for long programs). */
export function strataOf(flow: Flow): readonly Stratum[] {
  const reads = new Map<FlowRelation, Set<FlowRelation>>(flow.relations.map((relation) => [relation, new Set()]));
  for (const { head, body } of flow.rules) {
    for (const literal of body) if (literal.kind === "read") reads.get(head)!.add(literal.relation);
  }
  for (const { target, reads: from } of flow.operators) for (const relation of from) reads.get(target)!.add(relation);
  const index = new Map<FlowRelation, number>();
  const low = new Map<FlowRelation, number>();
  const onStack = new Set<FlowRelation>();
  const stack: FlowRelation[] = [];
  const strata: Stratum[] = [];
  for (const root of flow.relations) {
    if (index.has(root)) continue;
    const work: { node: FlowRelation; rest: FlowRelation[] }[] = [];
    const enter = (node: FlowRelation): void => {
      index.set(node, index.size);
      low.set(node, index.get(node)!);
      stack.push(node);
      onStack.add(node);
      work.push({ node, rest: [...reads.get(node)!].reverse() });
    };
    enter(root);
    while (work.length > 0) {
      const { node, rest } = work[work.length - 1];
      const next = rest.pop();
      if (next !== undefined) {
        if (!index.has(next)) enter(next);
        else if (onStack.has(next)) low.set(node, Math.min(low.get(node)!, index.get(next)!));
        continue;
      }
      work.pop();
      const above = work[work.length - 1]?.node;
      if (above !== undefined) low.set(above, Math.min(low.get(above)!, low.get(node)!));
      if (low.get(node) !== index.get(node)) continue;
      const relations = stack.splice(stack.indexOf(node));
      for (const relation of relations) onStack.delete(relation);
      strata.push({ relations: relations.reverse(), isRecursive: relations.length > 1 || reads.get(node)!.has(node) });
    }
  }
  return strata;
}

export interface Fixpoint {
  readonly flow: Flow;
  readonly strata: readonly Stratum[];
  readonly repairs: readonly Repair[];
  /** Name of the function that evaluates a rule so; asks for it to be written. */
  readonly call: (rule: FlowRule, driver: Driver) => string;
  /** Name of the function that evaluates a part. */
  readonly part: (n: number) => string;
}

/** Positive and negated reads, by index into the body. */
function readsOf(rule: FlowRule): readonly { readonly index: number; readonly read: FlowRead }[] {
  return rule.body.flatMap((literal, index) => (literal.kind === "read" ? [{ index, read: literal }] : []));
}

const hasPositiveRead = (rule: FlowRule): boolean => readsOf(rule).some(({ read }) => !read.negated);

export function writeFixpoint(writer: Writer, fixpoint: Fixpoint): void {
  const works = partsOf(fixpoint.flow, fixpoint.strata);
  // Each part is a function: V8 does not optimize one that holds them all.
  const parts = new Map<number, Work[]>();
  for (const work of works) {
    if (work.part === null) continue;
    const known = parts.get(work.part);
    if (known === undefined) parts.set(work.part, [work]);
    else known.push(work);
  }
  const usesFirst = (some: readonly Work[]): boolean =>
    some.some(({ rules }) => rules.some((rule) => !hasPositiveRead(rule)));
  for (const [part, some] of parts) {
    writer.open(
      `function ${fixpoint.part(part)}(${usesFirst(some) ? `isFirst${type(": boolean")}` : ""})${type(": void")} {`,
    );
    for (const work of some) writeWork(writer, fixpoint, work);
    writer.line(`due[${part}] = 0;`);
    writer.close("}");
  }
  writer.line(
    "/** Runs the rules, each relation after those that it is derived from. `isFirst`: nothing has run before. */",
  );
  writer.open(`function fixpoint(isFirst${type(": boolean")})${type(": void")} {`);
  for (const work of works) {
    const some = work.part === null ? null : parts.get(work.part)!;
    if (some === null) writeWork(writer, fixpoint, work);
    else if (work === some[0])
      writer.line(`if (due[${work.part}] === 1) ${fixpoint.part(work.part!)}(${usesFirst(some) ? "isFirst" : ""});`);
  }
  if (!usesFirst(works)) writer.line("void isFirst;");
  writer.close("}");
}

function writeWork(writer: Writer, { flow, repairs, call }: Fixpoint, { stratum, rules, operators }: Work): void {
  if (stratum.isRecursive) {
    const repair = repairs.find((one) => one.stratum === stratum) ?? null;
    writeRecursive(writer, { flow, call }, stratum, rules, operators, repair);
    return;
  }
  writer.line(`// ${stratum.relations.map(({ name }) => name).join(", ")}`);
  for (const rule of rules) writeOnce(writer, rule, call);
  for (const operator of operators) writeOperator(writer, operator);
}

interface Work {
  readonly stratum: Stratum;
  readonly rules: readonly FlowRule[];
  readonly operators: readonly Operator[];
  /** Of the fixpoint, which is evaluated only when something that it reads was touched; null: in every step. */
  readonly part: number | null;
}

/** Strata of a part. In a step without anything to do all parts together cost what a sixteenth of the strata would. */
const PART = 16;

/** Strata with something to do. A program that is small has no parts: asking costs as much as looking. */
function partsOf(flow: Flow, strata: readonly Stratum[]): readonly Work[] {
  const workOf = new Map<FlowRelation, { stratum: Stratum; rules: FlowRule[]; operators: Operator[]; part: null }>();
  const all = strata.map((stratum) => {
    const work = { stratum, rules: [], operators: [], part: null };
    for (const relation of stratum.relations) workOf.set(relation, work);
    return work;
  });
  for (const rule of flow.rules) workOf.get(rule.head)!.rules.push(rule);
  for (const operator of flow.operators) workOf.get(operator.target)!.operators.push(operator);
  const works: readonly Work[] = all.filter(({ rules, operators }) => rules.length + operators.length > 0);
  if (works.length <= 2 * PART) return works;
  let part = -1;
  let room = 0;
  return works.map((work) => {
    if (isAskedAlways(work)) {
      room = 0;
      return work;
    }
    if (room-- === 0) {
      part++;
      room = PART - 1;
    }
    return { ...work, part };
  });
}

/** Gates and holds open by what is closed outside; what lapses under recursion is derived anew in the next step. */
function isAskedAlways({ stratum, operators }: Work): boolean {
  return (
    operators.some(({ kind }) => kind === "gate" || kind === "hold") ||
    (stratum.isRecursive && stratum.relations.some(({ storage }) => storage === "landing"))
  );
}

/** Which parts read which relations, before `writeFixpoint`. */
export function writeParts(writer: Writer, { flow, strata }: Pick<Fixpoint, "flow" | "strata">): void {
  const readers = new Map<FlowRelation, Set<number>>();
  let count = 0;
  for (const { rules, operators, part } of partsOf(flow, strata)) {
    if (part === null) continue;
    count = part + 1;
    const read = [
      ...rules.flatMap((rule) => readsOf(rule).map(({ read: { relation } }) => relation)),
      ...operators.flatMap(({ reads }) => reads),
    ];
    for (const relation of read) {
      const known = readers.get(relation);
      if (known === undefined) readers.set(relation, new Set([part]));
      else known.add(part);
    }
  }
  if (count === 0) return;
  writer.line("// The fixpoint in parts; 1: something that the part reads was touched.");
  writer.line(`const due = engine.parts(${count});`);
  for (const [{ name }, parts] of readers) writer.line(`engine.wakes(${name}, ${[...parts].join(", ")});`);
  writer.line();
}

function writeOperator(writer: Writer, { call, when }: Operator): void {
  writer.line(when === null ? call : `if (${when}) ${call}`);
}

function writeOnce(writer: Writer, rule: FlowRule, call: Fixpoint["call"]): void {
  if (!hasPositiveRead(rule)) writer.line(`if (isFirst) ${call(rule, { kind: "start" })}();`);
  if (rule.mode === "passing") {
    writePassing(writer, rule, new Set(), call);
    return;
  }
  for (const { index, read } of readsOf(rule)) {
    writer.line(
      `if (${[`${read.relation.name}.touched.length > 0`, ...thereBefore(rule, index), ...heldAfter(rule, index, () => false)].join(" && ")}) ` +
        `${call(rule, { kind: rule.mode === "counting" ? "changes" : "gained", literal: index })}();`,
    );
  }
}

/**
 * What must have held something before, for a driver to find more than those that come after it do: of a relation that
 * was empty all rows are new, and drive themselves. (A change counts against the old state of what comes after it.)
 */
function heldAfter(rule: FlowRule, index: number, isOwn: (read: FlowRead) => boolean): readonly string[] {
  const later = readsOf(rule).filter((other) => other.index > index && !other.read.negated && !isOwn(other.read));
  return [...new Set(later.map(({ read }) => `${read.relation.name}.held > 0`))];
}

/**
 * What must hold something now, for a driver to find anything: all that comes before it, which a change counts against in
 * the new state. Otherwise an index would wake for a table that is still empty.
 */
function thereBefore(rule: FlowRule, index: number): readonly string[] {
  const driver = readsOf(rule).find((one) => one.index === index)!.read.relation;
  const earlier = readsOf(rule).filter(
    (other) => other.index < index && !other.read.negated && other.read.relation !== driver,
  );
  return [...new Set(earlier.map(({ read }) => `${read.relation.name}.size > 0`))];
}

/** From the first passing literal that is not of the stratum itself. */
function writePassing(writer: Writer, rule: FlowRule, own: ReadonlySet<FlowRelation>, call: Fixpoint["call"]): void {
  const from = readsOf(rule).find(
    ({ read }) => !read.negated && read.relation.storage === "passing" && !own.has(read.relation),
  );
  if (from !== undefined)
    writer.line(`if (${from.read.relation.name}.size > 0) ${call(rule, { kind: "rows", literal: from.index })}();`);
}

/**
 * Semi-naive: from what is new below, then round by round from what the last round brought. If something below was
 * lost, what rests on it is taken out first; where that cannot be done, or is not worth it, everything but tables is
 * derived anew.
 */
function writeRecursive(
  writer: Writer,
  { flow, call }: Pick<Fixpoint, "flow" | "call">,
  stratum: Stratum,
  rules: readonly FlowRule[],
  operators: readonly Operator[],
  repair: Repair | null,
): void {
  const own = new Set(stratum.relations);
  const views = stratum.relations.filter(({ storage }) => storage === "view" || storage === "landing");
  const isOwn = (read: FlowRead): boolean => own.has(read.relation);
  writer.line(`// ${stratum.relations.map(({ name }) => name).join(", ")}: recursive`);
  const isRederived = (rule: FlowRule): boolean => views.includes(rule.head) && rule.mode !== "passing";
  const writeNew = (): void => {
    for (const rule of rules) {
      if (rule.mode === "passing") continue;
      if (!hasPositiveRead(rule)) writer.line(`if (isFirst) ${call(rule, { kind: "start" })}();`);
      // What is fresh of the stratum itself meets everything below in the rounds that follow.
      const known = readsOf(rule).filter(
        ({ read }) => !read.negated && isOwn(read) && read.relation.storage === "view",
      );
      const old = new Set(
        known.map(({ read: { relation } }) => `${relation.name}.size > ${relation.name}.fresh.length`),
      );
      for (const { index, read } of readsOf(rule)) {
        if (isOwn(read)) continue;
        const conditions = [`${read.relation.name}.touched.length > 0`, ...heldAfter(rule, index, isOwn), ...old];
        writer.line(`if (${conditions.join(" && ")}) ${call(rule, { kind: "gained", literal: index })}();`);
      }
    }
  };
  const lost = new Set<string>();
  for (const rule of rules.filter(isRederived)) {
    for (const { index, read } of readsOf(rule))
      if (!isOwn(read))
        lost.add(
          `${read.negated || flow.isRevealed(rule, index) ? read.relation.name : shrinking(read.relation)}.${read.negated ? "grew" : "shrank"}()`,
        );
  }
  for (const { name, storage } of views) if (storage === "landing") lost.add(`${name}.landedLength > 0`);
  for (const relation of stratum.relations)
    if (relation.storage === "table" && views.length > 0) lost.add(`${shrinking(relation)}.shrank()`);
  if (views.length > 0 && lost.size > 0) {
    const isLost = [...lost].join(" || ");
    writer.open(
      repair === null ? `if (${isLost}) {` : `if (${lost.size > 1 ? `(${isLost})` : isLost} && !${repair.name}()) {`,
    );
    for (const { name } of views) writer.line(`${name}.retractAll();`);
    for (const rule of rules) {
      if (isRederived(rule)) {
        if (!hasPositiveRead(rule)) writer.line(`${call(rule, { kind: "start" })}();`);
        // A rule that reads its own stratum is driven from there, where all is new.
        const reads = readsOf(rule).filter(({ read }) => !read.negated);
        const drivers = reads.some(({ read }) => isOwn(read) && views.includes(read.relation)) ? [] : reads.slice(0, 1);
        for (const { index } of drivers) writer.line(`${call(rule, { kind: "all", literal: index })}();`);
      } else if (rule.mode !== "passing") {
        if (!hasPositiveRead(rule)) writer.line(`if (isFirst) ${call(rule, { kind: "start" })}();`);
        for (const { index, read } of readsOf(rule)) {
          if (!isOwn(read))
            writer.line(
              `if (${read.relation.name}.touched.length > 0) ${call(rule, { kind: "gained", literal: index })}();`,
            );
        }
      }
    }
    writer.close("} else {");
    writer.deepen();
    writeNew();
    writer.close("}");
  } else writeNew();
  for (const rule of rules) if (rule.mode === "passing") writePassing(writer, rule, own, call);
  for (const operator of operators) writeOperator(writer, operator);
  writer.open("for (let " + stratum.relations.map(({ name }) => `${name}_done = 0`).join(", ") + "; ;) {");
  for (const { name } of stratum.relations) writer.line(`const ${name}_end = ${name}.fresh.length;`);
  writer.line(`if (${stratum.relations.map(({ name }) => `${name}_done === ${name}_end`).join(" && ")}) break;`);
  for (const rule of rules) {
    for (const { index, read } of readsOf(rule)) {
      if (!isOwn(read) || read.negated) continue;
      const { name } = read.relation;
      writer.line(
        `if (${name}_done < ${name}_end) ${call(rule, { kind: "fresh", literal: index })}(${name}_done, ${name}_end);`,
      );
    }
  }
  for (const operator of operators) writeOperator(writer, operator);
  for (const { name } of stratum.relations) writer.line(`${name}_done = ${name}_end;`);
  writer.close("}");
}

/** What knows whether anything was lost: a lattice value that grew has lost nothing. */
function shrinking({ name, joins }: FlowRelation): string {
  return joins?.name ?? name;
}
