/** In which order a rule's literals are evaluated, the driving one given. */
import type { FlowLiteral, FlowRead, FlowRelation } from "./flow.ts";
import { canFail } from "./expressions.ts";
import { countVariables, needs, patternVariables } from "./walk.ts";

/** Whether a literal's expressions may leave the derivation with a report. */
function isFallible(literal: FlowLiteral): boolean {
  return literal.kind !== "read" && literal.kind !== "closed" && canFail(literal.value);
}

export function binds(literal: FlowLiteral): readonly string[] {
  switch (literal.kind) {
    case "read":
      return literal.negated ? [] : literal.terms.flatMap((term) => (term.kind === "variable" ? [term.name] : []));
    case "bind":
      return [literal.variable];
    case "range":
      return patternVariables(literal.pattern);
    case "test":
    case "closed":
      return [];
  }
}

/** Share of the columns that are bound. */
function boundShare(read: FlowRead, bound: ReadonlySet<string>): number {
  if (read.terms.length === 0) return 1;
  return read.terms.filter((term) => term.kind !== "variable" || bound.has(term.name)).length / read.terms.length;
}

/**
 * Literals as soon as they can only narrow, then the read with the most columns bound. What can fail comes last,
 * in source order, so that it is reported only where the rest of the body holds; a variable that a read probes comes
 * before that read. `given`: variables that are bound already. Of reads that are equal, those of `late` come last.
 */
export function joinOrder(
  body: readonly FlowLiteral[],
  driver: number | null,
  given: Iterable<string> = [],
  late: ReadonlySet<FlowRelation> = new Set(),
): readonly number[] {
  const order: number[] = [];
  const bound = new Set<string>(given);
  const rest = new Set(body.keys());
  const take = (index: number): void => {
    rest.delete(index);
    order.push(index);
    for (const name of binds(body[index])) bound.add(name);
  };
  const isReady = (index: number): boolean => [...needs(body[index])].every((name) => bound.has(name));
  const positive = (): number[] =>
    [...rest].filter((index) => {
      const literal = body[index];
      return literal.kind === "read" && !literal.negated;
    });
  if (driver !== null) {
    rest.delete(driver);
    const literal = body[driver];
    if (literal.kind === "read") for (const term of literal.terms) if (term.kind === "variable") bound.add(term.name);
  }
  while (rest.size > 0) {
    const narrowing = [...rest].find((index) => {
      const literal = body[index];
      return (
        literal.kind !== "range" &&
        (literal.kind !== "read" || literal.negated) &&
        isReady(index) &&
        !isFallible(literal)
      );
    });
    if (narrowing !== undefined) {
      take(narrowing);
      continue;
    }
    const reads = positive();
    if (reads.length > 0) {
      const probed = new Map<string, number>();
      for (const index of reads) for (const term of (body[index] as FlowRead).terms) countVariables(term, probed);
      const rank = (index: number): number => {
        const read = body[index] as FlowRead;
        const share = boundShare(read, bound);
        return share > 0 && share < 1 && late.has(read.relation) ? share - 1e-6 : share;
      };
      const best = reads.reduce((a, b) => (rank(b) > rank(a) ? b : a));
      // A fallible binding that the reads join on is worth its early report, unless some read is fully bound.
      const early = [...rest].find((index) => {
        const literal = body[index];
        return (
          literal.kind === "bind" && isReady(index) && probed.has(literal.variable) && !bound.has(literal.variable)
        );
      });
      const ranged = [...rest].find((index) => {
        const literal = body[index];
        return (
          literal.kind === "range" &&
          isReady(index) &&
          binds(literal).some((name) => probed.has(name) && !bound.has(name))
        );
      });
      const share = boundShare(body[best] as FlowRead, bound);
      take(share < 1 && early !== undefined ? early : share === 0 && ranged !== undefined ? ranged : best);
      continue;
    }
    const ready = [...rest].filter(isReady);
    const range = ready.find((index) => body[index].kind === "range");
    const last = range ?? ready[0];
    if (last === undefined) throw new Error("a rule with unbound variables reached emission");
    take(last);
  }
  return order;
}
