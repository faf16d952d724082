/** `dlc.config.json`, the nearest one upward from the working folder. JSON only: nothing in it is executed. */
import { relative } from "node:path";
import { codes } from "../compiler/diagnostics/codes.ts";
import type { Code } from "../compiler/diagnostics/codes.ts";
import type { Severity } from "../compiler/diagnostics/diagnostic.ts";
import type { MechanismName, Strategy } from "../compiler/plan.ts";
import { WrongUse } from "./io.ts";

export interface Config {
  /** As shown in messages; null when there is no file. */
  readonly path: string | null;
  readonly strategy?: Strategy;
  readonly maxWarnings?: number;
  readonly budget?: Budget;
  readonly severities: ReadonlyMap<Code, Severity | "off">;
}

/** How many insertions of a mechanism a program may need at most. */
export type Budget = ReadonlyMap<MechanismName, number>;

export const strategies: readonly Strategy[] = ["auto", "seal", "order", "barrier", "none"];
const mechanisms: readonly MechanismName[] = ["seal", "barrier", "order", "commit", "none"];
const known = ["strategy", "maxWarnings", "budget", "severities"];

export async function findConfig(cwd: string): Promise<Config> {
  const { default: search } = await import("lilconfig");
  const name = "dlc.config.json";
  let found;
  try {
    found = await search.lilconfig("dlc", { searchPlaces: [name], stopDir: "/" }).search(cwd);
  } catch (error) {
    throw new WrongUse(`${name}: ${(error as Error).message}`);
  }
  if (found === null || found.isEmpty) return { path: null, severities: new Map() };
  return readConfig(found.config, relative(cwd, found.filepath) || name);
}

/** Checks the form; `path` stands before every message. */
export function readConfig(value: unknown, path: string): Config {
  const wrong = (message: string): WrongUse => new WrongUse(`${path}: ${message}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("must hold a JSON object");
  const fields = value as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) throw wrong(`does not know "${key}"; it may hold ${known.join(", ")}`);
  }
  const { strategy, maxWarnings, budget, severities } = fields;
  if (strategy !== undefined && !strategies.includes(strategy as Strategy))
    throw wrong(`"strategy" must be one of ${strategies.join(", ")}`);
  if (maxWarnings !== undefined && !(Number.isInteger(maxWarnings) && (maxWarnings as number) >= 0)) {
    throw wrong('"maxWarnings" must be a whole number, 0 or more');
  }
  const rules = new Map<Code, Severity | "off">();
  if (severities !== undefined) {
    if (typeof severities !== "object" || severities === null)
      throw wrong('"severities" must map codes to "error", "warning", "note" or "off"');
    for (const [code, level] of Object.entries(severities)) {
      if (!Object.hasOwn(codes, code)) throw wrong(`"severities" names ${code}, which is no code of dlc`);
      if (!["error", "warning", "note", "off"].includes(level as string))
        throw wrong(`"severities": ${code} must be "error", "warning", "note" or "off"`);
      rules.set(code as Code, level as Severity | "off");
    }
  }
  return {
    path,
    strategy: strategy as Strategy | undefined,
    maxWarnings: maxWarnings as number | undefined,
    budget:
      budget === undefined
        ? undefined
        : budgetOf(Object.entries(budget as object), (message) => wrong(`"budget": ${message}`)),
    severities: rules,
  };
}

/** `order=0,seal=2`. */
export function readBudget(text: string): Budget {
  const entries = text.split(",").map((part): [string, unknown] => {
    const [name, count] = part.split("=");
    return [(name ?? "").trim(), /^\d+$/.test((count ?? "").trim()) ? Number(count) : count];
  });
  return budgetOf(entries, (message) => new WrongUse(`--budget: ${message}`));
}

function budgetOf(entries: readonly (readonly [string, unknown])[], wrong: (message: string) => WrongUse): Budget {
  const budget = new Map<MechanismName, number>();
  for (const [name, count] of entries) {
    if (!mechanisms.includes(name as MechanismName))
      throw wrong(`"${name}" is no mechanism; there are ${mechanisms.join(", ")}`);
    if (!Number.isInteger(count) || (count as number) < 0) throw wrong(`${name} needs a whole number, as in ${name}=0`);
    budget.set(name as MechanismName, count as number);
  }
  return budget;
}
