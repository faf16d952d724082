import type { CodePage } from "./codes.ts";

export const orderCodes = {} as const satisfies Record<string, CodePage>;
