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
  readonly code: Extract<Code, "DLC503" | "DLC504" | "DLC505" | "DLC506" | "DLC507" | "DLC508" | "DLC509">;
  readonly message: string;
  readonly mend: string;
  /** In the program: the name, the path of the module, or a parameter by its number. */
  readonly at: "name" | "from" | number;
  readonly cause: (Place & { readonly label: string }) | null;
}
