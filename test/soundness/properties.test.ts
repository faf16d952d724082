/** What must hold of labels whatever the program: more disorder, replicas or promises never move them the wrong way. */
import { describe, expect, test } from "vitest";
import { severities } from "../../src/compiler/analysis.ts";
import { Random } from "../../src/verify/schedule.ts";
import type { Checked } from "../support/check.ts";
import { check } from "../support/check.ts";
import { generate } from "./generate.ts";

const programs = Number(process.env["DLC_PROPERTIES"] ?? 150);
const first = Number(process.env["DLC_SEED"] ?? 1);

function severity(label: string): number {
  const name = label.startsWith("Seal") ? "Async" : label;
  return severities.indexOf(name as (typeof severities)[number]);
}

interface Labels {
  readonly ids: readonly string[];
  readonly before: (id: string) => string;
  readonly promised: (id: string) => string;
  readonly after: (id: string) => string;
  readonly checked: Checked;
}

function labelsOf(text: string): Labels | null {
  let checked: Checked;
  try {
    checked = check(text);
  } catch {
    return null;
  }
  if (checked.diagnostics.some(({ severity: of, code }) => of === "error" && code !== "DLC401")) return null;
  return {
    ids: [...checked.plan.analysis.ir.collections.keys()],
    before: checked.before,
    promised: checked.label,
    after: checked.after,
    checked,
  };
}

/** Every `change` of each program that still compiles, with the labels of both. */
function compare(
  changes: (text: string, random: Random) => readonly string[],
  holds: (was: Labels, is: Labels) => string | null,
): { wrong: string[]; compared: number } {
  const wrong: string[] = [];
  let compared = 0;
  for (let seed = first; seed < first + programs && wrong.length < 3; seed++) {
    const { text } = generate(seed);
    const was = labelsOf(text)!;
    for (const changed of changes(text, new Random(seed))) {
      const is = changed === text ? null : labelsOf(changed);
      if (is === null) continue;
      compared++;
      const problem = holds(was, is);
      if (problem !== null) wrong.push(`seed ${seed}: ${problem}\n${changed}`);
    }
  }
  return { wrong, compared };
}

function firstLower(was: Labels, is: Labels, which: readonly ("before" | "promised" | "after")[]): string | null {
  for (const kind of which) {
    for (const id of was.ids)
      if (severity(is[kind](id)) < severity(was[kind](id)))
        return `${id} was ${was[kind](id)} and is ${is[kind](id)} (${kind})`;
  }
  return null;
}

function check0({ wrong, compared }: { wrong: string[]; compared: number }): void {
  if (wrong.length > 0) throw new Error(wrong.join("\n\n"));
  expect(compared).toBeGreaterThan(programs / 8);
}

describe("over generated programs", () => {
  test("replicas never make a label better", { timeout: 600_000 }, () => {
    check0(
      compare(
        (text) => [
          text.replace("role R  {", "role R replicated x2 {"),
          text.replace("role S  {", "role S replicated x2 {"),
        ],
        (was, is) => firstLower(was, is, ["before", "promised"]),
      ),
    );
  });

  test("a source that is worse never makes a label better", { timeout: 600_000 }, () => {
    const lossy = (text: string): string[] =>
      [...text.matchAll(/^channel \w+\([^;]*\)(?= *;)/gm)]
        .slice(0, 3)
        .map(({ index, 0: found }) => `${text.slice(0, index)}${found} lossy${text.slice(index + found.length)}`);
    check0(compare(lossy, (was, is) => firstLower(was, is, ["before", "promised"])));
  });

  test("a promised seal never makes a label worse", { timeout: 600_000 }, () => {
    const sealed = (text: string): string[] =>
      [...text.matchAll(/^input i\d\([^;]*\)(?= *;)/gm)].flatMap(({ index, 0: found }) =>
        ["sealed", "sealed by (x)", "sealed by (y)"].map(
          (word) => `${text.slice(0, index)}${found} ${word}${text.slice(index + found.length)}`,
        ),
      );
    check0(compare(sealed, (was, is) => firstLower(is, was, ["before", "promised"])));
  });

  test("the order of rules and declarations does not matter", { timeout: 600_000 }, () => {
    const shuffled = (text: string, random: Random): string[] => [
      text.replace(/(role [^{]*\{\n)([^}]*)(\n\})/g, (_, head: string, body: string, end: string) => {
        const lines = body.split("\n");
        for (let i = lines.length - 1; i > 0; i--) {
          const j = random.below(i + 1);
          [lines[i], lines[j]] = [lines[j], lines[i]];
        }
        return head + lines.join("\n") + end;
      }),
    ];
    const kinds = (of: Labels): string =>
      of.checked.plan.insertions
        .map(({ mechanism, at, key }) => `${mechanism} ${[...at].sort().join()} ${key.length}`)
        .sort()
        .join("; ");
    check0(
      compare(shuffled, (was, is) => {
        for (const kind of ["before", "promised", "after"] as const)
          for (const id of was.ids)
            if (!is.ids.includes(id) || was[kind](id) !== is[kind](id))
              return `${id} was ${was[kind](id)} and is ${is[kind](id)} (${kind})`;
        return kinds(was) === kinds(is) ? null : `inserted was ${kinds(was)}, is ${kinds(is)}`;
      }),
    );
  });
});

test("a larger gate never makes a seal incompatible", () => {
  const names = ["x", "y", "z"];
  const subsets = names.reduce<string[][]>((all, name) => [...all, ...all.map((each) => [...each, name])], [[]]);
  const after = (group: readonly string[], key: readonly string[]): string => {
    const columns = [...group.map((name) => `${name}: int`), "n: int"].join(", ");
    const terms = names.map((name) => (group.includes(name) ? name : "_")).join(", ");
    return check(`role H { input i(x: int, y: int, z: int, w: int) sealed${key.length > 0 ? ` by (${key.join(", ")})` : ""}; R.c(x, y, z, w) <~ i(x, y, z, w); }
role R { channel c(x: int, y: int, z: int, w: int); table t(x: int, y: int, z: int, w: int); output o(${columns}); t(x, y, z, w) <= c(x, y, z, w); o(${[...group, "count()"].join(", ")}) <= t(${terms}, _); }`).after(
      "R.o",
    );
  };
  for (const key of subsets) {
    for (const group of subsets)
      expect(`${key} for ${group}: ${after(group, key)}`).toBe(
        `${key} for ${group}: ${key.every((name) => group.includes(name)) ? "Async" : "Run"}`,
      );
  }
});
