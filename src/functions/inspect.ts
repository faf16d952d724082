/** Everything that is read out of the TypeScript sources. The only file, with those that it imports, that needs ts-morph. */
import { basename, dirname } from "node:path";
import type { Node, SourceFile as TsFile } from "ts-morph";
import { ts } from "ts-morph";
import { nearNames } from "../compiler/diagnostics/near.ts";
import { findImpureLoading, findImpurity } from "./purity.ts";
import { mismatches } from "./signature.ts";
import type { Exported } from "./signature.ts";
import { literalsOf, localFiles, openProject } from "./sources.ts";
import type { Literals, Subject } from "./subject.ts";
import type { Fault, Place } from "./verdict.ts";

export interface Inspected {
  readonly subject: Subject;
  readonly path: string;
  readonly fault: Fault | null;
  readonly declaration: Node | null;
  readonly literals: Literals;
  /** Absolute paths of the sources that were read for it. */
  readonly files: readonly string[];
}

export function inspect(
  subjects: readonly { readonly subject: Subject; readonly path: string }[],
): readonly Inspected[] {
  const project = openProject();
  const modules = subjects.map(({ path }) => project.addSourceFileAtPath(path));
  project.resolveSourceFileDependencies();
  const exported = new Map<Subject, Exported>();
  const faults = new Map<Subject, Fault>();
  subjects.forEach(({ subject }, i) => {
    const found = exportOf(subject, modules[i]!);
    if ("code" in found) faults.set(subject, found);
    else exported.set(subject, found);
  });
  const all = [...exported.values()];
  const wrong = mismatches(project, all, dirname(subjects[0]!.path));
  all.forEach(({ subject, declaration, module }, i) => {
    const mismatch = wrong[i];
    const impure = mismatch || subject.isService ? null : (findImpurity(declaration) ?? loading(module));
    if (mismatch) faults.set(subject, signatureFault(subject, mismatch));
    else if (impure !== null && impure !== undefined) {
      const where = `${basename(impure.node.getSourceFile().getFilePath())}:${impure.node.getStartLineNumber()}`;
      faults.set(subject, {
        code: "DLC507",
        message: `${subject.name} is not pure: ${impure.what} (${where})`,
        mend: `A ${subject.kind} may depend on its arguments only: hand in what it reads as an argument, from a collection.`,
        at: "name",
        cause: { ...placeOf(impure.node), label: impure.what.replace(/^it /, "") },
      });
    }
  });
  return subjects.map(({ subject, path }, i) => {
    const files = localFiles(modules[i]!);
    return {
      subject,
      path,
      fault: faults.get(subject) ?? null,
      declaration: exported.get(subject)?.declaration ?? null,
      literals: literalsOf(files),
      files: files.map((file) => file.getFilePath()),
    };
  });
}

function loading(module: TsFile): ReturnType<typeof findImpureLoading> {
  for (const file of localFiles(module)) {
    const found = findImpureLoading(file);
    if (found !== null) return found;
  }
  return null;
}

function exportOf(subject: Subject, module: TsFile): Exported | Fault {
  const { name, from } = subject;
  const broken = module.getProject().getProgram().getSyntacticDiagnostics(module)[0];
  if (broken !== undefined) {
    const text = ts.flattenDiagnosticMessageText(broken.compilerObject.messageText, " ");
    const start = broken.getStart() ?? 0;
    return {
      code: "DLC506",
      message: `the module "${from}" is not valid TypeScript: line ${broken.getLineNumber()}: ${text}`,
      mend: "Mend the module.",
      at: "from",
      cause: { path: module.getFilePath(), start, end: start + (broken.getLength() ?? 1), label: text },
    };
  }
  const exported = module.getExportedDeclarations();
  const declaration = exported.get(name)?.[0];
  if (declaration === undefined) {
    const near = nearNames(name, [...exported.keys()]);
    const names = [...exported.keys()].filter((other) => other !== "default").join(", ");
    const here = module
      .getStatements()
      .find((statement) => "getName" in statement && (statement as { getName(): unknown }).getName() === name);
    return {
      code: "DLC504",
      message: `the module "${from}" exports no ${name}${near.length > 0 ? `; did you mean ${near[0]}?` : ""}`,
      mend:
        here !== undefined
          ? "Write `export` before it."
          : names === ""
            ? "It exports nothing."
            : `It exports ${names}.`,
      at: "name",
      cause: here === undefined ? null : { ...headOf(here), label: "it is here, and not exported" },
    };
  }
  return { subject, module, declaration };
}

function signatureFault(
  { name, from, type, kind }: Subject,
  { what, span, node }: NonNullable<ReturnType<typeof mismatches>[number]>,
): Fault {
  const param = type.parts?.params.findIndex((each) => each.span === span) ?? -1;
  return {
    code: "DLC505",
    message: `the signature of ${name} does not agree with "${from}": ${what}`,
    mend: `The TypeScript ${kind} has to fit ${type.text}.`,
    at: param >= 0 ? param : "name",
    cause: { ...headOf(node), label: "as it is there" },
  };
}

function placeOf(node: Node): Place {
  return { path: node.getSourceFile().getFilePath(), start: node.getStart(), end: node.getEnd() };
}

/** A declaration up to its body. */
export function headOf(node: Node): Place {
  const { path, start, end } = placeOf(node);
  const text = node.getText();
  const line = text.indexOf("\n");
  return { path, start, end: line < 0 ? end : start + text.slice(0, line).trimEnd().length };
}
