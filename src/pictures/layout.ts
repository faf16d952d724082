/** Where boxes and arrows lie is Graphviz's work, compiled to WebAssembly: it needs no browser and no installed program. */
import { instance } from "@viz-js/viz";
import { dotOf } from "./dot.ts";
import type { Detail } from "./dot.ts";
import type { Graph } from "./model.ts";
import { drawingOf, pictureOf } from "./svg.ts";
import type { Drawing } from "./svg.ts";

/** An SVG document as Graphviz writes it. */
export async function layOut(dot: string): Promise<string> {
  const { output, errors } = (await instance()).render(dot, { format: "svg" });
  // That it has no width for a letter is a warning: it takes that of another, and all are alike here.
  const failed = errors.find(({ level }) => level !== "warning");
  if (output === undefined) throw new Error(`the graph cannot be laid out: ${failed?.message ?? "no reason is known"}`);
  return output;
}

/** Longer than this, a picture cannot be read on a page or a screen. */
const mostReadable = 1600;

/** Downwards; to the right where that would be too long, and is shorter. */
export async function drawGraph(graph: Graph, detail: Detail): Promise<string> {
  const longest = ({ width, height }: Drawing): number => Math.max(width, height);
  const down = drawingOf(await layOut(dotOf(graph, detail)));
  if (longest(down) <= mostReadable) return pictureOf(graph, down, detail);
  const right = drawingOf(await layOut(dotOf(graph, detail, "LR")));
  return pictureOf(graph, longest(right) < longest(down) ? right : down, detail);
}
