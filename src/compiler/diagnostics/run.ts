import type { CodePage } from "./codes.ts";

export const runCodes = {} as const satisfies Record<string, CodePage>;
