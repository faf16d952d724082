/** Runs emitted role modules in this process: the same generated code as in production, without files. */
import type { EmittedFile } from "../compiler/emitted.ts";
import { moduleName } from "../compiler/5-emit/emit.ts";
import { run as builtins } from "../operators/functions.run.ts";
import * as engine from "../runtime/engine/index.ts";
import type { RoleProgram } from "../runtime/program.ts";

const importLine = /^import \{ (.*) \} from "(.*)";$/;

/** What a module of imported functions or of a component exports: its path as an emitted role names it, `./functions/words.js`. */
export type Imports = (module: string, name: string) => unknown;

/** Throws when a module is not as `emit` writes it. */
export function loadRole(files: readonly EmittedFile[], role: string, imports: Imports = () => undefined): RoleProgram {
  const path = `${moduleName(role)}.js`;
  const file = files.find((one) => one.path === path);
  if (file === undefined) throw new Error(`${path} is not among the emitted files`);
  const bound: string[] = [];
  const values: unknown[] = [];
  const lines = file.text.split("\n").map((line) => {
    const match = importLine.exec(line);
    if (match === null) return line.replace(/^export /, "");
    for (const part of match[1].split(", ")) {
      const [name, local = name] = part.split(" as ");
      bound.push(local);
      values.push(imported(match[2], name, imports));
    }
    return "";
  });
  const evaluate = new Function(...bound, `"use strict";\n${lines.join("\n")}\nreturn program;`) as (
    ...args: unknown[]
  ) => RoleProgram;
  return evaluate(...values);
}

function imported(module: string, name: string, imports: Imports): unknown {
  if (module === "./runtime/engine/index.js") return (engine as Readonly<Record<string, unknown>>)[name];
  if (module === "./runtime/operators/functions.run.js") return builtins;
  if (module.startsWith("./functions/") || module.startsWith("./components/")) return imports(module, name);
  return () => {
    throw new Error(`${name} of ${module} belongs to processes; here modules are only evaluated`);
  };
}
