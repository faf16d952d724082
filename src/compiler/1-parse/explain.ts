import type { SourceFile } from "../ast.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { ScanProblem } from "./scan.ts";
import { report, spanAt, type Site } from "./site.ts";

/** What the scanner found, in words. */
export function reportScan(file: SourceFile, problems: readonly ScanProblem[], diagnostics: Diagnostic[]): void {
  for (const problem of problems) {
    const span = { start: problem.start, end: problem.end };
    switch (problem.kind) {
      case "unterminated-string":
        report({ file, diagnostics }, "DLC103", span, "This string is not closed on its line.", {
          mend: "Write `\"` at its end; a line break inside a string is written \\n.",
        });
        break;
      case "unterminated-comment":
        report({ file, diagnostics }, "DLC103", span, "This comment is never closed.", { mend: "Write `*/` at its end." });
        break;
      case "stray-close":
        report({ file, diagnostics }, "DLC105", span, "This `}` closes nothing.", { mend: "Take it away, or open a role before it." });
        break;
    }
  }
}

/** Reports why `site.text` is not what the grammar's rule `start` reads: the match got as far as `failedAt`. */
export function explainMismatch(site: Site, _start: string, failedAt: number): void {
  const found = /^(?:[A-Za-z_0-9]+|"[^"]*"?|.)?/.exec(site.text.slice(failedAt))?.[0] ?? "";
  report(site, "DLC101", spanAt(site, failedAt, found.length), found === "" ? "The statement ends too early." : `\`${found}\` is not expected here.`);
}
