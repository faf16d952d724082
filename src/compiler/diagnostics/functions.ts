import type { CodePage } from "./codes.ts";

/** DLC5xx: imported functions, their signatures and claims. */
export const functionCodes = {
  DLC501: {
    severity: "error",
    title: "A module path that is not relative",
    why: "Functions are imported from a TypeScript file beside the program: the path starts with `./` or `../` and ends in `.ts`, `.mts`, `.js` or `.mjs`.",
    example: 'function f(x: int): int from "text";',
    mend: 'Write the path from the program\'s own folder: `"./text.ts"`.',
  },
  DLC502: {
    severity: "error",
    title: "A claim that says nothing",
    why: "`injective` needs a parameter whose values could differ.",
    example: 'function f(): int from "./f.ts" injective;',
    mend: "Leave the claim out.",
  },
  DLC503: {
    severity: "error",
    title: "A module that cannot be found",
    why: "The file named after `from` does not exist. The path is relative to the `.dlc` file.",
    example: 'function f(x: int): int from "./no-such-file.ts";',
    mend: "Correct the path, or write the file.",
  },
  DLC504: {
    severity: "error",
    title: "A function that the module does not export",
    why: "The module is there, but exports no function of that name.",
    example: 'function tokenise(text: string): list<string> from "./text.ts"; // exports tokenize',
    mend: "Correct the spelling, or export the function.",
  },
  DLC505: {
    severity: "error",
    title: "A signature that does not agree with the TypeScript one",
    why: "The declared signature must be the one of the TypeScript function: number for int, nat and float, string for string and addr, boolean for bool, Uint8Array for bytes, arrays for lists, tuples for tuples.",
    example: 'function f(x: int): int from "./f.ts"; // export function f(x: string): number',
    mend: "Change one of the two.",
  },
  DLC506: {
    severity: "error",
    title: "A module that is not valid TypeScript",
    why: "The module named after `from` could not be parsed, so that nothing can be said about its functions.",
    example: 'function f(x: int): int from "./f.ts"; // f.ts: export function f(x: number { return x; }',
    mend: "Mend the module: the message names the line and what TypeScript expected there.",
  },
  DLC507: {
    severity: "error",
    title: "A function that is not pure",
    why:
      "A function of a program must give the same result for the same arguments, in every run and on every instance: rules are evaluated " +
      "in an order of the compiler's choosing, again after a change, and at several replicas. One that reads the clock, draws random numbers, " +
      "does input or output, or reads or changes a variable outside itself would give replicas different answers that no coordination can mend.",
    example: "export function stamp(x: string): string { return x + Date.now(); }",
    mend: "Hand in what the function reads as an argument: a timer, an input or a table of the program.",
  },
} as const satisfies Record<string, CodePage>;
