/** `--budget`, `--lock` and `--locked`: what a project has agreed on about its coordination. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { SourceFile, Span } from "../compiler/ast.ts";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import type { Plan } from "../compiler/plan.ts";
import { certificate } from "../compiler/4-place/place.ts";
import type { Budget } from "./config.ts";
import { differences, diffLines, insertionName } from "./difference.ts";
import type { Certificate } from "./difference.ts";
import { describe } from "./draw/insertion.ts";
import { writeAsked } from "./files.ts";
import type { Io } from "./io.ts";
import { WrongUse } from "./io.ts";

export function overBudget(plan: Plan, file: SourceFile, budget: Budget): readonly Diagnostic[] {
  return [...budget].flatMap(([mechanism, most]): Diagnostic[] => {
    const used = plan.insertions.filter((insertion) => insertion.mechanism === mechanism);
    if (used.length <= most) return [];
    const { ir } = plan.analysis;
    const first = used
      .flatMap(({ protects }) => protects)
      .map((id) => ir.rules.get(id))
      .find((rule) => rule !== undefined);
    return [
      {
        code: "DLC490",
        severity: "error",
        message: `the program needs ${used.length} of the mechanism ${mechanism}, and its budget is ${most}: ${used.map((one) => describe(one, ir)).join("; ")}`,
        file: first?.file ?? file,
        span: first?.span ?? firstLine(file),
        mend: "`dlc explain` shows what would make it unnecessary; or raise the budget together with this change.",
      },
    ];
  });
}

/** Writes the certificate beside the program. */
export function lockProgram(plan: Plan, file: SourceFile, io: Io): void {
  const path = lockPath(file, io.cwd);
  writeAsked(relative(io.cwd, path), io.cwd, certificateText(plan));
  io.err(`wrote ${relative(io.cwd, path)}\n`);
}

/** A finding when the plan is not the one in the certificate beside the program. */
export function unlocked(plan: Plan, file: SourceFile, cwd: string): readonly Diagnostic[] {
  const path = lockPath(file, cwd);
  if (!existsSync(path)) {
    const shared = join(dirname(path), "coordination.json");
    const rename = existsSync(shared)
      ? `; several programs share the folder now: where ${relative(cwd, shared)} is that of ${file.path}, rename it`
      : "";
    throw new WrongUse(
      `--locked needs ${relative(cwd, path)}, which does not exist; \`dlc check ${file.path} --lock\` writes it${rename}`,
    );
  }
  const was = readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  if (was === certificateText(plan)) return [];
  const agreed = certificateIn(was);
  const is = certificate(plan) as Certificate;
  const found = agreed === null ? ["that is no certificate"] : differences(agreed, is);
  const known = new Set(agreed?.plan.map(insertionName));
  const fresh = plan.insertions.find((insertion) => !known.has(insertionName({ ...insertion })));
  const rule = fresh?.protects.map((id) => plan.analysis.ir.rules.get(id)).find((each) => each?.file === file);
  const most = 4;
  const more = found.length > most ? `; and ${found.length - most} more` : "";
  return [
    {
      code: "DLC491",
      severity: "error",
      message: `the plan is not the one in ${relative(cwd, path)}: ${found.slice(0, most).join("; ") || "it is written in another way"}${more}`,
      file,
      span: rule?.span ?? firstLine(file),
      changes: agreed === null ? [] : diffLines(agreed, is),
      mend: `If the change is meant, \`dlc check ${file.path} --lock\` writes the new one, to be reviewed with it.`,
    },
  ];
}

function certificateIn(text: string): Certificate | null {
  try {
    const { plan, outputs, seals, cost } = JSON.parse(text) as Partial<Certificate>;
    if (!Array.isArray(plan) || !Array.isArray(outputs) || !Array.isArray(seals)) return null;
    return { plan, outputs, seals, ...(typeof cost === "object" && { cost }) };
  } catch {
    return null;
  }
}

export function certificateText(plan: Plan): string {
  return `${JSON.stringify(certificate(plan), null, 2)}\n`;
}

/** `ads.coordination.json` where it exists or several programs share the folder, else `coordination.json`. */
function lockPath(file: SourceFile, cwd: string): string {
  const path = resolve(cwd, file.path);
  const folder = dirname(path);
  const own = join(folder, `${basename(path, ".dlc")}.coordination.json`);
  if (existsSync(own)) return own;
  const programs = readdirSync(folder).filter((name) => name.endsWith(".dlc"));
  return programs.length > 1 ? own : join(folder, "coordination.json");
}

function firstLine(file: SourceFile): Span {
  const start = /^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*/.exec(file.text)![0].length;
  const end = file.text.indexOf("\n", start);
  return { start: Math.min(start, file.text.length), end: end < 0 ? file.text.length : end };
}
