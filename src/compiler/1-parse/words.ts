/** Words that statements begin with. */
import type { CollectionKind } from "../ast.ts";

export const collectionKinds: ReadonlySet<string> = new Set<CollectionKind>([
  "input",
  "output",
  "channel",
  "table",
  "scratch",
  "timer",
]);
export const interfaceKinds: ReadonlySet<string> = new Set(["in", "out"]);
export const itemKinds: ReadonlySet<string> = new Set([
  "import",
  "source",
  "connect",
  "function",
  "aggregate",
  "lattice",
]);
export const blockKinds = ["role", "module", "component"] as const;
/** Words that begin declarations of the language that this compiler does not read yet. */
export const laterKinds: ReadonlySet<string> = new Set(["cache"]);
