import type { Diagnostic } from "./diagnostics/diagnostic.ts";

/**
 * What every phase returns. `value` is null when the phase could not make one that the next
 * phase can use; `diagnostics` holds as many findings as one run can find.
 */
export interface Result<T> {
  readonly value: T | null;
  readonly diagnostics: readonly Diagnostic[];
}
