/**
 * Phase 5: from the plan to the files of the emitted folder. For each role one module, as TypeScript and as
 * JavaScript with a source map; `main` and `package.json`. Same plan, same bytes.
 */
import type { EmittedFile } from "../emitted.ts";
import type { Plan } from "../plan.ts";
import type { Result } from "../result.ts";
import { fingerprint, mainModule, packageText } from "./main-module.ts";
import { roleModule } from "./role-module.ts";
import { sourceMap } from "./sourcemap.ts";
import type { Written } from "./writer.ts";

/** Names that the folder has another use for. */
const taken = new Set(["main", "runtime", "functions", "components", "package", "deploy", "coordination"]);

export function moduleName(role: string): string {
  return taken.has(role.toLowerCase()) ? `${role}-role` : role;
}

/** `extra`: files that others make for the folder. */
export function emit(plan: Plan, extra: readonly EmittedFile[] = []): Result<readonly EmittedFile[]> {
  const ir = plan.coordinated;
  const files: EmittedFile[] = [];
  const add = (name: string, written: Written, sources: Parameters<typeof sourceMap>[2]): void => {
    files.push(
      { path: `${name}.ts`, text: written.typed },
      { path: `${name}.js`, text: `${written.plain}//# sourceMappingURL=${name}.js.map\n` },
      { path: `${name}.js.map`, text: sourceMap(name, written, sources) },
    );
  };
  const roles = [...ir.roles.keys()].map((role) => ({ role, module: moduleName(role) }));
  const texts: string[] = [];
  for (const { role, module } of roles) {
    const { written, files: sources } = roleModule(plan, role);
    texts.push(written.plain);
    add(module, written, sources);
  }
  const path = ir.asts[0]?.file.path ?? "program.dlc";
  const program = path
    .split("/")
    .at(-1)!
    .replace(/\.[^.]*$/, "");
  add("main", mainModule(program, roles, fingerprint(texts)), []);
  files.push({
    path: "package.json",
    text: packageText(
      program,
      roles.map(({ module }) => module),
    ),
  });
  return {
    value: [...files, ...extra].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
    diagnostics: [],
  };
}
