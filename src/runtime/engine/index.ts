/** What emitted role modules stand on. */
export { Engine } from "./engine.ts";
export { LATEST } from "./order.ts";
export { Relation } from "./relation.ts";
export type { Index } from "./chains.ts";
export { Shown, Numbers } from "./states.ts";
export { FloatSums, IntSums } from "./sums.ts";
export { FAILED } from "./codes.ts";
export { grown } from "./grown.ts";
export { Values } from "./values.ts";
