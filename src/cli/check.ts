/** `dlc check FILES…`: everything that can be said of programs without running them. */
import { compile } from "../compiler/compile.ts";
import { applyAllowances } from "../compiler/diagnostics/allow.ts";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import type { SourceFile } from "../compiler/ast.ts";
import type { Strategy } from "../compiler/plan.ts";
import type { StatementCache } from "../compiler/1-parse/cache.ts";
import { openStatements } from "./cache.ts";
import type { Budget, Config } from "./config.ts";
import { findConfig } from "./config.ts";
import { drawDiagnostic } from "./draw/diagnostics.ts";
import { count } from "./draw/count.ts";
import { jsonOf } from "./draw/json.ts";
import type { CheckedProgram } from "./draw/json.ts";
import { paint } from "./draw/paint.ts";
import { drawPlan } from "./draw/plan.ts";
import { findPrograms, readProgram } from "./files.ts";
import { checkFunctions } from "./functions.ts";
import type { Io } from "./io.ts";
import { overBudget, lockProgram, unlocked } from "./review.ts";

export interface CheckOptions {
  readonly format: "pretty" | "json";
  readonly strategy?: Strategy;
  readonly maxWarnings?: number;
  readonly locked?: boolean;
  readonly lock?: boolean;
  readonly budget?: Budget;
  /** false: neither read nor write the statement cache. */
  readonly cache: boolean;
}

/** 0: clean. 1: findings at error level, or more warnings than allowed. */
export async function checkCommand(patterns: readonly string[], options: CheckOptions, io: Io): Promise<number> {
  const config = await findConfig(io.cwd);
  const paths = await findPrograms(patterns, io.cwd);
  const programs: CheckedProgram[] = [];
  for (const path of paths) {
    const statements = options.cache ? openStatements(path, io) : null;
    programs.push(await checkProgram(readProgram(path, io.cwd), options, config, io, statements?.cache));
    statements?.save();
  }

  if (options.format === "json") io.out(`${JSON.stringify(jsonOf(programs), null, 2)}\n`);
  else drawPrograms(programs, io);

  const all = programs.flatMap(({ diagnostics }) => diagnostics);
  const warnings = all.filter(({ severity }) => severity === "warning").length;
  const most = options.maxWarnings ?? config.maxWarnings ?? Infinity;
  if (warnings > most) io.err(`dlc: ${count(warnings, "warning")}, and at most ${most} are allowed\n`);
  return warnings > most || all.some(({ severity }) => severity === "error") ? 1 : 0;
}

/** One program with everything that looks at it; other commands start here too. */
export async function checkProgram(
  file: SourceFile,
  options: Pick<CheckOptions, "strategy" | "locked" | "lock" | "budget">,
  config: Config,
  io: Io,
  statements?: StatementCache,
): Promise<CheckedProgram> {
  const compilation = compile(file, { strategy: options.strategy ?? config.strategy ?? "auto", statements });
  const found: Diagnostic[] = [...compilation.diagnostics];
  const { ir, plan } = compilation;
  if (ir !== null) found.push(...(await checkFunctions(ir, io.cwd)));
  if (plan !== null) {
    const budget = options.budget ?? config.budget;
    if (budget !== undefined) found.push(...overBudget(plan, file, budget));
    if (options.lock) lockProgram(plan, file, io);
    else if (options.locked) found.push(...unlocked(plan, file, io.cwd));
  }
  const { diagnostics, silenced } = applyAllowances(file, withSeverities(found, config));
  return { compilation, diagnostics, silenced };
}

/** As the configuration ranks the codes; "off" drops them. Errors without which a program has no meaning stay. */
function withSeverities(diagnostics: readonly Diagnostic[], config: Config): readonly Diagnostic[] {
  return diagnostics.flatMap((diagnostic) => {
    const level = config.severities.get(diagnostic.code);
    if (level === undefined || (diagnostic.severity === "error" && /^DLC[12]/.test(diagnostic.code)))
      return [diagnostic];
    return level === "off" ? [] : [{ ...diagnostic, severity: level }];
  });
}

function drawPrograms(programs: readonly CheckedProgram[], io: Io): void {
  const style = paint(io.colour);
  for (const { compilation, diagnostics } of programs) {
    for (const diagnostic of diagnostics) io.out(`${drawDiagnostic(diagnostic, style, io.width)}\n`);
    if (compilation.plan !== null) {
      io.out(`${style.strong(compilation.file.path)}\n${drawPlan(compilation.plan, style)}\n`);
    }
  }
  io.out(`${summary(programs)}\n`);
}

function summary(programs: readonly CheckedProgram[]): string {
  const all = programs.flatMap(({ diagnostics }) => diagnostics);
  const of = (severity: string): number => all.filter((diagnostic) => diagnostic.severity === severity).length;
  const silenced = programs.reduce((sum, program) => sum + program.silenced.length, 0);
  const parts = [count(of("error"), "error"), count(of("warning"), "warning")];
  if (of("note") > 0) parts.push(count(of("note"), "note"));
  if (silenced > 0) parts.push(`${silenced} suppressed`);
  return `${count(programs.length, "program")} checked: ${parts.join(", ")}`;
}
