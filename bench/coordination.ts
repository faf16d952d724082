/**
 * What coordination costs: the ad network's CAMPAIGN and word count, on real processes, uncoordinated, sealed and ordered.
 *
 *   npm run bench:coordination                 all of it, about ten minutes; writes docs/measurements.md
 *   npm run bench:coordination -- --quick      a smoke test of a quarter of a minute; writes nothing
 *   npm run bench:coordination -- --program words --producers 5 --delay 0 --repetitions 7
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Size } from "./coordination/loads.ts";
import { makeLoad } from "./coordination/loads.ts";
import { measure } from "./coordination/measure.ts";
import type { Measured } from "./coordination/measure.ts";
import { writePage } from "./coordination/page.ts";
import { buildProgram, ways } from "./coordination/programs.ts";
import type { ProgramName, Way } from "./coordination/programs.ts";
import { measureSequencer } from "./coordination/sequencer.ts";
import type { SequencerLimit } from "./coordination/sequencer.ts";
import { summarize, tableOf } from "./coordination/table.ts";
import type { Line } from "./coordination/table.ts";

export interface BenchOptions {
  readonly programs: readonly ProgramName[];
  readonly producers: readonly number[];
  readonly delays: readonly number[];
  readonly repetitions: number;
  /** Producers at which order by key is run too. */
  readonly byKeyAt: readonly number[];
  readonly size: Size;
  /** Rows through the sequencer alone. */
  readonly logRows: number;
  readonly say: (line: string) => void;
}

export interface BenchResult {
  readonly lines: readonly Line[];
  readonly sequencer: SequencerLimit;
}

const full = {
  programs: ["campaign", "words"],
  producers: [2, 5, 10],
  delays: [0, 5],
  repetitions: 3,
  byKeyAt: [5],
  size: { clicks: 160_000, lines: 16_000, partitions: 16 },
  logRows: 1_000_000,
} as const;

export const quick = {
  ...full,
  producers: [2],
  delays: [5],
  repetitions: 1,
  byKeyAt: [2],
  size: { clicks: 4000, lines: 600, partitions: 4 },
  logRows: 50_000,
} as const;

/** Ways in turn within a repetition, backwards in every second, so that a machine that gets slower or faster favours none. */
export async function bench(root: string, options: BenchOptions): Promise<BenchResult> {
  const { say, size } = options;
  const folder = mkdtempSync(join(tmpdir(), "dlc-bench-programs-"));
  try {
    const lines: Line[] = [];
    for (const program of options.programs) {
      const built = new Map(
        ways.map((way) => [way.name, buildProgram(root, program, way, join(folder, program, way.name))]),
      );
      for (const delayMs of options.delays) {
        for (const producers of options.producers) {
          const chosen = ways.filter(({ name }) => name !== "order by" || options.byKeyAt.includes(producers));
          const runs = new Map<Way, Measured[]>(chosen.map((way) => [way, []]));
          const loads = new Map(chosen.map((way) => [way, makeLoad(root, program, way, producers, size)]));
          for (let repetition = 0; repetition < options.repetitions; repetition++) {
            for (const way of repetition % 2 === 0 ? chosen : chosen.toReversed()) {
              runs.get(way)!.push(await measure(root, built.get(way.name)!, loads.get(way)!, delayMs));
            }
          }
          for (const way of chosen) {
            const beside = runs.get(chosen.find(({ name }) => name === way.beside)!)!;
            const line = summarize(program, way, producers, delayMs, runs.get(way)!, beside);
            lines.push(line);
            say(tableOf([line], "text"));
          }
        }
      }
    }
    const sequencer = await measureSequencer(root, options.logRows);
    return { lines, sequencer };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      program: { type: "string", multiple: true },
      producers: { type: "string", multiple: true },
      delay: { type: "string", multiple: true },
      repetitions: { type: "string" },
    },
  });
  const started = Date.now();
  const numbers = (texts: readonly string[] | undefined, or: readonly number[]): readonly number[] =>
    texts?.map(Number) ?? or;
  const base = values.quick ? quick : full;
  const isPart = [values.program, values.producers, values.delay, values.repetitions].some((value) => value);
  const result = await bench(root, {
    ...base,
    programs: (values.program as ProgramName[] | undefined) ?? base.programs,
    producers: numbers(values.producers, base.producers),
    delays: numbers(values.delay, base.delays),
    repetitions: Number(values.repetitions ?? base.repetitions),
    byKeyAt: numbers(values.producers, base.byKeyAt),
    say: (line) => console.error(line),
  });
  console.log(tableOf(result.lines, "markdown"));
  const { rowsPerSecond, rowsPerCpuSecond } = result.sequencer;
  console.log(
    `\nThe sequencer alone: ${Math.round(rowsPerSecond)} rows/s, ${Math.round(rowsPerCpuSecond)} rows in a second of its CPU.`,
  );
  if (!values.quick && !isPart) writePage(root, result, base.size, base.repetitions);
  console.error(`${Math.round((Date.now() - started) / 1000)} s`);
  const wrong = result.lines.filter(({ problem }) => problem !== null);
  for (const { title, problem } of wrong) console.error(`${title}: ${problem}`);
  return wrong.length === 0 ? 0 : 1;
}
