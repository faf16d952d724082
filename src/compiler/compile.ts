/**
 * The whole compiler: text → Ast → Ir → Analysis → Plan → EmittedFile[]. Pure: it reads no file,
 * no clock and no random numbers, so that it runs in a browser as it is.
 */
import type { Analysis } from "./analysis.ts";
import type { Ast, SourceFile } from "./ast.ts";
import type { ImportedFiles } from "./imports.ts";
import type { Ir } from "./ir.ts";
import type { Plan, PlanName, Profile, Strategy } from "./plan.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import { inOrder } from "./diagnostics/lines.ts";
import type { Result } from "./result.ts";
import { parseProgram } from "./1-parse/program.ts";
import type { StatementCache } from "./1-parse/cache.ts";
import { lower } from "./2-lower/lower.ts";
import { analyze } from "./3-analyze/analyze.ts";
import { whyNotDynamic, withDynamic } from "./4-place/dynamic.ts";
import { place } from "./4-place/place.ts";
import { offer } from "./mends/offer.ts";

export interface CompileOptions {
  readonly strategy?: Strategy;
  /** As `PlaceOptions`: rates that were measured, another plan than the best, and whether the next best are looked for. */
  readonly profile?: (ir: Ir) => Profile;
  readonly plan?: PlanName;
  readonly compare?: boolean;
  /** Names of roles whose members may change while the program runs. */
  readonly dynamic?: readonly string[];
  /** All that the program imports, directly or not; `importsOf` says what a file names. */
  readonly files?: ImportedFiles;
  /** Statements matched before, by their text; filled as it goes. */
  readonly statements?: StatementCache;
}

/** How far one program came. A phase that found errors that the next cannot work with leaves null, and all after it. */
export interface Compilation {
  readonly file: SourceFile;
  /** Of the program's own file and of all that it imports. */
  readonly asts: readonly Ast[] | null;
  readonly ir: Ir | null;
  readonly analysis: Analysis | null;
  readonly plan: Plan | null;
  /** Of all phases, in source order; those of the program's own file first. */
  readonly diagnostics: readonly Diagnostic[];
}

export function compile(file: SourceFile, options: CompileOptions = {}): Compilation {
  const diagnostics: Diagnostic[] = [];
  const keep = <T>(result: Result<T>): T | null => {
    diagnostics.push(...result.diagnostics);
    return result.value;
  };
  const asts = keep(parseProgram(file, options.files ?? new Map(), options.statements));
  const { dynamic = [] } = options;
  const lowered = asts && keep(lower(asts));
  const ir = lowered && withDynamic(lowered, dynamic);
  const analysis = ir && analyze(ir);
  const plan =
    analysis &&
    keep(
      place(analysis, {
        strategy: options.strategy ?? "auto",
        profile: options.profile?.(analysis.ir),
        plan: options.plan,
        compare: options.compare,
      }),
    );
  if (plan !== null) diagnostics.push(...whyNotDynamic(plan, dynamic));
  return { file, asts, ir, analysis, plan, diagnostics: inOrder(diagnostics, file) };
}

/** Changes tried for one program add up to at most so many characters, unless all are asked for. */
const mostTried = 100_000;

/** The same, with fixes of what depends on order; each is the program compiled once more. */
export function withFixes(compilation: Compilation, options: CompileOptions = {}, all = false): Compilation {
  const { file } = compilation;
  const most = all ? Infinity : Math.floor(mostTried / (file.text.length + 1));
  const diagnostics = offer(compilation, (text) => compile({ path: file.path, text }, options), most);
  return { ...compilation, diagnostics };
}

export { importsOf } from "./1-parse/program.ts";
export { importPath, type ImportedFiles, type Unreadable } from "./imports.ts";
export { emit } from "./5-emit/emit.ts";
export { codes } from "./diagnostics/codes.ts";
export type { Diagnostic } from "./diagnostics/diagnostic.ts";
