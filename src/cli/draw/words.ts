/** Reasons, mechanisms and labels in words for a reader who meets them for the first time. */
import type { Finding, LabelName, Reason } from "../../compiler/analysis.ts";
import type { LevelWord, PathWord } from "../../compiler/ast.ts";
import type { Role } from "../../compiler/ir.ts";
import type { MechanismName } from "../../compiler/plan.ts";

export const reasonWords: Readonly<Record<Reason, string>> = {
  negation:
    "It asks for the absence of a fact that may still arrive. Asked early, the answer is yes; asked late, it is no.",
  aggregate:
    "It sums up a group to which facts may still come. Every step in which it looks can give another value, and all but the last are wrong.",
  rendezvous:
    "Two things have to be there in the same step, and at least one of them passes. Whether they meet depends on which message came first.",
  deletion: "It takes facts away that other rules read or write. Whether they see the fact depends on what came first.",
  upsert: "It replaces the value of a key. Which value stays depends on which fact came last.",
  "key-conflict": "Two different values can come for one key, and only one is kept: the one that came first.",
  reveal: "It reads the plain value of something that still grows.",
  choice: "What it derives shows when a timer fired, and no fact decides that.",
  opaque:
    "It hands what may still grow, a group or a lattice value, to imported code. Every step in which it looks can give another value, and no claim says how one follows from the other.",
  local: "It makes the replicas of a role differ by construction: the fact stems from one replica alone.",
  promise:
    "It seals a partition, although a fact of that partition may still be on its way: the program can break its own promise.",
};

/** Of a rule in which nothing passes, and which reads what another order-sensitive rule makes. */
export const impliedWords =
  "What it reads still changes: facts of it are taken back or replaced. Which of its states meet depends on what came first.";

export const pathWords: Readonly<Record<PathWord, string>> = {
  CR: "In whatever order facts come, it gives the same answers, and it keeps none of them.",
  CW: "In whatever order facts come, it gives the same answers in the end. It keeps what comes.",
  OR: "What it answers depends on what has come before.",
  OW: "What it answers depends on what has come before, and so does what it keeps.",
};

export const mechanismWords: Readonly<
  Record<
    MechanismName | "epochs" | "downstream",
    { readonly does: string; readonly costs: string; readonly stops: string }
  >
> = {
  none: { does: "Nothing is inserted.", costs: "Nothing.", stops: "Nothing." },
  seal: {
    does: "The rule is evaluated for a value only when every producer has said that it sends no more facts of that value, and all facts sent before have come. What arrives earlier is kept until then.",
    costs: "One message per producer and partition, no round trip. It waits for the slowest producer of the partition.",
    stops: "A producer that cannot be reached holds up its own partitions, and no other.",
  },
  barrier: {
    does: "The rule is evaluated only when every producer has ended its whole stream, and all facts have come.",
    costs: "One message per producer, at the end. Nothing is answered before all of the input is there.",
    stops: "A producer that cannot be reached holds up everything.",
  },
  epochs: {
    does: "All that the rule depends on is collected in one log. At the end of each epoch every instance takes what came in it, as one set and in one step, so that order within an epoch says nothing: replicas agree, and a run can be told again from its log. In another run a fact may fall into another epoch.",
    costs:
      "One way to the sequencer and back for each epoch, and on average half an epoch of waiting for each fact. Producers do not wait.",
    stops: "While the sequencer cannot be reached nothing that passes through the log is answered.",
  },
  /** An order in front of another role than that of the rules. */
  downstream: {
    does: "What the rule sends passes through one log on its way, and every instance that gets it takes it in that order, in the same steps: what its senders disagree on ends there. Another run may take another order.",
    costs: "One way to the sequencer and back for each batch. Producers do not wait for it.",
    stops: "While the sequencer cannot be reached nothing that passes through the log is answered.",
  },
  order: {
    does: "All that the rule depends on passes through one log, and every instance takes it in that order, in the same steps: replicas agree, and a run can be told again from its log. Another run may take another order.",
    costs: "One way to the sequencer and back for each batch. Producers do not wait for it.",
    stops: "While the sequencer cannot be reached nothing that passes through the log is answered.",
  },
  commit: {
    does: "Reads and writes of one firing are one transaction over all copies.",
    costs: "Two rounds and locks for each firing.",
    stops: "A copy that cannot be reached stops all transactions that touch it.",
  },
};

const labelWords: Readonly<Record<LabelName, string>> = {
  Seal: "the same facts in every run, closed partition by partition",
  Async: "the same facts in every run, whatever the order of messages",
  Run: "replicas of one run agree, but another run on the same inputs may give other facts",
  Inst: "replicas differ for a while",
  Diverge: "replicas may differ for ever",
};

/** Where a role has no replicas itself, a label that speaks of some means those from which it hears. */
const aloneWords: Readonly<Partial<Record<LabelName, string>>> = {
  Run: "another run on the same inputs may give other facts",
  Inst: "it hears from replicas that differ for a while, so that another run on the same inputs may give other facts",
  Diverge:
    "it hears from replicas that may differ for ever, so that another run on the same inputs may give other facts",
};

/** What a label says of a collection of a role. */
export function labelText(name: LabelName, { replicated }: Pick<Role, "replicated">): string {
  return (replicated ? undefined : aloneWords[name]) ?? labelWords[name];
}

/** `PC/seal(campaign)/EC(seal)`: what happens while something is cut off, and what it costs otherwise. */
export function pacelcText(text: string): string {
  if (text === "PA/EL") return "answers at once, also while nobody else can be reached";
  if (text === "PC/sequencer/EC(epoch)")
    return "while the sequencer cannot be reached it waits; otherwise an answer waits for the end of its epoch";
  if (text.startsWith("PC/sequencer"))
    return "while the sequencer cannot be reached it waits; otherwise an answer takes two messages more";
  if (text.startsWith("PC/seal(*)")) return "it waits for the end of the stream, and for who cannot be reached";
  const [, key] = /^PC\/seal\((.*)\)\/EC\(seal\)$/.exec(text) ?? [];
  return key === undefined
    ? text
    : `a value of (${key.replaceAll(",", ", ")}) waits for the seals of its producers, and for one that cannot be reached`;
}

export const levelWords: Readonly<Record<LevelWord, string>> = {
  deterministic: "the same facts in every run of the same inputs, at every replica",
  agreed: "replicas of one run agree; runs may differ",
  eventual: "replicas may differ for a while, then agree",
  any: "no promise",
};

/** `each value of (campaign, id) is judged by itself`. */
export function gateWords(finding: Pick<Finding, "reason" | "gate" | "columns">): string {
  if (finding.gate === null && finding.reason === "opaque") return "unknown, so that one log has to serve all";
  if (finding.reason === "choice") return "none: neither a seal nor an order settles when a timer fires";
  if (finding.gate === null) return "unknown, so that of seals only the end of the whole stream serves it";
  if (finding.gate.length === 0)
    return "none: all facts together make one group, so that of seals only the end of the whole stream serves it";
  const columns =
    finding.columns.length > 0 && finding.columns.join() !== finding.gate.join()
      ? `, the columns (${finding.columns.join(", ")})`
      : "";
  return `(${finding.gate.join(", ")})${columns}: each value is judged by itself`;
}

/** A text that begins a sentence. */
export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
