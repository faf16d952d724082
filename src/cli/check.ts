/** `dlc check FILES…`: everything that can be said of programs without running them. */
import { relative, resolve } from "node:path";
import { unused } from "../compiler/3-analyze/unused.ts";
import { implementedIn } from "../compiler/5-emit/components.ts";
import { importsOf } from "../compiler/5-emit/functions.ts";
import { compile, withFixes } from "../compiler/compile.ts";
import { applyAllowances } from "../compiler/diagnostics/allow.ts";
import { inOrder } from "../compiler/diagnostics/lines.ts";
import { underminesLabels, whyFirm } from "../compiler/diagnostics/firm.ts";
import type { Diagnostic, Fix, Severity } from "../compiler/diagnostics/diagnostic.ts";
import type { SourceFile } from "../compiler/ast.ts";
import { libraryScheme } from "../compiler/imports.ts";
import type { Ir } from "../compiler/ir.ts";
import type { ImportedFiles } from "../compiler/imports.ts";
import type { PlanName, Profile, Strategy } from "../compiler/plan.ts";
import type { CachedStatement, StatementCache } from "../compiler/1-parse/cache.ts";
import { checkFunctions } from "../functions/check.ts";
import { modulePath } from "../functions/modules.ts";
import { openReport, openStatements, openVerdicts } from "./cache.ts";
import type { DiskStatements } from "./cache.ts";
import type { Budget, Config } from "./config.ts";
import { findConfig } from "./config.ts";
import { withStatuses } from "./draw/claims.ts";
import { count } from "./draw/count.ts";
import type { FormName } from "./draw/form-names.ts";
import { forms } from "./draw/forms.ts";
import type { Counts } from "./draw/forms.ts";
import type { CheckedProgram } from "./draw/json.ts";
import { fixFile, onlyFix } from "./fix.ts";
import type { Fixed, FixedFile } from "./fix.ts";
import { findPrograms, readProgram } from "./files.ts";
import { readImports } from "./imports.ts";
import { WrongUse } from "./io.ts";
import type { Io } from "./io.ts";
import { profileOf, readProfile } from "./profile.ts";
import type { ProfileFile } from "./profile.ts";
import { overBudget, lockProgram, unlocked } from "./review.ts";

/** What decides between plans. */
export interface Planning {
  readonly strategy?: Strategy;
  /** A file that `dlc run --profile` has written; null: none, whatever the configuration says. */
  readonly profile?: string | null;
  readonly plan?: PlanName;
  /** Roles whose members may change while the program runs. */
  readonly dynamic?: readonly string[];
}

export interface CheckOptions extends Planning {
  readonly format: FormName;
  readonly maxWarnings?: number;
  readonly locked?: boolean;
  readonly lock?: boolean;
  readonly budget?: Budget;
  /** Apply what mends a finding; with `unsafeFixes` also what may change what the program computes. */
  readonly fix?: boolean;
  readonly unsafeFixes?: boolean;
  /** false: neither read nor write what is kept on disk. */
  readonly cache: boolean;
}

/** 0: clean. 1: findings at error level, or more warnings than allowed. 2: a program that could not be looked at. */
export async function checkCommand(patterns: readonly string[], options: CheckOptions, io: Io): Promise<number> {
  const { out, err, code } = await checkOnce(patterns, options, io, null);
  io.out(out);
  io.err(err);
  return code;
}

export interface Checked {
  readonly out: string;
  readonly err: string;
  /** 2: a program could not be looked at. */
  readonly code: 0 | 1 | 2;
  /** Absolute paths of other files whose change can change the report. */
  readonly behind: ReadonlySet<string>;
}

/** What is remembered while programs are checked again and again. */
export interface Memory {
  /** Statements that were matched, by the path of their program. */
  readonly statements: Map<string, ReadonlyMap<string, CachedStatement>>;
  /** The last report on each program, by its path, and what it is a function of. */
  readonly reports: Map<string, { readonly of: string; readonly report: Report }>;
}

export async function checkOnce(
  patterns: readonly string[],
  options: CheckOptions,
  io: Io,
  memory: Memory | null,
): Promise<Checked> {
  const config = findConfig(io.cwd);
  const paths = await findPrograms(patterns, io.cwd, config);
  const reports: Report[] = config.findings.length > 0 ? [reportOnConfig(config, options, io)] : [];
  const fixed: Fixed[] = [];
  const wrong = new Set<string>();
  for (const path of paths) {
    try {
      let file = readProgram(path, io.cwd);
      if (options.fix || options.unsafeFixes) {
        const mended = await fixProgram(file, options, config, io);
        file = mended.file;
        fixed.push(...mended.fixed);
      }
      reports.push(await reportOn(file, options, config, io, memory));
    } catch (error) {
      // One program that cannot be looked at is no reason to leave the others out.
      if (!(error instanceof WrongUse)) throw error;
      wrong.add(error.message);
    }
  }
  if (wrong.size > 0 && reports.length === 0) throw new WrongUse([...wrong].join("\ndlc: "));
  const { fixableIn, ...counts } = sum(reports);
  const { out, err = "" } = forms[options.format].whole(
    reports.map(({ part }) => part),
    // Of what two programs import, and of what is asked about by itself, it is said once.
    { ...counts, fixableIn: [...new Map(fixableIn)].filter(([path]) => !paths.includes(path)) },
    fixed,
  );
  const { error: errors, warning: warnings } = counts.bySeverity;
  const most = options.maxWarnings ?? config.maxWarnings ?? Infinity;
  const over = warnings > most ? `dlc: ${count(warnings, "warning")}, and at most ${most} are allowed\n` : "";
  return {
    out,
    err: [err, over, ...[...wrong].map((message) => `dlc: ${message}\n`)].join(""),
    code: wrong.size > 0 ? 2 : errors > 0 || warnings > most ? 1 : 0,
    behind: new Set(reports.flatMap(({ behind }) => behind)),
  };
}

async function fixProgram(file: SourceFile, options: CheckOptions, config: Config, io: Io): Promise<FixedFile> {
  const { strategy, profile, plan, dynamic, unsafeFixes, cache } = options;
  const find = async (text: SourceFile): Promise<readonly Diagnostic[]> =>
    (await checkProgram(text, { strategy, profile, plan, dynamic, cache, fixes: "all" }, config, io)).diagnostics;
  return fixFile(file, find, { unsafe: unsafeFixes === true, cwd: io.cwd });
}

/** What is said of one program, in one form. Plain data: it is kept for the next time. */
interface Report {
  readonly part: unknown;
  readonly counts: Counts;
  /** Absolute paths of other files that take part in it. */
  readonly behind: readonly string[];
}

function reportOnConfig({ findings, file }: Config, options: CheckOptions, io: Io): Report {
  const part = forms[options.format].findings(file!, findings, io);
  return {
    part,
    counts: { ...countsOf({ diagnostics: findings, silenced: [] }, file!.path), programs: 0 },
    behind: [],
  };
}

/**
 * A program that has not changed since the last time is not compiled again: the report is a function of its text and
 * of what it is asked for. Not so where other files or a certificate beside it take part; those are looked at anew.
 */
async function reportOn(
  file: SourceFile,
  options: CheckOptions,
  config: Config,
  io: Io,
  memory: Memory | null,
): Promise<Report> {
  const budget = [...(options.budget ?? config.budget ?? [])];
  const asked = JSON.stringify([
    io.colour,
    io.width,
    io.env["GITHUB_WORKSPACE"],
    options.strategy ?? config.strategy,
    options.plan,
    options.dynamic,
    profileFor(options, config, io)?.text,
    budget,
    [...config.severities],
  ]);
  const imports = readImports(file, io.cwd);
  const alone = !options.lock && !options.locked;
  const of = JSON.stringify([asked, file.text, [...imports]]);
  const remembered = memory?.reports.get(file.path);
  if (alone && remembered?.of === of) return remembered.report;
  const kept =
    memory === null && options.cache && alone ? openReport<Report>(file, imports, options.format, asked, io) : null;
  const known = kept?.get() ?? null;
  if (known !== null) return known;

  const statements = memory ? recall(memory, file.path) : options.cache ? openStatements(file.path, io) : null;
  const program = await checkProgram(file, { ...options, fixes: "few" }, config, io, {
    imports,
    statements: statements?.cache,
  });
  statements?.save();
  const part = forms[options.format].part(program, io);
  const functions = filesBehind(program, io);
  const imported = [...imports.keys()]
    .filter((path) => !path.startsWith(libraryScheme))
    .map((path) => resolve(io.cwd, path));
  const report = { part, counts: countsOf(program, file.path), behind: [...functions, ...imported] };
  if (functions.length === 0) {
    kept?.set(report);
    memory?.reports.set(file.path, { of, report });
  }
  return report;
}

/** Statements of a program in memory: those that the last check used. */
export function recall({ statements }: Pick<Memory, "statements">, path: string): DiskStatements {
  const known = statements.get(path) ?? new Map<string, CachedStatement>();
  const used = new Map<string, CachedStatement>();
  return {
    cache: {
      get(text) {
        const found = used.get(text) ?? known.get(text);
        if (found !== undefined) used.set(text, found);
        return found;
      },
      set: (text, parsed) => void used.set(text, parsed),
    },
    save: () => void statements.set(path, used),
  };
}

function filesBehind({ compilation: { ir } }: CheckedProgram, { cwd }: Io): readonly string[] {
  if (ir === null) return [];
  return [...importsOf(ir), ...implementedIn(ir)].map((imported) => modulePath(imported, cwd));
}

/** `path`: of the program, which `--fix` writes; imported files are programs of their own. */
function countsOf({ diagnostics, silenced }: Pick<CheckedProgram, "diagnostics" | "silenced">, path: string): Counts {
  const of = (severity: Severity): number => diagnostics.filter((each) => each.severity === severity).length;
  const fixesOf = (unsafe: boolean): readonly Fix[] => diagnostics.flatMap((each) => onlyFix(each, unsafe) ?? []);
  const isIn =
    (file: string) =>
    (fix: Fix): boolean =>
      fix.edits.every((edit) => edit.file.path === file);
  const safe = fixesOf(false);
  const others = new Set(safe.flatMap(({ edits }) => edits.map(({ file }) => file.path)));
  const elsewhere = [...others].filter((other) => other !== path && !other.startsWith(libraryScheme));
  const fixable = safe.filter(isIn(path)).length;
  return {
    programs: 1,
    bySeverity: { error: of("error"), warning: of("warning"), note: of("note") },
    suppressed: silenced.length,
    fixable,
    fixableIn: elsewhere.map((other) => [other, safe.filter(isIn(other)).length] as const),
    unsafelyFixable: fixesOf(true).filter((fix) => fix.unsafe && isIn(path)(fix)).length,
  };
}

function sum(reports: readonly Report[]): Counts {
  const all = (of: (counts: Counts) => number): number => reports.reduce((n, { counts }) => n + of(counts), 0);
  return {
    programs: all(({ programs }) => programs),
    bySeverity: {
      error: all(({ bySeverity }) => bySeverity.error),
      warning: all(({ bySeverity }) => bySeverity.warning),
      note: all(({ bySeverity }) => bySeverity.note),
    },
    suppressed: all(({ suppressed }) => suppressed),
    fixable: all(({ fixable }) => fixable),
    fixableIn: reports.flatMap(({ counts }) => counts.fixableIn),
    unsafelyFixable: all(({ unsafelyFixable }) => unsafelyFixable),
  };
}

/** One program with everything that looks at it; other commands start here too. */
export async function checkProgram(
  file: SourceFile,
  options: Planning &
    Pick<CheckOptions, "locked" | "lock" | "budget"> & {
      readonly cache?: boolean;
      /** Look for the next best plans also where no rates are known. */
      readonly compare?: boolean;
      /** Fixes of what depends on order cost a compilation each: none, as many as take no time, or all. */
      readonly fixes?: "few" | "all";
      /** For editors: the plan of what can be read, while something is being typed. */
      readonly partly?: boolean;
    },
  config: Config,
  io: Io,
  known: { readonly imports?: ImportedFiles; readonly statements?: StatementCache } = {},
): Promise<CheckedProgram> {
  const strategy = options.strategy ?? config.strategy ?? "auto";
  // Fixes compile the program again, with most of its statements as they are.
  const { imports = readImports(file, io.cwd), statements = new Map<string, CachedStatement>() } = known;
  const measured = profileFor(options, config, io);
  const profile = measured === null ? undefined : (ir: Ir): Profile => profileOf(measured, ir);
  const { plan: name, compare, dynamic } = options;
  const compiling = { strategy, plan: name, compare, dynamic, files: imports, statements, ...(profile && { profile }) };
  const read = compile(file, compiling);
  const compiled = options.fixes === undefined ? read : withFixes(read, compiling, options.fixes === "all");
  // Of a program of which a statement is left out nobody knows what it reads.
  const idle = compiled.ir === null || compiled.diagnostics.some(underminesLabels) ? [] : unused(compiled.ir);
  const found: Diagnostic[] = [...inOrder([...compiled.diagnostics, ...idle], file)];
  const verdicts = options.cache === false || compiled.ir === null ? null : openVerdicts(file.path, io);
  const functions =
    compiled.ir === null
      ? { diagnostics: [], reports: [] }
      : await checkFunctions(compiled.ir, {
          cwd: io.cwd,
          plan: compiled.plan,
          strategy,
          profile: profile?.(compiled.ir) ?? null,
          store: verdicts?.store ?? null,
        });
  verdicts?.save();
  found.push(...functions.diagnostics);
  const elsewhere = {
    imported: [...imports.values()].flatMap((one) => ("text" in one ? [one] : [])),
    modules: (compiled.asts?.[0].items ?? []).flatMap((item) => (item.kind === "module" ? [item.span] : [])),
  };
  const left = (): Pick<CheckedProgram, "diagnostics" | "silenced"> => {
    const { diagnostics, silenced } = applyAllowances(file, found, elsewhere);
    return { diagnostics: withSeverities(diagnostics, config), silenced };
  };
  const compilation =
    options.partly !== true && left().diagnostics.some(underminesLabels)
      ? { ...compiled, analysis: null, plan: null }
      : { ...compiled, plan: compiled.plan && withStatuses(compiled.plan, functions.reports) };
  const { plan } = compilation;
  if (plan !== null) {
    const budget = options.budget ?? config.budget;
    if (budget !== undefined) found.push(...overBudget(plan, file, budget));
    if (options.lock) lockProgram(plan, file, io);
    else if (options.locked) found.push(...unlocked(plan, file, io.cwd));
  }
  return { compilation, ...left(), functions: functions.reports };
}

function profileFor({ profile }: Planning, config: Config, { cwd }: Io): ProfileFile | null {
  if (profile === null) return null;
  if (profile !== undefined) return readProfile(profile, cwd);
  return config.profile === undefined ? null : readProfile(relative(cwd, resolve(config.folder, config.profile)), cwd);
}

/** As the configuration ranks the codes; "off" drops them. Errors that leave nothing to build stay. */
function withSeverities(diagnostics: readonly Diagnostic[], config: Config): readonly Diagnostic[] {
  return diagnostics.flatMap((diagnostic) => {
    const level = config.severities.get(diagnostic.code);
    if (level === undefined || whyFirm(diagnostic.code) !== null) return [diagnostic];
    return level === "off" ? [] : [{ ...diagnostic, severity: level }];
  });
}
