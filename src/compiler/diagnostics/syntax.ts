import type { CodePage } from "./codes.ts";

/** Everything that the text of a program alone can be wrong about: all of it is an error. */
export const syntaxCodes = {
  DLC101: {
    severity: "error",
    title: "Text that cannot be read",
    why:
      "A statement is not what the language's grammar allows. The message says what could stand at the marked " +
      "place and what " +
      "stands there. Other statements are read on, so that one run shows all such places.",
    example: "clicks(c, i) <= click(c i);",
    mend:
      "Compare the statement with its form: `head <= literal, literal having condition;` for rules, " +
      "`table name(column: type) modifiers;` for collections.",
  },
  DLC102: {
    severity: "error",
    title: "A missing semicolon",
    why:
      "Every statement ends in `;`. Without it the next line would be part of the same statement; the marked " +
      "place is the end of " +
      "the last word before a line that can only begin another one.",
    example: "table t(x: int)\ntable u(x: int);",
    mend: "Write `;` at the marked place.",
  },
  DLC103: {
    severity: "error",
    title: "An unclosed string or comment",
    why:
      "A string ends on the line on which it begins, and a comment `/*` ends with `*/`. What follows an " +
      "unclosed one belongs to it.",
    example: 'name("Ann) <= person(_);',
    mend:
      'Close the string with `"` or the comment with `*/`. A line break in a string is written `\\n`, a ' +
      'quote `\\"`.',
  },
  DLC104: {
    severity: "error",
    title: "A reserved word as a name",
    why:
      "Nine words always have their own meaning and cannot name a role, collection, column or variable: `not`, " +
      "`in`, `if`, `then`, " +
      "`else`, `having`, `true`, `false`, `self`. All other words are free, also `table` or `seal`.",
    example: "table visit(in: int, out: int);",
    mend: "Choose another name, for example with an underscore: `in_`.",
  },
  DLC105: {
    severity: "error",
    title: "Braces of roles, modules or components that do not match",
    why:
      "The statements of a role, module or component stand between `{` and `}` after its header, and none nests. A missing " +
      "`}` lets the next one begin inside the one before; a `}` too many closes nothing.",
    example: "role A {\n  table t(x: int);\nrole B { }",
    mend: "Close each role before the next begins.",
  },
  DLC106: {
    severity: "error",
    title: "A statement in the wrong place",
    why:
      "Collections, rules and seals belong to a role or a module, because each instance of a role has its own. " +
      "Imports, functions, aggregates, lattices, sources, components and connections belong to the whole file and stand " +
      "outside. `in` and `out` are the interface of a module or a component, and only a component has a `path`. A `use` outside of blocks says in which role its copy stands.",
    example: "table t(x: int);\nrole A { }",
    mend: "Move the statement into the role that it belongs to, or out of it.",
  },
  DLC107: {
    severity: "error",
    title: "A wrong merge operator",
    why:
      "Between head and body stands one of five: `<=` (true in this step), `<+` (in the next), `<-` (absent " +
      "from the next step on), " +
      "`<+-` (replaces what has the same key) and `<~` (sent to a channel). `:-`, `=`, `=>` and `->` come from " +
      "other languages.",
    example: "path(a, b) :- edge(a, b);",
    mend: "Write `<=` for a plain deduction. The head, what becomes true, always stands on the left.",
  },
  DLC108: {
    severity: "error",
    title: "An unknown kind of declaration",
    why:
      "A statement that begins with two words declares something, and the first says what: `role`, `module`, " +
      "`input`, `output`, `channel`, `table`, `scratch`, `timer`, `seal`, `use`, `in`, `out`, `import`, `function`, " +
      "`aggregate`, `lattice`, `source`, `component`, `path` or `connect`.",
    example: "tabel clicks(id: string);",
    mend: "Correct the first word.",
  },
  DLC109: {
    severity: "error",
    title: "A word that does not fit a declaration",
    why:
      "After a collection's columns, in a role's header and after a function's file stand only words with a " +
      "meaning there, each once. " +
      "Collections know `sealed by (…) single within …`, `lossy`, `durable`, `unique`, `shared`, `serializable` " +
      "and the promises " +
      "`deterministic`, `agreed`, `eventual`, `any` with `strict`; roles `xN`, `replicated` and `partitioned by " +
      "(…)`; functions their claims; components `replicated`; paths `CR`, `CW`, `OR(…)` and `OW(…)`.",
    example: "table stock(item: string -> n: int) durabel;",
    mend: "Correct the word or take it away.",
  },
  DLC110: {
    severity: "error",
    title: "An expression in the wrong place",
    why:
      "Some forms have a meaning only in one place. `x = e` and `x in e` are literals of a body and not parts " +
      "of an expression. " +
      "Collections are literals too: `not` and named arguments belong to them, and another role's collection is " +
      "no value. " +
      "`distinct` belongs to an aggregate.",
    example: "big(x) <= r(x, y), (y = 3) || x > 10;",
    mend:
      "Compare with `==`, negate conditions with `!`, and read collections as literals of their own, " +
      "separated by commas.",
  },
  DLC111: {
    severity: "error",
    title: "A duration or percentage that is missing, wrong or out of place",
    why:
      "Durations are a number and a unit, `500ms`, `60s`, `5m` or `1h`, of at least one millisecond. They stand " +
      "after `every` and `within`, " +
      "not in rules, where values have no unit.",
    example: "timer tick every 5;",
    mend: "Write the unit: `timer tick every 5s;`. In rules, use plain numbers.",
  },
  DLC112: {
    severity: "error",
    title: "A number that cannot be kept exactly",
    why:
      "An `int` is exact up to 9007199254740991 (2^53 - 1), a `float` reaches about 1.8e308. Larger ones " +
      "would silently become others.",
    example: "account(12345678901234567890);",
    mend: "Use a string for long identifiers, a float where the last digits do not matter.",
  },
  DLC113: {
    severity: "error",
    title: "A bad escape in a string",
    why:
      "After a backslash only JavaScript's escapes are known: \\n \\t \\r \\b \\f \\v \\0 \\\" \\' \\\\ \\xHH " +
      "\\uHHHH \\u{H…}. " +
      "Another letter would be dropped without notice.",
    example: 'file("C:\\data");',
    mend: "Write a backslash itself as `\\\\`.",
  },
  DLC114: {
    severity: "error",
    title: "A bad annotation",
    why:
      "Two annotations are known, both before a rule: `@coordinate(seal by (c))`, `@coordinate(order)`, " +
      "`@coordinate(order by (k))`, " +
      '`@coordinate(barrier)`, `@coordinate(none, "reason")` fix how the rule is coordinated; `@allow(weaker, ' +
      '"reason")` accepts a ' +
      "source that is weaker than what the output promises.",
    example: "@coordinate(sealed) poor(c, count()) <= clicks(c, _);",
    mend: "Use one of the forms above, directly before the rule that it concerns.",
  },
  DLC115: {
    severity: "error",
    title: "A part of the language that is not here yet",
    why: "The statement begins with a word that the language keeps for caches, which this version of dlc does not compile.",
    example: "cache page(url: string) of Origin.page staleness 60s;",
    mend: "Keep a copy in a table of the role, and have the other role send what changes.",
  },
  DLC116: {
    severity: "error",
    title: "A head without columns",
    why:
      "A head says which values its columns get. Only the copy form does without: `A <= B;` with two names " +
      "alone copies all columns of " +
      "one collection into another.",
    example: 'busy <= clicks(c, _), c != "";',
    mend: "Write the head's values in brackets: `busy(c) <= …`.",
  },
  DLC117: {
    severity: "error",
    title: "A bad seal rule",
    why:
      "A seal rule promises that no more facts with a value come: `seal click(campaign: c) <= over(c);`. Its " +
      "columns are named, since a " +
      "seal may leave some out; it is given in this step (`<=`) or sent to another role's channel (`<~`); and " +
      "it needs a body that says when.",
    example: "seal click(c) <+ over(c);",
    mend: "Name the sealed columns, and use `<=` or `<~`.",
  },
} as const satisfies Record<string, CodePage>;
