import type { Severity } from "./diagnostic.ts";

/** A page of `dlc explain CODE`: what it means, an example, how to mend it. */
export interface CodePage {
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  readonly example: string;
  readonly mend: string;
}

/**
 * Every code once. DLC1xx syntax, DLC2xx names, types and stratification, DLC3xx
 * order-sensitivity, DLC4xx coordination and contracts, DLC5xx functions and claims,
 * DLC9xx run time.
 */
import { syntaxCodes } from "./syntax.ts";
import { nameCodes } from "./names.ts";
import { componentCodes } from "./components.ts";
import { orderCodes } from "./order.ts";
import { coordinationCodes } from "./coordination.ts";
import { functionCodes } from "./functions.ts";
import { runCodes } from "./run.ts";
import { allowanceCodes } from "./allowances.ts";

export const codes = {
  ...syntaxCodes,
  ...nameCodes,
  ...componentCodes,
  ...orderCodes,
  ...coordinationCodes,
  ...functionCodes,
  ...runCodes,
  ...allowanceCodes,
} as const satisfies Record<string, CodePage>;

export type Code = keyof typeof codes;
