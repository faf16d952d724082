import type { CodePage } from "./codes.ts";

export const coordinationCodes = {} as const satisfies Record<string, CodePage>;
