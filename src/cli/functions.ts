/**
 * Imported functions against their TypeScript sources: the module is there, it exports them, the signature agrees,
 * and nothing in the source makes the result depend on more than the arguments. Only programs that import
 * functions pay for loading ts-morph.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { SourceFile as TsFile } from "ts-morph";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import { nearNames } from "../compiler/diagnostics/near.ts";
import type { ImportedFunction, Ir, Type } from "../compiler/ir.ts";

/** In the order of the declarations. */
export async function checkFunctions(ir: Ir, cwd: string): Promise<readonly Diagnostic[]> {
  if (ir.functions.size === 0) return [];
  const diagnostics: Diagnostic[] = [];
  const present: { fn: ImportedFunction; path: string }[] = [];
  for (const fn of ir.functions.values()) {
    const path = modulePath(fn, cwd);
    if (existsSync(path) && statSync(path).isFile()) present.push({ fn, path });
    else {
      diagnostics.push(
        at(
          fn,
          "DLC503",
          `the module "${fn.from}" of the function ${fn.name} does not exist`,
          `It is looked for at ${path}.`,
        ),
      );
    }
  }
  if (present.length > 0) diagnostics.push(...(await checkSources(present)));
  return diagnostics;
}

/** Where the module of an imported function lies. */
export function modulePath(fn: ImportedFunction, cwd: string): string {
  return resolve(cwd, dirname(fn.file.path), fn.from);
}

async function checkSources(
  present: readonly { readonly fn: ImportedFunction; readonly path: string }[],
): Promise<Diagnostic[]> {
  const { Project, ts } = await import("ts-morph");
  const { findImpurity } = await import("./purity.ts");
  const project = new Project({
    skipAddingFilesFromTsConfig: true,
    compilerOptions: {
      strict: true,
      allowJs: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
    },
  });
  const diagnostics: Diagnostic[] = [];
  for (const { fn, path } of present) {
    const file = project.addSourceFileAtPath(path);
    const broken = project.getProgram().getSyntacticDiagnostics(file)[0];
    if (broken !== undefined) {
      const text = ts.flattenDiagnosticMessageText(broken.compilerObject.messageText, " ");
      diagnostics.push(
        at(
          fn,
          "DLC506",
          `the module "${fn.from}" is not valid TypeScript: line ${broken.getLineNumber()}: ${text}`,
          "Mend the module.",
        ),
      );
      continue;
    }
    const exported = file.getExportedDeclarations();
    const declaration = exported.get(fn.name)?.[0];
    if (declaration === undefined) {
      const near = nearNames(fn.name, [...exported.keys()]);
      const names = [...exported.keys()].filter((name) => name !== "default").join(", ");
      diagnostics.push(
        at(
          fn,
          "DLC504",
          `the module "${fn.from}" exports no ${fn.name}${near.length > 0 ? `; did you mean ${near[0]}?` : ""}`,
          names === "" ? "It exports nothing." : `It exports ${names}.`,
        ),
      );
      continue;
    }
    const wrong = signatureFault(
      fn,
      file,
      declaration.getType().getCallSignatures()[0]?.getParameters().length ?? null,
      ts.flattenDiagnosticMessageText,
    );
    if (wrong !== null) {
      diagnostics.push(
        at(
          fn,
          "DLC505",
          `the signature of ${fn.name} does not agree with "${fn.from}": ${wrong}`,
          `The TypeScript function has to fit ${signature(fn)}.`,
        ),
      );
      continue;
    }
    const impurity = findImpurity(declaration);
    if (impurity !== null) {
      diagnostics.push(
        at(
          fn,
          "DLC507",
          `${fn.name} is not pure: ${impurity.what} (${fn.from}:${impurity.line})`,
          "A function may depend on its arguments only: hand in what it reads as an argument, from a collection.",
        ),
      );
    }
  }
  return diagnostics;
}

/** What TypeScript says when the exported function is assigned to the declared type; null when it fits. */
function signatureFault(
  fn: ImportedFunction,
  file: TsFile,
  parameters: number | null,
  flatten: (text: Parameters<typeof import("ts-morph").ts.flattenDiagnosticMessageText>[0], newLine: string) => string,
): string | null {
  if (parameters === null) return `${fn.name} is not a function there`;
  if (parameters < fn.params.length)
    return `it takes ${parameters} parameter${parameters === 1 ? "" : "s"} there, and ${fn.params.length} here`;
  const probe = file
    .getProject()
    .createSourceFile(
      resolve(file.getDirectoryPath(), `__dlc_${fn.name}__.ts`),
      `import { ${fn.name} } from "./${file.getBaseName()}";\nconst fits: ${signature(fn)} = ${fn.name};\n`,
      { overwrite: true },
    );
  const found = probe.getPreEmitDiagnostics()[0];
  const text = found === undefined ? null : flatten(found.compilerObject.messageText, " ").replace(/\s+/g, " ");
  file.getProject().removeSourceFile(probe);
  return text;
}

/** `(text: string) => readonly string[]`. Arguments are given as mutable arrays, so that both kinds of parameters fit. */
function signature(fn: ImportedFunction): string {
  const params = fn.params.map((param) => `${param.name}: ${typeText(param.type, false)}`);
  return `(${params.join(", ")}) => ${typeText(fn.returns, true)}`;
}

function typeText(type: Type, result: boolean): string {
  const readonly = result ? "readonly " : "";
  switch (type.kind) {
    case "int":
    case "nat":
    case "float":
      return "number";
    case "string":
    case "addr":
      return "string";
    case "bool":
      return "boolean";
    case "bytes":
      return "Uint8Array";
    case "json":
      return result ? "unknown" : "any";
    case "list":
      return `${readonly}(${typeText(type.of, result)})[]`;
    case "tuple":
      return `${readonly}[${type.of.map((of) => typeText(of, result)).join(", ")}]`;
    case "unknown":
      return "any";
  }
}

function at(
  fn: ImportedFunction,
  code: "DLC503" | "DLC504" | "DLC505" | "DLC506" | "DLC507",
  message: string,
  mend: string,
): Diagnostic {
  return { code, severity: "error", message, file: fn.file, span: fn.span, mend };
}
