import type { CodePage } from "./codes.ts";

export const syntaxCodes = {} as const satisfies Record<string, CodePage>;
