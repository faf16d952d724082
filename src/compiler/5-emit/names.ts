/** Identifiers of an emitted module: each once, and none that means something in TypeScript. */
const reserved = new Set(
  (
    "abstract any arguments as async await boolean break case catch class const constructor continue debugger declare default " +
    "delete do else enum eval export extends false finally for from function get if implements import in instanceof interface " +
    "is keyof let module namespace never new null number object of package private protected public readonly require return " +
    "set static string super switch symbol this throw true try type typeof undefined unique unknown var void while with yield " +
    "NaN Infinity Number Object Array Map Set Math JSON String Boolean Symbol Error Promise process console globalThis " +
    "engine values faults env self isFirst sign from end due fixpoint meta program createEvaluator builtins " +
    "Engine Environment Evaluator FAILED LATEST grown FloatSums IntSums Members Numbers RoleProgram Row Shown start"
  ).split(" "),
);

export class Names {
  readonly #taken: Set<string>;

  /** `taken`: names of an outer scope. */
  constructor(taken: Iterable<string> = reserved) {
    this.#taken = new Set(taken);
  }

  /** The name itself if it can be had, else with a number. */
  take(wanted: string): string {
    const base = wanted.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^(?=[0-9])|^$/, "_");
    let name = base;
    for (let n = 2; this.#taken.has(name); n++) name = `${base}_${n}`;
    this.#taken.add(name);
    return name;
  }

  inner(): Names {
    return new Names(this.#taken);
  }
}
