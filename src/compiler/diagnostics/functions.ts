import type { CodePage } from "./codes.ts";

export const functionCodes = {} as const satisfies Record<string, CodePage>;
