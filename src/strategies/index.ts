/**
 * OPEN: the mechanisms that settle an order-sensitive rule, cheapest first (analysis.md section 5,
 * the ranks without rates). Each says whether it can reach a rule; how it is written into the
 * program stands in its own file, its run half in src/runtime (seals.ts, sequencer.ts).
 */
import type { Inference } from "../compiler/analysis.ts";
import type { MechanismName } from "../compiler/plan.ts";
import type { Rule } from "../compiler/ir.ts";
import type { Graph } from "../compiler/3-analyze/graph.ts";
import { unplacedBehind } from "./order.ts";

export interface Mechanism {
  readonly name: Exclude<MechanismName, "none" | "commit">;
  /** Only where the program or the command line names it. */
  readonly onRequest: boolean;
  /** null when it can settle the rule, else why not. */
  readonly cannot: (rule: Rule, inference: Inference, graph: Graph) => string | null;
  /** What it asks of the running system, in words. */
  readonly cost: string;
}

export const mechanisms: readonly Mechanism[] = [
  {
    name: "seal",
    onRequest: false,
    cannot: (rule, inference) => {
      const sealing = inference.sealed.get(rule.id);
      if (sealing === undefined) return inference.unsealed.get(rule.id) ?? "nothing that it reads is sealed";
      return isWholeStream(rule, inference) ? "what it reads is sealed only as a whole (a barrier)" : null;
    },
    cost: "one message per producer and partition, no round trip; waits for the slowest producer of each partition",
  },
  {
    name: "barrier",
    onRequest: false,
    cannot: (rule, inference) => {
      if (!inference.sealed.has(rule.id)) return inference.unsealed.get(rule.id) ?? "nothing that it reads is sealed";
      return isWholeStream(rule, inference) ? null : "what it reads is not sealed as a whole stream";
    },
    cost: "one message per producer at its end; waits for all of every stream",
  },
  {
    name: "order",
    onRequest: false,
    cannot: (rule, { persistence }, graph) => unplacedBehind(rule, graph, persistence),
    cost: "every message goes through one sequencer; nothing moves while it cannot be reached",
  },
  {
    // By epochs, where no end of a stream is promised.
    name: "barrier",
    onRequest: true,
    cannot: (rule, { persistence }, graph) => unplacedBehind(rule, graph, persistence),
    cost: "one round of the sequencer an epoch; answers wait for the end of theirs, and nothing moves while it cannot be reached",
  },
];

/** Every condition is the end of a whole stream. */
export function isWholeStream(rule: Rule, inference: Inference): boolean {
  const { conditions } = inference.sealed.get(rule.id)!;
  return conditions.length > 0 && conditions.every(({ key }) => key.length === 0);
}
