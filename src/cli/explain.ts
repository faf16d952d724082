/** `dlc explain`: a program, one of its rules or outputs, or a code, in words. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { codes } from "../compiler/diagnostics/codes.ts";
import type { Code, CodePage } from "../compiler/diagnostics/codes.ts";
import { nearNames } from "../compiler/diagnostics/near.ts";
import type { Plan } from "../compiler/plan.ts";
import { checkProgram } from "./check.ts";
import type { Planning } from "./check.ts";
import { findConfig } from "./config.ts";
import { drawDiagnostic, wrap } from "./draw/diagnostics.ts";
import { explainOutput } from "./draw/output.ts";
import { labelOf } from "./draw/json.ts";
import { paint } from "./draw/paint.ts";
import type { Paint } from "./draw/paint.ts";
import { explainProgram } from "./draw/program.ts";
import { explainRule } from "./draw/rule.ts";
import { readProgram } from "./files.ts";
import { WrongUse } from "./io.ts";
import type { Io } from "./io.ts";

/** 0; 1 when the program has errors that leave nothing to explain. */
export async function explainCommand(
  subject: string,
  part: string | undefined,
  options: Planning & { readonly witness?: boolean; readonly out?: string; readonly tries?: number },
  io: Io,
): Promise<number> {
  const style = paint(io.colour);
  if (/^(?:DLC)?\d+[a-z]*$/i.test(subject)) {
    if (part !== undefined) throw new WrongUse(`a code is explained by itself: dlc explain ${subject}`);
    io.out(explainCode(subject.toUpperCase().replace(/^(?=\d)/, "DLC"), style, io.width));
    return 0;
  }
  if (options.witness !== true && options.out !== undefined)
    throw new WrongUse(
      "-o draws what --witness finds: dlc explain ads.dlc poor#1 --witness -o poor.svg; dlc graph draws a program",
    );
  const isPart = /^[\w.]+(?:#\d+)?$/.test(subject) && !subject.endsWith(".dlc");
  if (isPart && !["", ".dlc"].some((end) => existsSync(resolve(io.cwd, `${subject}${end}`))))
    throw new WrongUse(
      `no such file: ${subject}; a rule or an output is named behind its program: dlc explain ads.dlc ${subject}`,
    );
  const file = readProgram(subject, io.cwd);
  const config = findConfig(io.cwd);
  for (const finding of config.findings) io.err(`${drawDiagnostic(finding, paint(io.errColour), io.width)}\n`);
  const { compilation, diagnostics, functions } = await checkProgram(
    file,
    { ...options, compare: options.witness !== true },
    config,
    io,
  );
  const { plan } = compilation;
  if (plan === null) {
    for (const diagnostic of diagnostics) io.err(`${drawDiagnostic(diagnostic, paint(io.errColour), io.width)}\n`);
    io.err(`dlc: ${subject} has errors, so that there is nothing to explain yet\n`);
    return 1;
  }
  if (part === undefined) {
    if (options.witness === true)
      throw new WrongUse("--witness takes a rule or an output: dlc explain ads.dlc poor#1 --witness");
    io.out(explainProgram(plan, file, functions, style, io.width));
    return 0;
  }
  const { ir } = plan.analysis;
  const rules = [...ir.rules.values()].filter((rule) => rule.label === part || rule.id === part);
  if (rules.length > 1) {
    throw new WrongUse(
      `several roles have a rule ${part}: ${rules.map(({ id }) => id).join(", ")}; name it with its role`,
    );
  }
  const outputs = plan.outputs.filter(
    ({ output }) => output === part || output.slice(output.indexOf(".") + 1) === part,
  );
  if (outputs.length > 1) {
    throw new WrongUse(
      `several roles have an output ${part}: ${outputs.map(({ output }) => output).join(", ")}; name it with its role`,
    );
  }
  if (options.witness === true && (rules[0] !== undefined || outputs[0] !== undefined)) {
    const { explainWitness } = await import("./explain-witness.ts");
    await explainWitness(plan, rules[0] ?? outputs[0], options, io);
  } else if (rules[0] !== undefined) io.out(explainRule(plan, rules[0], functions, style, io.width));
  else if (outputs[0] !== undefined) io.out(explainOutput(plan, outputs[0], style, io.width));
  else throw new WrongUse(noSuchPart(plan, part, subject));
  return 0;
}

function noSuchPart(plan: Plan, part: string, subject: string): string {
  const { ir } = plan.analysis;
  const names = [...ir.rules.keys()].map((id) => labelOf(ir, id)).concat(plan.outputs.map(({ output }) => output));
  // `poor` for `poor#1`.
  const numbered = names.filter((name) => name.startsWith(`${part}#`));
  const near = numbered.length > 0 ? numbered : nearNames(part, names);
  const hint =
    near.length > 0
      ? `did you mean ${near.join(" or ")}?`
      : `it has the rules ${[...ir.rules.values()].map(({ label }) => label).join(", ")} and the outputs ${plan.outputs.map(({ output }) => output).join(", ")}`;
  return `${subject} has no rule or output ${part}; ${hint}`;
}

export function explainCode(code: string, style: Paint, width: number): string {
  if (!Object.hasOwn(codes, code)) {
    const near = nearNames(code, Object.keys(codes));
    throw new WrongUse(`there is no code ${code}${near.length > 0 ? `; did you mean ${near.join(" or ")}?` : ""}`);
  }
  const page: CodePage = codes[code as Code];
  const room = Math.min(width, 100) - 2;
  const paragraph = (text: string): string =>
    wrap(text, room)
      .map((line) => `  ${line}\n`)
      .join("");
  const example = page.example
    .split("\n")
    .map((line) => `    ${line}\n`)
    .join("");
  return (
    `${style.severity(page.severity, code)} ${style.strong(`${page.title[0]!.toUpperCase()}${page.title.slice(1)}`)} ${style.faint(`(${page.severity})`)}\n\n` +
    `${paragraph(page.why)}\n${style.strong("Example")}\n${example}\n${style.strong("What to do")}\n${paragraph(page.mend)}`
  );
}
