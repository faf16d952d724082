/** Colours by what is coloured, not by name, so that all drawings agree. */
import { Chalk } from "chalk";
import type { Severity } from "../../compiler/diagnostics/diagnostic.ts";

export interface Paint {
  readonly severity: (severity: Severity, text: string) => string;
  readonly strong: (text: string) => string;
  /** Line numbers and frame lines. */
  readonly frame: (text: string) => string;
  readonly cause: (text: string) => string;
  readonly mend: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly inserted: (text: string) => string;
  readonly removed: (text: string) => string;
}

export function paint(colour: boolean): Paint {
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  return {
    severity: (severity, text) =>
      severity === "error"
        ? chalk.red.bold(text)
        : severity === "warning"
          ? chalk.yellow.bold(text)
          : chalk.cyan.bold(text),
    strong: (text) => chalk.bold(text),
    frame: (text) => chalk.blue(text),
    cause: (text) => chalk.blue.bold(text),
    mend: (text) => chalk.green(text),
    faint: (text) => chalk.dim(text),
    good: (text) => chalk.green(text),
    inserted: (text) => chalk.green(text),
    removed: (text) => chalk.red(text),
  };
}
