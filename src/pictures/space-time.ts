/**
 * Space-time diagrams (Lamport 1978) as SVG: a line for each instance, downwards in the order of the run, a box for each
 * step that shows something, an arrow for each message. Nothing but text and shapes, so that it prints and scales.
 */
import type { Witness } from "../verify/witness.ts";
import { factText } from "../runtime/codec.ts";
import type { Scene } from "../runtime/tracing.ts";
import type { TraceEvent } from "../verify/trace.ts";
import { onlyIn, scenesOf, scheduleWords } from "./story.ts";
import { orderOf } from "./trace-events.ts";
import { escape } from "./svg.ts";

interface Panel {
  readonly title: string;
  readonly scenes: readonly Scene[];
  /** Texts of delivered facts that stand only here, at these instances. */
  readonly odd: ReadonlyMap<string, ReadonlySet<string>>;
  readonly result: readonly string[];
  /** How many of its scenes are drawn; the others have their room. */
  readonly shown?: number;
}

const LINE = 15;
const PAD = 8;
const CHAR = 6.7;
const GAP = 26;
/** Seals, as in graphs. */
const SEAL = "#0b7a53";
const message = `stroke="#3a5a8c" stroke-width="1.1" marker-end="url(#tip)"`;
const seal = `stroke="${SEAL}" stroke-width="1.1" stroke-dasharray="5 3" marker-end="url(#seal)"`;

export function drawWitnessSvg(witness: Witness, title: string): string {
  const { kind, one, other, output, counts } = witness;
  const name = output.slice(output.indexOf(".") + 1);
  const text = (row: Parameters<typeof factText>[1]): string => factText(name, row);
  const odd = (mine: typeof one, others: typeof one): ReadonlySet<string> =>
    new Set(onlyIn(mine.rows, others.rows).map(text));
  const holds = ({ address, rows }: typeof one): string =>
    `${address} holds ${rows.length === 0 ? "nothing" : rows.map(text).join(", ")}`;
  const panels: Panel[] =
    kind === "runs"
      ? [
          {
            title: `First run: ${scheduleWords(one)}`,
            scenes: scenesOf(one.result.trace),
            odd: new Map([[one.address, odd(one, other)]]),
            result: [holds(one)],
          },
          {
            title: `Second run: ${scheduleWords(other)}`,
            scenes: scenesOf(other.result.trace),
            odd: new Map([[other.address, odd(other, one)]]),
            result: [holds(other)],
          },
        ]
      : [
          {
            title: `One run: ${scheduleWords(one)}`,
            scenes: scenesOf(one.result.trace),
            odd: new Map([
              [one.address, odd(one, other)],
              [other.address, odd(other, one)],
            ]),
            result: [holds(one), holds(other)],
          },
        ];
  return drawPanels(title, panels, Object.keys(counts));
}

/** One run as far as `shown` of its scenes, with room for the others. `roles` in the order of their lines. */
export function drawRunSvg(
  title: string,
  trace: readonly TraceEvent[],
  roles: readonly string[],
  shown = Infinity,
): string {
  return drawPanels(title, [{ title: "", scenes: scenesOf(trace), odd: new Map(), result: [], shown }], roles);
}

/** Scenes of real processes, in the order of their times. */
export function drawScenesSvg(title: string, scenes: readonly Scene[], roles: readonly string[]): string {
  return drawPanels(title, [{ title: "", scenes, odd: new Map(), result: [] }], roles);
}

function drawPanels(title: string, panels: readonly Panel[], roles: readonly string[]): string {
  const drawn = panels.map((panel) => drawPanel(panel, roles));
  const width = Math.max(
    title.length * 8 + 40,
    drawn.reduce((sum, panel) => sum + panel.width + 30, 10),
  );
  const bottom = 60 + Math.max(...drawn.map((panel) => panel.height));
  const legend = legendOf(panels, width - 40);
  const height = bottom + legend.height;
  let x = 20;
  const body = drawn.map((panel) => {
    const text = `<g transform="translate(${x} 52)">\n${panel.text}</g>\n`;
    x += panel.width + 30;
    return text;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" width="${Math.ceil(width)}" height="${Math.ceil(height)}" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="11">\n` +
    `<title>${escape(title)}</title>\n<rect width="100%" height="100%" fill="#ffffff"/>\n` +
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0,0 L8,4 L0,8 z" fill="#3a5a8c"/></marker>` +
    `<marker id="seal" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0,0 L8,4 L0,8 z" fill="${SEAL}"/></marker></defs>\n` +
    `<text x="20" y="28" font-size="15" font-weight="bold" fill="#1b1b1b">${escape(title)}</text>\n${body.join("")}` +
    `<g transform="translate(20 ${Math.ceil(bottom)})">\n${legend.text}</g>\n</svg>\n`
  );
}

/** Of the marks that are in the panels, in rows of that width. */
function legendOf(panels: readonly Panel[], width: number): { text: string; height: number } {
  const scenes = panels.flatMap((panel) => panel.scenes);
  const arrow = (style: string): string => `<path d="M0,-4 L30,-4" fill="none" ${style}/>`;
  const sign = (text: string, colour: string): string => `<text fill="${colour}">${text}</text>`;
  const has = {
    messages: scenes.some(({ received }) => received.length > 0),
    seals: scenes.some(({ sealed, sends }) => sealed.length > 0 || sends.some(({ seals }) => seals.length > 0)),
    outputs: scenes.some(({ delivers }) => delivers.some(({ retract }) => !retract)),
    retractions: scenes.some(({ delivers }) => delivers.some(({ retract }) => retract)),
    odd: panels.some(({ odd }) => [...odd.values()].some((texts) => texts.size > 0)),
  };
  const entries: readonly (readonly [mark: string, text: string])[] = [
    ...(has.messages ? [[arrow(message), "a message"] as const] : []),
    ...(has.seals
      ? [
          [arrow(seal), "a seal: its sender has no more facts of a partition"] as const,
          [sign("□", SEAL), "sealed here"] as const,
          [sign("■", SEAL), "a seal that has come"] as const,
        ]
      : []),
    ...(has.outputs ? [[sign("▸", "#1e6b34"), "told to the host"] as const] : []),
    ...(has.retractions ? [[sign("⊖", "#1e6b34"), "no longer so"] as const] : []),
    ...(has.odd ? [[sign("▸", "#a4161a"), "told here, and not on the other side"] as const] : []),
  ];
  let [x, y] = [0, LINE];
  const drawn = entries.map(([mark, text]) => {
    const indent = mark.startsWith("<path") ? 36 : 14;
    const needs = indent + text.length * CHAR + 24;
    if (x > 0 && x + needs > width) [x, y] = [0, y + LINE + 3];
    const entry = `<g transform="translate(${round(x)} ${y})">${mark}<text x="${indent}" fill="#555555">${escape(text)}</text></g>\n`;
    x += needs;
    return entry;
  });
  return { text: drawn.join(""), height: entries.length === 0 ? 0 : y + LINE };
}

function drawPanel(
  { title, scenes, odd, result, shown = Infinity }: Panel,
  roles: readonly string[],
): { text: string; width: number; height: number } {
  const lanes = [...new Set(scenes.map(({ at }) => at))].sort((a, b) => orderOf(a, roles) - orderOf(b, roles));
  const boxes = scenes.map((scene) => linesOf(scene, odd.get(scene.at) ?? new Set()));
  const widthOf = (lane: string): number =>
    Math.max(
      lane.length,
      ...scenes.flatMap(({ at }, i) => (at === lane ? boxes[i].map(({ text }) => text.length) : [])),
    ) *
      CHAR +
    2 * PAD;
  const left = new Map<string, number>();
  let width = 0;
  for (const lane of lanes) {
    left.set(lane, width);
    width += widthOf(lane) + 46;
  }
  width = Math.max(width - 46, title.length * CHAR, ...result.map((line) => line.length * CHAR + 10));
  const centre = (lane: string): number => left.get(lane)! + widthOf(lane) / 2;
  let y = 46;
  const tops = scenes.map((_, i) => {
    const top = y;
    y += boxes[i].length * LINE + 2 * PAD - 4 + GAP;
    return top;
  });
  const bottom = y;
  const parts: string[] = [];
  if (title !== "") parts.push(`<text x="0" y="4" fill="#444444">${escape(title)}</text>\n`);
  for (const lane of lanes) {
    parts.push(
      `<line x1="${round(centre(lane))}" y1="34" x2="${round(centre(lane))}" y2="${bottom}" stroke="#b8bec8" stroke-width="1.2"/>\n`,
    );
    parts.push(
      `<text x="${round(centre(lane))}" y="28" text-anchor="middle" font-weight="bold" fill="#1b1b1b">${escape(lane)}</text>\n`,
    );
  }
  const sizes = boxes.map((lines) => ({
    w: Math.max(...lines.map(({ text }) => text.length)) * CHAR + 2 * PAD,
    h: lines.length * LINE + 2 * PAD - 4,
  }));
  const sentBy = new Map<string, number>();
  scenes.forEach(({ sends }, i) => sends.forEach(({ id, to }) => sentBy.set(`${id}>${to}`, i)));
  const arrows: string[] = [];
  scenes.slice(0, shown).forEach((scene, i) => {
    const brought = new Set(scene.received);
    for (const id of new Set([...scene.received, ...scene.sealed.map((each) => each.id)])) {
      const from = sentBy.get(`${id}>${scene.at}`);
      if (from === undefined) continue;
      const [x1, x2] = [centre(scenes[from].at), centre(scene.at)];
      const [y1, y2] = [tops[from] + sizes[from].h / 2, tops[i] + sizes[i].h / 2];
      const side = x1 <= x2 ? 1 : -1;
      const [begin, end] = [
        x1 + (side * sizes[from].w) / 2,
        x2 - (x1 === x2 ? -sizes[i].w / 2 : (side * sizes[i].w) / 2),
      ];
      const way =
        x1 === x2 ? `C${round(begin + 40)},${y1} ${round(end + 40)},${y2} ${round(end)},${y2}` : `L${round(end)},${y2}`;
      arrows.push(`<path d="M${round(begin)},${y1} ${way}" fill="none" ${brought.has(id) ? message : seal}/>\n`);
    }
  });
  const placed = scenes
    .slice(0, shown)
    .map(({ at }, i) => ({ lines: boxes[i], x: centre(at) - sizes[i].w / 2, ...sizes[i] }));
  // Over the lines of the instances and under the texts; they show through, so that none seems to begin or end where it passes.
  const ground = placed.map(({ x, w, h }, i) => `M${round(x)},${tops[i]}h${round(w)}v${h}h${round(-w)}z`);
  parts.push(`<path d="${ground.join("")}" fill="#ffffff"/>\n`);
  parts.push(...arrows);
  placed.forEach(({ lines, x, w, h }, i) => {
    const isOdd = lines.some(({ colour }) => colour === "#a4161a");
    parts.push(
      `<rect x="${round(x)}" y="${tops[i]}" width="${round(w)}" height="${h}" rx="4" fill="${isOdd ? "#fdecea" : "#f5f7fa"}" fill-opacity="0.85" stroke="${isOdd ? "#a4161a" : "#8a94a6"}"/>\n`,
    );
    lines.forEach(({ text, colour }, n) =>
      parts.push(
        `<text x="${round(x + PAD)}" y="${tops[i] + PAD + 7 + n * LINE}" fill="${colour}">${escape(text)}</text>\n`,
      ),
    );
  });
  result.forEach((line, n) =>
    parts.push(`<text x="0" y="${bottom + 14 + n * LINE}" font-weight="bold" fill="#1b1b1b">${escape(line)}</text>\n`),
  );
  return { text: parts.join(""), width, height: bottom + 20 + result.length * LINE };
}

interface Line {
  readonly text: string;
  readonly colour: string;
}

/** Of each kind in one box. */
const mostLines = 8;

function some(lines: readonly Line[]): readonly Line[] {
  const more = lines.length - mostLines;
  return more <= 1 ? lines : [...lines.slice(0, mostLines), { text: `… ${more} more`, colour: "#777777" }];
}

function linesOf({ at, takes, sealed, delivers, sends }: Scene, odd: ReadonlySet<string>): readonly Line[] {
  const shorten = (text: string): string => (text.length > 46 ? `${text.slice(0, 45)}…` : text);
  const lines = [
    ...some(takes.map((text) => ({ text: shorten(text), colour: "#333333" }))),
    ...some(sealedLines(at, sealed).map((text) => ({ text: `■ ${shorten(text)}`, colour: SEAL }))),
    ...some(
      delivers.map(({ text, retract }) => ({
        text: `${retract ? "⊖" : "▸"} ${shorten(text)}`,
        colour: odd.has(text) ? "#a4161a" : "#1e6b34",
      })),
    ),
    ...some(
      [...new Set(sends.flatMap(({ seals }) => seals))].map((text) => ({
        text: `□ seals ${shorten(text)}`,
        colour: SEAL,
      })),
    ),
  ];
  return lines.length > 0 ? lines : [{ text: "(deferred)", colour: "#777777" }];
}

/** What is sealed, each once, with all by whom. */
function sealedLines(at: string, sealed: Scene["sealed"]): readonly string[] {
  const own = `${at.slice(0, at.indexOf("#"))}.`;
  const by = new Map<string, string[]>();
  for (const each of sealed) {
    const partition = each.partition.startsWith(own) ? each.partition.slice(own.length) : each.partition;
    by.set(partition, [...(by.get(partition) ?? []), each.by]);
  }
  return Array.from(by, ([partition, senders]) => `${partition} sealed by ${senders.join(", ")}`);
}

const round = (n: number): number => Math.round(n * 10) / 10;
