import type { CodePage } from "./codes.ts";

/** DLC4xx: what is inserted, and what the program has agreed on. */
export const coordinationCodes = {
  DLC401: {
    severity: "warning",
    title: "an output misses its level",
    why: "No mechanism reaches the level the output promises. What can be cut is cut, by the cheapest with the least severe label.",
    example: "output o(k: string, n: int) deterministic strict;",
    mend: "Seal the source, choose a weaker level (`agreed`, `eventual`, `any`), or remove the cause that the finding names.",
  },
  DLC402: {
    severity: "note",
    title: "outputs are only as deterministic as their log",
    why: "Outputs promise `deterministic` by default. Without seals the only mechanism is an order of messages, and another run may take another order; its log replays this one. The same holds behind an input of which a host may give two values for a key: in one step one of them is left out, in two steps none.",
    example: "output counts(word: string, n: int);",
    mend: "Declare `sealed by (…)` on the inputs, if their producers know when a partition is complete, or promise `unique` where an input has a key; or declare the output `agreed`.",
  },
  DLC403: {
    severity: "error",
    title: "the mechanism asked for cannot settle the rule",
    why: "A choice by hand (`@coordinate`) or by --strategy is kept or refused, never weakened.",
    example: "@coordinate(seal by (c)) poor(c, count()) <= clicks(c, _);   // nothing is sealed",
    mend: "Remove it, or declare the seal that it needs.",
  },
  DLC404: {
    severity: "error",
    title: "a sealed channel that one of its senders never seals",
    why: "Its partitions close when every producer has sealed them. A sender along whose rules no seal travels, and that has no seal rule, would keep them open for ever.",
    example: "channel c(k: string) sealed by (k);   // R.c(k) <~ unsealed(k);",
    mend: "Seal what the sender reads by the same key, or add `seal R.c(k: …) <~ …;` to the sending role.",
  },
  DLC406: {
    severity: "note",
    title: "an order-sensitive rule is trusted",
    why: "`@coordinate(none, …)` leaves it as it is; the label stays what was inferred and every report names it.",
    example: '@coordinate(none, "ids are never reused") t(x) <- done(x);',
    mend: "Remove the annotation to let the compiler coordinate the rule.",
  },
  DLC408: {
    severity: "warning",
    title: "an allowance for a source that is not weak",
    why: "`@allow(weaker, …)` accepts that what the rule reads may differ from run to run: a `lossy` channel, one whose seals have a deadline, or an input with a key that is not `unique`. Before any other rule it accepts nothing, and somebody may believe that it does.",
    example: 'channel c(x: int);   @allow(weaker, "sent again") t(x) <= c(x);',
    mend: "Put it before the rule that reads the weak channel, or remove it.",
  },
  DLC410: {
    severity: "error",
    title: "a role whose members cannot change",
    why: "`--dynamic` lets instances of a role join while the program runs. A replica that joins gets the state of another, and goes on from there as that one does, so that the state has to be whole, and the same at every replica. An instance of a role without replicas begins with nothing, so that nothing may have been for it before. Where a value of a partitioned role lies depends on how many instances it has.",
    example: "dlc build ads.dlc -o out --dynamic Report   // role Report partitioned by (campaign)",
    mend: "Take away what the finding names, or change the number of instances between two runs.",
  },
  DLC490: {
    severity: "error",
    title: "more coordination than the budget allows",
    why: "`--budget` bounds how often each mechanism may be used, so that a change which suddenly needs a sequencer is seen.",
    example: "dlc check --budget order=0",
    mend: "`dlc explain` shows what would make the mechanism unnecessary.",
  },
  DLC491: {
    severity: "error",
    title: "the plan differs from the one checked in",
    why: "`--locked` compares the plan with coordination.json; a change in what is coordinated is to be reviewed.",
    example: "dlc check --locked",
    mend: "Write the new file with `--lock` together with the change that causes it.",
  },
} as const satisfies Record<string, CodePage>;
