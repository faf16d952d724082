/**
 * The whole compiler: text → Ast → Ir → Analysis → Plan → EmittedFile[]. Pure: it reads no file,
 * no clock and no random numbers, so that it runs in a browser as it is.
 */
import type { Analysis } from "./analysis.ts";
import type { Ast, SourceFile } from "./ast.ts";
import type { Ir } from "./ir.ts";
import type { Plan, Strategy } from "./plan.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import type { Result } from "./result.ts";
import { parse } from "./1-parse/parse.ts";
import type { StatementCache } from "./1-parse/cache.ts";
import { lower } from "./2-lower/lower.ts";
import { analyze } from "./3-analyze/analyze.ts";
import { place } from "./4-place/place.ts";

export interface CompileOptions {
  readonly strategy?: Strategy;
  /** Statements matched before, by their text; filled as it goes. */
  readonly statements?: StatementCache;
}

/** How far one program came. A phase that found errors that the next cannot work with leaves null, and all after it. */
export interface Compilation {
  readonly file: SourceFile;
  readonly ast: Ast | null;
  readonly ir: Ir | null;
  readonly analysis: Analysis | null;
  readonly plan: Plan | null;
  /** Of all phases, in source order. */
  readonly diagnostics: readonly Diagnostic[];
}

export function compile(file: SourceFile, options: CompileOptions = {}): Compilation {
  const diagnostics: Diagnostic[] = [];
  const keep = <T>(result: Result<T>): T | null => {
    diagnostics.push(...result.diagnostics);
    return result.value;
  };
  const ast = keep(parse(file, options.statements));
  const ir = ast && keep(lower([ast]));
  const analysis = ir && analyze(ir);
  const plan = analysis && keep(place(analysis, { strategy: options.strategy ?? "auto" }));
  diagnostics.sort((a, b) => a.span.start - b.span.start);
  return { file, ast, ir, analysis, plan, diagnostics };
}

export { emit } from "./5-emit/emit.ts";
export { codes } from "./diagnostics/codes.ts";
export type { Diagnostic } from "./diagnostics/diagnostic.ts";
