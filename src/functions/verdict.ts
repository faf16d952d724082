/** What was found out about one subject. Plain data that names no place in the program: it is kept until a source changes. */
import type { Code } from "../compiler/diagnostics/codes.ts";
import type { LawStatus } from "./subject.ts";

export interface Verdict {
  readonly fault: Fault | null;
  /** One for each law of the subject, in its order; "unchecked" where there is a fault. */
  readonly laws: readonly LawStatus[];
  /** The TypeScript declaration; null where there is none. */
  readonly declared: Place | null;
}

export interface Place {
  /** Absolute. */
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

export interface Fault {
  readonly code: Extract<Code, "DLC503" | "DLC504" | "DLC505" | "DLC506" | "DLC507" | "DLC508" | "DLC509" | "DLC514">;
  readonly message: string;
  readonly mend: string;
  /** In the program: the name, the path of the module, or a parameter by its number. */
  readonly at: "name" | "from" | number;
  readonly cause: (Place & { readonly label: string }) | null;
  /** It is a lattice's that the type names, and is said there. */
  readonly elsewhere?: true | undefined;
}

/** Whether something that must be true is not, and is not assumed either. */
export function isBroken({ fault, laws }: Verdict, assumed: ReadonlyMap<string, string>): boolean {
  return fault !== null || laws.some(({ law, status }) => status === "refuted" && !assumed.has(law));
}

/** Of a subject whose type names a lattice that is none. */
export function latticeFault(name: string): Fault {
  return { code: "DLC514", message: `${name} is no lattice`, mend: "", at: "name", cause: null, elsewhere: true };
}
