/**
 * Lattices. To add one: a line in `types.ts`, its operations in `operations.ts`, and its run half, a `x.run.ts` that
 * `index.run.ts` lists.
 */
export { argumentProblem, holdsLattice, isFromHost, latticeColumns, latticeKinds, revealed } from "./types.ts";
export type { LatticeKind, Update } from "./types.ts";
export { applying, contextual, eventful, growthOf, operationOn, operations, operationsNamed } from "./operations.ts";
export type { Growth, Operation } from "./operations.ts";
