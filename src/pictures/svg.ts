/** What Graphviz has laid out, as a picture that stands by itself: with its title, a legend, and titles of roles over arrows. */
import type { Graph } from "./model.ts";
import type { LabelName } from "../compiler/analysis.ts";
import type { Detail } from "./dot.ts";
import { ink, labelMeaning, labelTints, logTint, ruleTints } from "./style.ts";
import type { Tint } from "./style.ts";
import { titlesOnTop } from "./titles.ts";

const fonts = "ui-monospace, 'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace";
const line = 18;
const margin = 20;

export interface Drawing {
  /** In points of the picture. */
  readonly width: number;
  readonly height: number;
  /** A `<g>`. */
  readonly body: string;
}

/** `laidOut`: an SVG document as Graphviz writes it. */
export function drawingOf(laidOut: string): Drawing {
  const size = /<svg width="([\d.]+)pt" height="([\d.]+)pt"/.exec(laidOut);
  const body = /<g id="graph0"[^]*<\/g>(?=\s*<\/svg>)/.exec(laidOut);
  if (size === null || body === null) throw new Error("Graphviz wrote no picture");
  const text = body[0]
    .replace(/<!--[^]*?-->\n?/g, "")
    .replace(/<g id="graph0"[^>]*>\s*<title>[^]*?<\/title>/, (all) => all.replace(/<title>[^]*/, ""))
    .replaceAll(/ font-family="Courier[^"]*"/g, "")
    .replaceAll("&#45;", "-")
    .replaceAll(/<text [^>]*>(?:&#160;|\u00a0)<\/text>\n?/g, "");
  return { width: Number(size[1]), height: Number(size[2]), body: titlesOnTop(wordsBesideArrows(text)) };
}

/** Room around what is written at an arrow, where the arrow itself or another one passes. */
function wordsBesideArrows(body: string): string {
  const room = `<text paint-order="stroke" stroke="${ink.boxFill}" stroke-width="4" stroke-linejoin="round"`;
  return body.replaceAll(/<g id="edge\d+" class="edge">[^]*?<\/g>/g, (edge) => edge.replaceAll("<text", room));
}

export function pictureOf(graph: Graph, drawing: Drawing, detail: Detail): string {
  const entries = legendOf(graph, detail);
  const columns = drawing.width > 560 ? 2 : 1;
  const rows = Math.ceil(entries.length / columns);
  const column = 300;
  const width = Math.ceil(Math.max(drawing.width, columns * column, graph.title.length * 8.5) + 2 * margin);
  const top = 52;
  const legendTop = top + drawing.height + 24;
  const height = Math.ceil(legendTop + rows * line + margin);
  const x = (width - drawing.width) / 2;
  const legend = entries.map(
    ({ mark, text }, i) =>
      `<g transform="translate(${margin + Math.floor(i / rows) * column} ${legendTop + (i % rows) * line})">${mark}<text x="34" y="10">${escape(text)}</text></g>\n`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${fonts}" font-size="11" fill="${ink.text}">\n` +
    `<title>${escape(graph.title)}</title>\n<rect width="100%" height="100%" fill="#ffffff"/>\n` +
    `<text x="${margin}" y="30" font-size="15" font-weight="bold">${escape(graph.title)}</text>\n` +
    `<g transform="translate(${round(x)} ${top})">\n${drawing.body}\n</g>\n` +
    `<g fill="${ink.faint}">\n${legend.join("")}</g>\n</svg>\n`
  );
}

interface Entry {
  readonly mark: string;
  readonly text: string;
}

/** Of what is in the picture. */
export function legendOf({ roles, logs, edges }: Graph, detail: Detail): readonly Entry[] {
  const collections = roles.flatMap((role) => role.collections);
  const rules = roles.flatMap((role) => role.rules);
  const labels = new Set(
    collections.flatMap(({ output, label }) => (output === null || label === null ? [] : [label])),
  );
  const kinds = new Set(edges.map(({ kind }) => kind));
  const isKept = (one: (typeof rules)[number]): boolean => one.mechanisms.some((mechanism) => mechanism !== "none");
  const entries: Entry[] = (Object.keys(labelTints) as LabelName[])
    .filter((label) => labels.has(label))
    .map((label) => ({ mark: box(labelTints[label]), text: labelMeaning[label] }));
  if (rules.some(isKept)) entries.push({ mark: box(ruleTints.kept, 2), text: "depends on order, and is coordinated" });
  if (!rules.every(isKept)) entries.push({ mark: box(ruleTints.open, 2), text: "depends on order, and is left so" });
  if (logs.length > 0) entries.push({ mark: box(logTint), text: "log: one order for all replicas" });
  if (kinds.has("message")) entries.push({ mark: arrow(ink.message, 1.6, ""), text: "message" });
  if (detail === "roles") return entries;
  if (kinds.has("now")) entries.push({ mark: arrow(ink.flow, 1, ""), text: "rule, in the same step" });
  if (kinds.has("later")) entries.push({ mark: arrow(ink.flow, 1, "4 3"), text: "rule, in the next step" });
  return entries;
}

const box = ({ fill, line: stroke }: Tint, width = 1): string =>
  `<rect x="1" y="1" width="24" height="11" rx="4" fill="${fill}" stroke="${stroke}" stroke-width="${width}"/>`;
const arrow = (colour: string, width: number, dash: string): string =>
  `<path d="M1,6 H19" stroke="${colour}" stroke-width="${width}"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/><path d="M18,3 L25,6 L18,9 z" fill="${colour}"/>`;
const round = (value: number): number => Math.round(value * 10) / 10;
export const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
