/** Inputs for generated programs: a few rows each, and some seals behind what they seal. */
import type { Random } from "../../src/verify/schedule.ts";
import type { Given } from "../support/runs.ts";
import { Maker, type Type, type Value, values } from "./maker.ts";

export interface GivenInput {
  /** The role. */
  readonly at: string;
  readonly nodes: number;
  readonly name: string;
  readonly types: readonly Type[];
  /** Columns; null where nothing is promised. */
  readonly seal: readonly number[] | null;
  readonly single: boolean;
  /** Leading columns that are a key of which one value is promised; 0 where nothing is. */
  readonly unique: number;
  /** All values, or pairs of values, once at every instance, behind all else. */
  readonly every?: boolean;
}

type Row = readonly [string, ...Value[]];

/** Other facts for the same inputs, more of them. */
export function otherInputs(inputs: readonly GivenInput[], random: Random): Given {
  return giveInputs(inputs, new Maker(random), 12);
}

export function giveInputs(inputs: readonly GivenInput[], make: Maker, atLeast = 5): Given {
  const rows: Row[] = [];
  const last: Row[] = [];
  const open = inputs.filter((input) => !input.every);
  const count = Math.max(atLeast, 2 * open.length) + make.random.below(7);
  for (let n = 0; n < count; n++) {
    const input = make.pick(open);
    const row = input.types.map((type) => make.pick(values[type]));
    // A promised key has one value, wherever it enters.
    const key = row
      .slice(0, input.unique)
      .reduce<number>((sum, value, i) => sum + values[input.types[i]].indexOf(value), 0);
    if (input.unique > 0)
      for (let i = input.unique; i < row.length; i++)
        row[i] = values[input.types[i]][key % values[input.types[i]].length];
    const node = input.single
      ? hash(input.seal!.map((column) => row[column])) % input.nodes
      : make.random.below(input.nodes);
    rows.push([`${input.at}#${node}.${input.name}`, ...row]);
  }
  for (const input of open) {
    if (input.seal === null || input.seal.length === 0) continue;
    for (let node = 0; node < input.nodes; node++) {
      if (!make.chance(0.6)) continue;
      const key = input.seal.map((column) => make.pick(values[input.types[column]]));
      if (input.single && hash(key) % input.nodes !== node) continue;
      last.push([`seal ${input.at}#${node}.${input.name}`, ...key]);
    }
  }
  for (const input of inputs.filter((each) => each.every)) {
    for (let node = 0; node < input.nodes; node++)
      for (const row of rowsOf(input.types)) last.push([`${input.at}#${node}.${input.name}`, ...row]);
  }
  const sealed = new Map(inputs.map((input) => [input.name, input.seal]));
  const out: Row[] = [...rows];
  for (const each of last) {
    if (each[0].startsWith("seal ")) insertSeal(out, each, sealed, make.random);
    else out.push(each);
  }
  return out;
}

function rowsOf([type, ...rest]: readonly Type[]): Value[][] {
  if (type === undefined) return [[]];
  return values[type].flatMap((value) => rowsOf(rest).map((row) => [value, ...row]));
}

function hash(key: readonly Value[]): number {
  return [...JSON.stringify(key)].reduce((sum, char) => sum + char.charCodeAt(0), 0);
}

/** Anywhere behind the last row that it seals. */
function insertSeal(
  rows: Row[],
  seal: Row,
  sealed: ReadonlyMap<string, readonly number[] | null>,
  random: Random,
): void {
  const at = seal[0].slice(5);
  const columns = sealed.get(at.slice(at.indexOf(".") + 1))!;
  const lowest =
    rows.findLastIndex((row) => row[0] === at && columns.every((column, i) => row[column + 1] === seal[i + 1])) + 1;
  rows.splice(lowest + random.below(rows.length - lowest + 1), 0, seal);
}

/** The same facts in another order; each seal stays behind what it seals. */
export function permuted(given: Given, sealed: ReadonlyMap<string, readonly number[] | null>, random: Random): Given {
  const all = given as readonly Row[];
  const rows = all.filter(([at]) => !at.startsWith("seal "));
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  for (const each of all) if (each[0].startsWith("seal ")) insertSeal(rows, each, sealed, random);
  return rows;
}
