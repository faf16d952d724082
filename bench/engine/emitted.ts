/** A program's evaluator as it is emitted, without processes around it. */
import { compile, emit } from "../../src/compiler/compile.ts";
import type { Environment, Evaluator, Row } from "../../src/runtime/program.ts";
import { loadRole } from "../../src/verify/load.ts";

const environment: Environment = {
  self: "R#0",
  nodes: () => ["R#0"],
  isClosed: () => false,
  report: ({ code, message }) => {
    throw new Error(`${code} ${message}`);
  },
};

/** Makes fresh evaluators of role R. */
export function evaluatorsOf(text: string): () => Evaluator {
  const { plan, diagnostics } = compile({ path: "bench.dlc", text }, { strategy: "none" });
  const files = plan && emit(plan).value;
  if (!files) throw new Error(diagnostics.map(({ code, message }) => `${code} ${message}`).join("\n"));
  const { createEvaluator } = loadRole(files, "R");
  return () => createEvaluator(environment);
}

export function step(evaluator: Evaluator, collection: string, rows: readonly Row[]): void {
  evaluator.step({ clock: null, closed: [], events: [{ collection, rows }] });
}
