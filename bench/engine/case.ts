/** One program of the engine's benchmark, twice: as dlc emits it, and written by hand to do the same. */

export interface Attempt {
  /** What is measured; what is made ready before it is not. */
  readonly run: () => void;
  /** What came out, to be compared with the other's; not measured. */
  readonly result: () => number;
}

export interface CaseMaker {
  readonly name: string;
  readonly make: () => Case;
}

export interface Case {
  readonly title: string;
  readonly aim: string;
  /** How many operations one run does, and what one is called; none: the run as a whole counts. */
  readonly operations?: { readonly count: number; readonly of: string };
  /** After the first time, which warms up; 0: the first time is what is measured. */
  readonly repetitions: number;
  readonly emitted: () => Attempt;
  readonly byHand: () => Attempt;
}

export interface Measured {
  readonly title: string;
  readonly aim: string;
  readonly unit: string;
  /** Medians over the repetitions. */
  readonly emitted: number;
  readonly byHand: number;
  /** Emitted over by hand, the median of the repetitions' ratios. */
  readonly ratio: number;
}

/** Milliseconds of CPU, of all threads: the collector's and the optimizer's too. */
function cpuOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The two in turn, and in the other order in every second repetition; garbage is collected before each. */
export function measure(one: Case): Measured {
  const emitted: number[] = [];
  const byHand: number[] = [];
  const attempt = (make: () => Attempt, into: number[]): Attempt => {
    const made = make();
    globalThis.gc?.();
    into.push(cpuOf(made.run));
    return made;
  };
  // A node keeps its evaluator. With the last one, the collector would throw away its hidden classes and machine code.
  const alive = one.emitted();
  for (let repetition = 0; repetition <= one.repetitions; repetition++) {
    const isOursFirst = repetition % 2 === 0;
    const first = attempt(isOursFirst ? one.emitted : one.byHand, isOursFirst ? emitted : byHand);
    const second = attempt(isOursFirst ? one.byHand : one.emitted, isOursFirst ? byHand : emitted);
    // Reading all results out costs more than making them: once is enough, as all repetitions do the same.
    if (repetition > 0) continue;
    const [ours, theirs] = [first.result(), second.result()];
    if (ours !== theirs) throw new Error(`${one.title}: emitted code gives ${ours}, by hand ${theirs}`);
  }
  alive.run();
  if (one.repetitions > 0) {
    emitted.shift();
    byHand.shift();
  }
  const { count, of } = one.operations ?? { count: 1, of: "" };
  const scale = of === "" ? 1 : 1000 / count;
  return {
    title: one.title,
    aim: one.aim,
    unit: of === "" ? "ms" : `µs ${of}`,
    emitted: median(emitted) * scale,
    byHand: median(byHand) * scale,
    ratio: median(emitted.map((each, i) => each / byHand[i])),
  };
}

/** Of several processes that measured the same. */
export function medianOf(measured: readonly Measured[]): Measured {
  return {
    ...measured[0],
    emitted: median(measured.map(({ emitted }) => emitted)),
    byHand: median(measured.map(({ byHand }) => byHand)),
    ratio: median(measured.map(({ ratio }) => ratio)),
  };
}
