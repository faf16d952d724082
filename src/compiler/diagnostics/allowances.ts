import type { CodePage } from "./codes.ts";

/** About what says how findings are taken: `// dlc-allow CODE: reason` and `dlc.config.json`. */
export const allowanceCodes = {
  DLC190: {
    severity: "warning",
    title: "A suppression without a reason, or of no known code",
    why:
      "`// dlc-allow CODE: reason` silences one finding on the next line. The reason is for the reader who meets the line " +
      "a year later and has to decide whether it still holds; without it the finding stays.",
    example: "// dlc-allow DLC302\npoor(c, i, count()) <= clicks(c, i, _) having count() < 100;",
    mend: "Write the code, a colon and why the finding may stand: `// dlc-allow DLC302: analysts know that it is a snapshot`.",
  },
  DLC191: {
    severity: "warning",
    title: "A suppression that suppresses nothing",
    why:
      "The next line has no finding with this code. Either the program was mended and the comment stayed behind, or the comment " +
      "stands on the wrong line. Left alone it would silence a later, different finding.",
    example: "// dlc-allow DLC301: a snapshot is enough\nclicks(c, i, u) <= click(c, i, u);",
    mend: "Delete the comment, or move it to the line before the finding.",
  },
  DLC192: {
    severity: "warning",
    title: "A suppression of an error that stays",
    why:
      "Some errors leave nothing that could be built or run, and no reason can change that: all of syntax, names and types (DLC1xx, DLC2xx), " +
      "a mechanism that cannot settle its rule (DLC403), and functions that cannot be called (DLC501 to DLC506). A budget and a lock " +
      "(DLC490, DLC491) are there so that a change of them is seen, so they are changed where they are written.",
    example: "// dlc-allow DLC202: comes later\npoor(c, i, count()) <= nowhere(c, i, _);",
    mend: "Mend the error and delete the comment.",
  },
  DLC195: {
    severity: "error",
    title: "A key that the configuration does not know",
    why: "What stands under it in `dlc.config.json` has no effect, although somebody may rely on it. An editor that is given `dlc.schema.json` by `$schema` shows the keys while they are typed.",
    example: '{ "budgets": { "order": 0 } }',
    mend: "Correct the key, or take it out.",
  },
  DLC196: {
    severity: "error",
    title: "A code whose severity cannot be set",
    why: "`severities` in `dlc.config.json` ranks findings by their codes. A code that does not exist has none, and an error that leaves nothing to build or run (as in DLC192) is always an error.",
    example: '{ "severities": { "DLC3O2": "off" } }',
    mend: "Correct the code, or take the line out.",
  },
} as const satisfies Record<string, CodePage>;
