import type { CodePage } from "./codes.ts";

/** What a project has agreed on about its coordination: `--locked` and `--budget`. */
export const reviewCodes = {
  DLC490: {
    severity: "error",
    title: "The program needs more coordination than its budget allows",
    why:
      "`--budget order=0` (or `budget` in dlc.config.json) says how many insertions of a mechanism a program may need. " +
      "A change that puts a sequencer on a path that had none is cheap to write and dear to run; the budget makes it visible.",
    example: "dlc check ads.dlc --budget order=0,seal=2",
    mend: "See `dlc explain FILE` for the rule that needs it and the rewrites that would remove it, or raise the budget in the same change.",
  },
  DLC491: {
    severity: "error",
    title: "The program's coordination differs from the checked-in coordination.json",
    why:
      "With `--locked` the plan must equal the certificate that lies beside the program, so that a change of coordination " +
      "appears in review as a change of that file.",
    example: "dlc check ads.dlc --locked",
    mend: "Run `dlc check FILE --lock` to write the new certificate, and review its difference with the change that caused it.",
  },
} as const satisfies Record<string, CodePage>;
