/** What roles are called, in a picture that Graphviz has laid out without regard to arrows that pass there. */
import { ink } from "./style.ts";

type Point = readonly [x: number, y: number];

/** Of a letter, as a part of its size. */
const LETTER = 0.6;
const ROOM = 5;
const STEP = 4;
/** Into how many pieces a curve is taken apart. */
const PIECES = 24;

/** Arrows are drawn over titles; so these are drawn once more after them, beside the arrows where there is room, and with room around. */
export function titlesOnTop(body: string): string {
  const arrows = Array.from(body.matchAll(/<g id="edge\d+" class="edge">[^]*?<path [^>]* d="([^"]*)"/g), ([, d]) =>
    pointsOf(d),
  ).flat();
  const titles: string[] = [];
  const rest = body.replaceAll(
    /(<g id="clust\d+" class="cluster">)([^]*?)(<\/g>)/g,
    (_, open: string, inner: string, close: string) => {
      titles.push(...besideArrows(inner, arrows));
      return open + inner.replaceAll(/<text [^]*?<\/text>\n?/g, "") + close;
    },
  );
  if (titles.length === 0) return rest;
  const over = `<g paint-order="stroke" stroke="${ink.boxFill}" stroke-width="4" stroke-linejoin="round">\n${titles.join("\n")}\n</g>\n`;
  return rest.replace(/<\/g>\s*$/, `${over}</g>`);
}

/** The texts of a box, as far to the right as it takes to be clear of arrows; where there is no such place, as they are. */
function besideArrows(box: string, arrows: readonly Point[]): readonly string[] {
  const texts = (box.match(/<text [^]*?<\/text>/g) ?? []).map((text) => {
    const number = (name: string): number => Number(new RegExp(` ${name}="(-?[\\d.]+)`).exec(text)![1]);
    const letters = text.replace(/<[^>]*>/g, "").replace(/&[^;]*;/g, "?").length;
    const [x, y, size] = [number("x"), number("y"), number("font-size")];
    return { text, x, y, size, right: x + letters * size * LETTER };
  });
  if (texts.length === 0) return [];
  const left = Math.min(...texts.map(({ x }) => x)) - ROOM;
  const right = Math.max(...texts.map((text) => text.right)) + ROOM;
  const top = Math.min(...texts.map(({ y, size }) => y - size));
  const bottom = Math.max(...texts.map(({ y }) => y)) + ROOM;
  const passing = arrows.flatMap(([x, y]) => (y > top && y < bottom ? [x] : []));
  const end = Math.max(...Array.from(box.matchAll(/(-?[\d.]+),-?[\d.]+/g), ([, x]) => Number(x)));
  let shift = 0;
  while (passing.some((x) => x > left + shift && x < right + shift)) shift += STEP;
  if (right + shift > end) shift = 0;
  return texts.map(({ text, x }) => text.replace(/ x="[^"]*"/, ` x="${Math.round((x + shift) * 100) / 100}"`));
}

/** Along a path of cubic curves, `M0,0C1,1 2,2 3,3 …`. */
function pointsOf(path: string): Point[] {
  const given = Array.from(path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g), ([, x, y]): Point => [Number(x), Number(y)]);
  const points: Point[] = [];
  for (let i = 0; i + 3 < given.length; i += 3) {
    const [a, b, c, d] = given.slice(i, i + 4);
    for (let n = 0; n <= PIECES; n++) {
      const t = n / PIECES;
      const along = (k: 0 | 1): number =>
        a[k] * (1 - t) ** 3 + 3 * b[k] * t * (1 - t) ** 2 + 3 * c[k] * t ** 2 * (1 - t) + d[k] * t ** 3;
      points.push([along(0), along(1)]);
    }
  }
  return points;
}
