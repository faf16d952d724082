import type { CodePage } from "./codes.ts";

/** About `// dlc-allow CODE: reason` itself. */
export const allowanceCodes = {
  DLC190: {
    severity: "warning",
    title: "A suppression without a reason, or of no known code",
    why:
      "`// dlc-allow CODE: reason` silences one finding on the next line. The reason is for the reader who meets the line " +
      "a year later and has to decide whether it still holds; without it the finding stays.",
    example: "// dlc-allow DLC301\npoor(c, i, count()) <= clicks(c, i, _) having count() < 100;",
    mend: "Write the code, a colon and why the finding may stand: `// dlc-allow DLC301: analysts know that it is a snapshot`.",
  },
  DLC191: {
    severity: "warning",
    title: "A suppression that suppresses nothing",
    why:
      "The next line has no finding with this code. Either the program was mended and the comment stayed behind, or the comment " +
      "stands on the wrong line. Left alone it would silence a later, different finding.",
    example: "// dlc-allow DLC301: a snapshot is enough\nclicks(c, i, u) <= click(c, i, u);",
    mend: "Delete the comment, or move it to the line before the finding. Errors of the groups DLC1xx and DLC2xx cannot be suppressed.",
  },
} as const satisfies Record<string, CodePage>;
