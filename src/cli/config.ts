/** `dlc.config.json`, the nearest one upward from the working folder. JSON only: nothing in it is executed. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { SourceFile, Span } from "../compiler/ast.ts";
import { codes } from "../compiler/diagnostics/codes.ts";
import type { Code } from "../compiler/diagnostics/codes.ts";
import type { Diagnostic, Severity } from "../compiler/diagnostics/diagnostic.ts";
import { whyFirm } from "../compiler/diagnostics/firm.ts";
import { positionOf } from "../compiler/diagnostics/lines.ts";
import { nearNames } from "../compiler/diagnostics/near.ts";
import { alternatives } from "../compiler/2-lower/findings.ts";
import type { MechanismName, PlanName, Strategy } from "../compiler/plan.ts";
import { WrongUse } from "./io.ts";
import { jsonPlaces } from "./json-places.ts";

export interface Config {
  /** null when there is none. */
  readonly file: SourceFile | null;
  readonly strategy?: Strategy;
  /** Relative to `folder`. */
  readonly profile?: string;
  readonly maxWarnings?: number;
  readonly budget?: Budget;
  readonly severities: ReadonlyMap<Code, Level>;
  /** Globs, relative to `folder`, of programs that are left out where folders and globs are searched. */
  readonly ignore: readonly string[];
  /** Absolute; of the file. */
  readonly folder: string;
  /** Keys and codes that it names and that mean nothing. */
  readonly findings: readonly Diagnostic[];
}

/** How many insertions of a mechanism a program may need at most. */
export type Budget = ReadonlyMap<MechanismName, number>;

export type Level = Severity | "off";

export const configName = "dlc.config.json";
export const strategies: readonly Strategy[] = ["auto", "seal", "order", "barrier", "none"];
export const planNames: readonly PlanName[] = ["1", "2", "3", "baseline"];
export const mechanisms: readonly MechanismName[] = ["seal", "barrier", "order", "commit", "none"];
export const levels: readonly Level[] = ["error", "warning", "note", "off"];
const keys = ["$schema", "strategy", "profile", "maxWarnings", "budget", "severities", "ignore"];

export function findConfig(cwd: string): Config {
  const path = configPath(cwd);
  if (path === null) return { file: null, severities: new Map(), ignore: [], folder: cwd, findings: [] };
  return readConfig(readFileSync(path, "utf8"), relative(cwd, path).split(sep).join("/"), dirname(path));
}

/** Absolute; null where there is none. */
export function configPath(cwd: string): string | null {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, configName);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return null;
  }
}

/** A value of the wrong form is wrong use, since it says nothing; what is not known is a finding. */
export function readConfig(text: string, path: string, folder: string): Config {
  const file: SourceFile = { path, text };
  const root = parsed(file);
  const places = jsonPlaces(text);
  const findings: Diagnostic[] = [];
  const wrong = (at: string, message: string): WrongUse => {
    const { line, column } = positionOf(file, places.get(at)?.value.start ?? 0);
    return new WrongUse(`${path}:${line}:${column}: ${message}`);
  };
  const unknown = (code: Code, at: string, message: string, near: readonly string[], otherwise: string): void => {
    const span: Span = places.get(at)!.key;
    const edits = (name: string) => [{ file, span, text: JSON.stringify(name) }];
    findings.push({
      code,
      severity: codes[code].severity,
      message,
      file,
      span,
      mend: near.length === 0 ? otherwise : `Did you mean ${alternatives(near.map((name) => `"${name}"`))}?`,
      fixes: near.map((name) => ({ title: `Write "${name}"`, edits: edits(name) })),
    });
  };
  const known = (at: string, key: string, among: readonly string[]): boolean => {
    if (among.includes(key)) return true;
    const otherwise = `There may stand ${among.join(", ")}.`;
    unknown("DLC195", at, `"${key}" means nothing here`, nearNames(key, among), otherwise);
    return false;
  };

  if (!isObject(root)) throw wrong("", "must hold a JSON object");
  for (const key of Object.keys(root)) known(`/${key}`, key, keys);
  const { strategy, profile, maxWarnings, budget, severities, ignore } = root;
  if (strategy !== undefined && !strategies.includes(strategy as Strategy))
    throw wrong("/strategy", `"strategy" must be one of ${strategies.join(", ")}`);
  if (profile !== undefined && typeof profile !== "string")
    throw wrong("/profile", '"profile" must be the path of a file that `dlc run --profile` wrote');
  if (maxWarnings !== undefined && !isCount(maxWarnings))
    throw wrong("/maxWarnings", '"maxWarnings" must be a whole number, 0 or more');
  if (ignore !== undefined && !(Array.isArray(ignore) && ignore.every((glob) => typeof glob === "string")))
    throw wrong("/ignore", '"ignore" must be a list of globs');
  if (budget !== undefined && !isObject(budget)) throw wrong("/budget", '"budget" must map mechanisms to numbers');
  const ranked = new Map<Code, Level>();
  if (severities !== undefined) {
    const form = `codes to ${levels.map((level) => `"${level}"`).join(", ")}`;
    if (!isObject(severities)) throw wrong("/severities", `"severities" must map ${form}`);
    for (const [code, level] of Object.entries(severities)) {
      const at = `/severities/${code}`;
      if (!levels.includes(level as Level))
        throw wrong(at, `"severities" must map ${form}, and ${code} is something else`);
      const firm = isCode(code) ? whyFirm(code) : null;
      if (!isCode(code)) {
        const near = nearNames(code, Object.keys(codes));
        unknown("DLC196", at, `${code} is no code of dlc`, near, "`docs/diagnostics.md` has them all.");
      } else if (firm !== null && level !== "error") {
        unknown("DLC196", at, `${code} is always an error: ${firm}`, [], "Take the line out.");
      } else ranked.set(code, level as Level);
    }
  }
  return {
    file,
    strategy: strategy as Strategy | undefined,
    profile,
    maxWarnings: maxWarnings as number | undefined,
    budget:
      budget === undefined
        ? undefined
        : budgetOf(
            Object.entries(budget).filter(([name]) => known(`/budget/${name}`, name, mechanisms)),
            (name, message) => wrong(`/budget/${name}`, `"budget": ${message}`),
          ),
    severities: ranked,
    ignore: (ignore as string[] | undefined) ?? [],
    folder,
    findings,
  };
}

function parsed(file: SourceFile): unknown {
  try {
    return JSON.parse(file.text);
  } catch (error) {
    const { message } = error as Error;
    const at = /at position (\d+)/.exec(message);
    const { line, column } = positionOf(file, at === null ? file.text.length : Number(at[1]));
    throw new WrongUse(`${file.path}:${line}:${column}: not JSON: ${message.replace(/ in JSON at position .*/, "")}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

/** `order=0,seal=2`. */
export function readBudget(text: string): Budget {
  const entries = text.split(",").map((part): [string, unknown] => {
    const [name, count] = part.split("=");
    return [(name ?? "").trim(), /^\d+$/.test((count ?? "").trim()) ? Number(count) : count];
  });
  return budgetOf(entries, (_, message) => new WrongUse(`--budget: ${message}`));
}

function budgetOf(
  entries: readonly (readonly [string, unknown])[],
  wrong: (name: string, message: string) => WrongUse,
): Budget {
  const budget = new Map<MechanismName, number>();
  for (const [name, count] of entries) {
    if (!mechanisms.includes(name as MechanismName))
      throw wrong(name, `"${name}" is no mechanism; there are ${mechanisms.join(", ")}`);
    if (!isCount(count)) throw wrong(name, `${name} needs a whole number, as in ${name}=0`);
    budget.set(name as MechanismName, count);
  }
  return budget;
}
