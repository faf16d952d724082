import type { CodePage } from "./codes.ts";

export const nameCodes = {} as const satisfies Record<string, CodePage>;
