/**
 * What the producers are given: a slow part, in which partition after partition comes to its end and the time to its
 * answer is taken, and a bulk, all at once, for the throughput. The same arguments give the same load.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeClicks } from "../../fixtures/ad-network/clicks.mjs";
import type { ProgramName, Way } from "./programs.ts";

/** Lines of the slow part that are written at once, by producer. */
export interface Slice {
  readonly lines: readonly string[];
  /** The partition whose last row (and seals) these are; its answer has `Load.probe` of that name. */
  readonly ends: string | null;
}

export interface Load {
  readonly slices: readonly Slice[];
  /** Text of the bulk, by producer. */
  readonly bulk: readonly string[];
  /** Facts of the coordinated channel that the bulk brings. */
  readonly rows: number;
  /** Lines for an input that is read at the start: `Role.collection`; null where there is none. */
  readonly start: { readonly input: string; readonly lines: string } | null;
  readonly producer: string;
  readonly input: string;
  /** The final answers, each as `answerText`. */
  readonly answers: ReadonlySet<string>;
  /** The partition whose last row an output row answers; null for the others. */
  readonly probe: (row: Readonly<Record<string, unknown>>) => string | null;
}

export interface Size {
  /** Clicks, or lines of the book. */
  readonly clicks: number;
  readonly lines: number;
  /** Partitions of the slow part. */
  readonly partitions: number;
}

export type Row = Readonly<Record<string, string | number>>;
interface Part {
  readonly partition: string | number;
  readonly rows: readonly Row[];
}

/** Slices that a partition of the slow part is cut into; the last holds its last row. */
const SLICES_A_PARTITION = 3;
const LINES_A_BATCH = 250;
const POOR_BELOW = 100;

export function answerText(row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.values(row));
}

export function makeLoad(root: string, program: ProgramName, way: Way, producers: number, size: Size): Load {
  return program === "campaign" ? campaigns(way, producers, size) : words(root, way, producers, size);
}

function campaigns(way: Way, producers: number, size: Size): Load {
  const clicks: Row[] = makeClicks(size.clicks, 7).map(({ campaign, id, user }) => ({ campaign, id, user }));
  const slow: Part[] = Array.from({ length: size.partitions }, (_, k) => {
    const campaign = `slow-${k}`;
    const rows: Row[] = Array.from({ length: 60 }, (_, n) => ({
      campaign,
      id: `${campaign}-${(n * n) % 9}`,
      user: `u${n}`,
    }));
    return { partition: campaign, rows: [...rows, { campaign, id: `${campaign}-last`, user: "u" }] };
  });
  const all = [...slow.flatMap(({ rows }) => rows), ...clicks];
  const users = new Map<string, Map<string, Set<string>>>();
  for (const { campaign, id, user } of all as { campaign: string; id: string; user: string }[]) {
    const ads = entry(users, campaign, () => new Map<string, Set<string>>());
    entry(ads, id, () => new Set<string>()).add(user);
  }
  const answers = new Set<string>();
  for (const [campaign, ads] of users) {
    for (const [id, { size: n }] of ads) if (n < POOR_BELOW) answers.add(answerText({ campaign, id, n }));
  }
  const asks = [...users.keys()].map((campaign) => `${JSON.stringify({ campaign })}\n`).join("");
  return {
    ...dealt(way, producers, "campaign", slow, clicks),
    rows: clicks.length,
    start: { input: "Analyst.ask", lines: asks },
    producer: "AdServer",
    input: "click",
    answers,
    probe: ({ campaign, id }) => (id === `${String(campaign)}-last` ? String(campaign) : null),
  };
}

/** A word that stands once in each batch of the slow part, in its last line. */
const LAST_WORD = "zzendofbatch";

function words(root: string, way: Way, producers: number, size: Size): Load {
  const book = readFileSync(join(root, "fixtures", "word-count", "text.txt"), "utf8")
    .split("\n")
    .slice(0, size.lines);
  const lines: Row[] = book.map((text, line) => ({ batch: Math.floor(line / LINES_A_BATCH), line, text }));
  const slow: Part[] = Array.from({ length: size.partitions }, (_, k) => {
    const batch = 1_000_000 + k;
    const rows: Row[] = book.slice(k * 8, k * 8 + 8).map((text, line) => ({ batch, line, text }));
    return { partition: batch, rows: [...rows, { batch, line: 8, text: LAST_WORD }] };
  });
  const counts = new Map<number, Map<string, number>>();
  let total = 0;
  for (const { batch, text } of [...lines, ...slow.flatMap(({ rows }) => rows)] as { batch: number; text: string }[]) {
    const ofBatch = entry(counts, batch, () => new Map<string, number>());
    for (const [word] of text.matchAll(/[A-Za-z]+/g)) {
      const small = word.toLowerCase();
      ofBatch.set(small, (ofBatch.get(small) ?? 0) + 1);
      if (batch < 1_000_000) total++;
    }
  }
  const answers = new Set<string>();
  for (const [batch, ofBatch] of counts) for (const [word, n] of ofBatch) answers.add(answerText({ word, batch, n }));
  return {
    ...dealt(way, producers, "batch", slow, lines),
    rows: total,
    start: null,
    producer: "Source",
    input: "line",
    answers,
    probe: ({ word, batch }) => (word === LAST_WORD ? String(batch) : null),
  };
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** `bulk` in the order of time. Seals follow the last row of their partition, at every producer or at its one. */
function dealt(way: Way, producers: number, column: string, slow: readonly Part[], bulk: readonly Row[]) {
  const owners = way.dealt === "by partition" ? ownersOf(column, slow, bulk, producers) : null;
  let turn = 0;
  const producerOf = (row: Row): number => owners?.get(row[column]) ?? turn++ % producers;
  const seal = (partition: string | number, add: (producer: number, line: string) => void): void => {
    if (!way.seals) return;
    const line = `${JSON.stringify({ seal: { [column]: partition } })}\n`;
    for (let p = 0; p < producers; p++) if (owners === null || owners.get(partition) === p) add(p, line);
  };

  const slices: Slice[] = slow.flatMap(({ partition, rows }) => {
    const size = Math.ceil(rows.length / SLICES_A_PARTITION);
    return Array.from({ length: SLICES_A_PARTITION }, (_, s) => {
      const lines: string[] = Array.from({ length: producers }, () => "");
      for (const row of rows.slice(s * size, (s + 1) * size)) lines[producerOf(row)] += `${JSON.stringify(row)}\n`;
      const isLast = s === SLICES_A_PARTITION - 1;
      if (isLast) seal(partition, (p, line) => (lines[p] += line));
      return { lines, ends: isLast ? String(partition) : null };
    });
  });

  const last = new Map<string | number, number>();
  bulk.forEach((row, at) => last.set(row[column], at));
  const texts: string[][] = Array.from({ length: producers }, () => []);
  bulk.forEach((row, at) => {
    texts[producerOf(row)].push(`${JSON.stringify(row)}\n`);
    if (last.get(row[column]) === at) seal(row[column], (p, line) => texts[p].push(line));
  });
  return { slices, bulk: texts.map((lines) => lines.join("")) };
}

/** Each partition's producer, the largest partitions first to whoever has the least. */
function ownersOf(
  column: string,
  slow: readonly Part[],
  bulk: readonly Row[],
  producers: number,
): Map<string | number, number> {
  const owners = new Map<string | number, number>();
  slow.forEach(({ partition }, k) => owners.set(partition, k % producers));
  const sizes = new Map<string | number, number>();
  for (const row of bulk) sizes.set(row[column], (sizes.get(row[column]) ?? 0) + 1);
  const burden: number[] = Array.from({ length: producers }, () => 0);
  for (const [partition, size] of [...sizes].sort(([, a], [, b]) => b - a)) {
    const least = burden.indexOf(Math.min(...burden));
    owners.set(partition, least);
    burden[least] += size;
  }
  return owners;
}
