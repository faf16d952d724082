/** What a program that runs in the simulator imports. */
import { componentImports, implementedIn } from "../compiler/5-emit/components.ts";
import { functionImports } from "../compiler/5-emit/functions.ts";
import type { Ir } from "../compiler/ir.ts";
import { loadModule } from "../functions/load.ts";
import { modulePath } from "../functions/modules.ts";
import type { Imports } from "../verify/load.ts";
import { WrongUse } from "./io.ts";

/** What the program imports, and what its components create; throws where a module does not load, or a component runs elsewhere. */
export async function importsOf(ir: Ir, cwd: string): Promise<Imports> {
  for (const one of ir.externals.values()) {
    if (one.kind === "component" && one.from === null)
      throw new WrongUse(`nothing here implements the component ${one.name}, so that it can be checked and not run`);
  }
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  const components = componentImports(ir);
  for (const one of implementedIn(ir)) {
    const { exports, fault } = await loadModule(modulePath(one, cwd), 5_000);
    if (exports === null) throw new WrongUse(`${one.from}, which implements ${one.name}, does not load here: ${fault}`);
    found.set(`./components/${components.get(one.name)!}.js`, exports);
  }
  for (const [id, module] of functionImports(ir)) {
    const emitted = `./functions/${module}.js`;
    if (found.has(emitted)) continue;
    const one = ir.functions.get(id) ?? ir.aggregates.get(id) ?? ir.lattices.get(id)!;
    const { exports, fault } = await loadModule(modulePath(one, cwd), 5_000);
    if (exports === null) throw new WrongUse(`${one.from}, from which ${one.name} comes, does not load: ${fault}`);
    found.set(emitted, exports);
  }
  return (module, name) => found.get(module)![name];
}
