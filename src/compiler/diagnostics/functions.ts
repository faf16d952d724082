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
    why:
      "Each claim is about functions of some shape. `injective` needs a parameter; `commutative` two of one type; `associative` two of the type that is " +
      "returned; `idempotent` one or two of the type that is returned; `monotone` parameters and a result whose values have an order (numbers, strings, " +
      "bool); `morphism` lattices. Of an aggregate `injective` says nothing, `associative` needs one parameter of the type that is returned, and `monotone` " +
      "and `morphism` a result whose values have an order.",
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
    why:
      "The declared signature must be the one of the TypeScript function: number for int, nat and float, string for string and addr, boolean for bool, " +
      "Uint8Array for bytes, arrays for lists, tuples for tuples. The function of an aggregate takes one array: of the values of its parameter, or of tuples where " +
      "it has several.",
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
      "does input or output, depends on the machine's time zone or language, reads or changes a variable outside itself, or changes its " +
      "arguments would give replicas different answers that no coordination can mend. It is looked for in the source, also in the functions " +
      "that are called and in the files that are imported by relative paths (not in packages), and in calls with arguments that cannot be changed.",
    example: "export function stamp(x: string): string { return x + Date.now(); }",
    mend: "Hand in what the function reads as an argument: a timer, an input or a table of the program. Change a copy of an argument.",
  },
  DLC508: {
    severity: "error",
    title: "A module that cannot be loaded",
    why:
      "The module is bundled with what it imports and loaded, as every node will load it. It imports something that is not there or that only " +
      "Node has, or it throws at its top.",
    example: 'import { table } from "./no-such-table.ts"; // in ./f.ts',
    mend: "Import files beside the module and packages that do not need Node, and do nothing at the top of a module that can fail.",
  },
  DLC509: {
    severity: "error",
    title: "A function that does not end",
    why: "For the arguments shown the function had no result after seconds. A rule that calls it would stop its whole instance.",
    example: "export function half(x: number): number { while (x % 2 !== 1) x /= 2; return x; } // half(0)",
    mend: "Bound the loop, or return early for the arguments shown.",
  },
  DLC510: {
    severity: "error",
    title: "A claim that does not hold",
    why:
      "The function does not do what is claimed of it: the message shows the simplest arguments that were found, the results, and what the program would lose " +
      "without the claim. Claims are tried on all small values, on limits (0, -0, NaN, the ends of the safe integers), on every constant of the " +
      "source and its neighbours, and on many drawn from a fixed seed. In comparisons -0 is 0 and NaN equals NaN; an int beyond the safe integers " +
      "is no result. A call that throws breaks every claim but `injective`, which is about results only.",
    example: 'function key(name: string): string from "./key.ts" injective; // returns name.toLowerCase()',
    mend:
      "Mend the function, or leave the claim out. Where it holds for the values that the program meets, say so on the line before: " +
      "`// dlc-assume injective: names are lower case`.",
  },
  DLC511: {
    severity: "warning",
    title: "A claim of which nothing is known",
    why: "The function threw for (nearly) every argument that was tried, so that there were no results to compare. The claim is used all the same.",
    example:
      'function city(code: string): string from "./codes.ts" injective; // throws unless the code is in a large file',
    mend: "Say why it can be believed: `// dlc-assume injective: the codes are ISO 3166` on the line before; or leave the claim out.",
  },
  DLC512: {
    severity: "warning",
    title: "An assumption without a claim or a reason",
    why:
      "`// dlc-assume CLAIM: reason` before a function says that one of its claims is to be believed. The reason is for the reader who has to decide " +
      "a year later whether it still holds; without it the claim is checked as every other.",
    example: '// dlc-assume injective\nfunction digest(text: string): string from "./sha.ts" injective;',
    mend: "Write a claim that the next function makes, a colon and why it can be believed; or delete the comment.",
  },
  DLC513: {
    severity: "note",
    title: "An assumed claim that is not true of every value",
    why: "The claim is assumed by the program, and a counterexample is known. What stands on the claim is right as long as the program never meets such values.",
    example:
      '// dlc-assume injective: names come in lower case\nfunction key(name: string): string from "./key.ts" injective;',
    mend: "Nothing, if the reason holds. Otherwise mend the function, or leave the claim out.",
  },
  DLC514: {
    severity: "error",
    title: "A lattice whose values are not plain data",
    why:
      "Values of an imported lattice are stored, compared and sent as JSON, so its exported type has to be one of plain data: numbers, strings, booleans, " +
      "null, and arrays and objects of these. Maps, sets, dates, instances of classes, functions and `undefined` have no form in JSON, and `any` and " +
      "`unknown` do not say what the values are. The bottom has to be a value of the type.",
    example: "export type Ballot = Map<string, number>;",
    mend: "Declare what is stored: `Readonly<Record<string, number>>` for a map, a sorted array for a set. Functions of the module can make a Map of it.",
  },
  DLC515: {
    severity: "error",
    title: "A lattice whose join does not keep a law",
    why:
      "Replicas merge the same values in different orders and some of them twice, and agree all the same only if the join is commutative, associative and idempotent, " +
      "the bottom changes nothing (bounded), and every join has a value (closed). These are not claimed but have to hold, and are tried on values of the " +
      "declared type, each joined with the bottom first, as it is when it enters a program; on joins of several of them; and with names such as " +
      "`__proto__`, at which objects that are filled by assignment go wrong. The message shows the simplest values that were found, and the outputs that they reach.",
    example: "export const Total = { bottom: 0, join: (a: number, b: number): number => a + b }; // a + a is not a",
    mend: "Mend the join. Where it holds for the values that the program meets, say so on the line before the lattice: `// dlc-assume associative: readings are whole`.",
  },
} as const satisfies Record<string, CodePage>;
