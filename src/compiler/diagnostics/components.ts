import type { CodePage } from "./codes.ts";

/** Components: what is declared of them, their connections, and that they can be run. */
export const componentCodes = {
  DLC285: {
    severity: "error",
    title: "An end that is none",
    why: "A connection begins at a source, an output of a component or a collection of a role, and leads to an input of a component or a channel of a role. A path leads from an input of its component to an output.",
    example:
      "source click(id: string); component Report { in click(id: string); out poor(id: string); path click -> poor: OW(id); } connect Report.poor -> click;",
    mend: "Name the other end; the arrow points in the direction in which facts flow.",
  },
  DLC286: {
    severity: "error",
    title: "A connection of different columns",
    why: "A connection sends every fact of the one end to the other, column by column. Both ends have columns of the same names and types.",
    example:
      "source click(id: string); component Report { in click(campaign: string, id: string); out poor(id: string); path click -> poor: OW(id); } connect click -> Report.click;",
    mend: "Declare the same columns, or put a role between them whose rule changes the facts: `Report.click(c, i) <~ click(i), campaign(i, c);`.",
  },
  DLC287: {
    severity: "error",
    title: "An interface without a path",
    why: "Nothing is known of a component but its paths: what an output depends on, and on the order of what. An output that no path leads to could be anything; an input that no path leads from might be state that an answer depends on.",
    example:
      "component Report { in click(id: string); in request(id: string); out poor(id: string); path request -> poor: OR(id); }",
    mend: "Declare the path: `CR` where it neither keeps what comes nor depends on order, `CW` where it keeps it, `OR(…)` and `OW(…)` where the answer depends on order; `(*)` where the gate is not known.",
  },
  DLC288: {
    severity: "error",
    title: "An input of a component that nothing feeds",
    why: "No connection and no rule of a role leads to it, so that nothing can come out of the paths from it.",
    example: "component Report { in click(id: string); out poor(id: string); path click -> poor: OW(id); }",
    mend: "Connect something to it: `source click(id: string); connect click -> Report.click;`.",
  },
  DLC289: {
    severity: "error",
    title: "A path that its columns contradict",
    why: "There is one path from an input to an output. Columns of one name on both ends are the same value, and to a gate so are those of all inputs that are kept: they have one type.",
    example: "component Report { in click(id: string); out poor(id: int); path click -> poor: OW(id); }",
    mend: "Give the columns one type, or another name to one that is computed.",
  },
  DLC409: {
    severity: "error",
    title: "A component that cannot be run here",
    why: "A component without `from` is known by its declaration alone: it runs elsewhere, behind a broker or in another service. `dlc check` says how its system has to be coordinated; `dlc build` and `dlc run` have nothing that they could start.",
    example:
      "source click(id: string); component Report { in click(id: string); out poor(id: string); path click -> poor: OW(id); } connect click -> Report.click;",
    mend: 'Name the module that implements it, `component Report from "./report.ts"`, or put a role in its place.',
  },
} as const satisfies Record<string, CodePage>;
