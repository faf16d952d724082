/** Imported lattices under every schedule: what dlc check accepts agrees everywhere, and what it refuses would not. */
import { describe, expect, test } from "vitest";
import { check } from "./support/check.ts";
import { broken, runAll } from "./support/runs.ts";
import type { Given } from "./support/runs.ts";

const text = `
lattice Sorted from "./sorted.ts";
function size(s: Sorted): lmax<int> from "./sorted.ts" monotone;
role H x2 { input i(k: string, s: Sorted); R.c(k, s) <~ i(k, s); }
role R replicated x2 { channel c(k: string, s: Sorted); table t(k: string, s: Sorted); t(k, s) <= c(k, s);
  output all(k: string, s: Sorted); output big(k: string); all(k, s) <= t(k, s); big(k) <= t(k, s), size(s) >= 4; }`;

/** A host's arrays are in no order. */
const given: Given = [
  ["H.i", "a", [3, 1]],
  ["H#1.i", "a", [2, 1]],
  ["H.i", "a", [4, 3, 2]],
  ["H#1.i", "b", [9, 8]],
  ["H.i", "b", [8, 7]],
];

type List = readonly number[];

/** Of two lists in order. */
function merge(a: List, b: List): List {
  const merged: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const x = j >= b.length || (i < a.length && a[i] <= b[j]) ? a[i++] : b[j++];
    if (merged.at(-1) !== x) merged.push(x);
  }
  return merged;
}

const sorted = (list: List): List => [...list].sort((x, y) => x - y);

function problems(join: (a: List, b: List) => List): string[] {
  const { plan, after } = check(text);
  expect([after("R.all"), after("R.big")]).toEqual(["Async", "Async"]);
  const functions = { Sorted: { bottom: [], join } as unknown as Function, size: (s: List) => s.length };
  const runs = runAll(plan, given, { functions, seeds: 4 });
  return broken(plan, runs, after);
}

describe("replicas of an imported lattice", () => {
  test("agree in every run, whatever order the host's arrays have", () => {
    expect(problems((a, b) => merge(sorted(a), sorted(b)))).toEqual([]);
  });

  test("agree where only what meets the bottom is put in order: every value does that when it enters", () => {
    expect(problems((a, b) => (a.length === 0 ? sorted(b) : b.length === 0 ? sorted(a) : merge(a, b)))).toEqual([]);
  });

  test("do not where the join is right for arrays in order only: dlc check refuses it, because one enters as it is", () => {
    expect(problems(merge)).not.toEqual([]);
  });
});
