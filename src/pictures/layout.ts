/** Where boxes and arrows lie is Graphviz's work, compiled to WebAssembly: it needs no browser and no installed program. */
import { instance } from "@viz-js/viz";

/** An SVG document as Graphviz writes it. */
export async function layOut(dot: string): Promise<string> {
  const { output, errors } = (await instance()).render(dot, { format: "svg" });
  // That it has no width for a letter is a warning: it takes that of another, and all are alike here.
  const failed = errors.find(({ level }) => level !== "warning");
  if (output === undefined) throw new Error(`the graph cannot be laid out: ${failed?.message ?? "no reason is known"}`);
  return output;
}
