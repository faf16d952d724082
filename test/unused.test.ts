/** What can do nothing: collections to which nothing comes, and those that nothing reads. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { unused } from "../src/compiler/3-analyze/unused.ts";
import { compile } from "../src/compiler/compile.ts";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

/** `CODE name: mend` of each. */
function found(text: string, files: Readonly<Record<string, string>> = {}): readonly string[] {
  const imports = new Map(Object.entries(files).map(([path, of]) => [path, { path, text: of }]));
  const { ir, diagnostics } = compile({ path: "a.dlc", text }, { files: imports });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return unused(ir!).map(({ code, file, span, mend }) => `${code} ${file.text.slice(span.start, span.end)}: ${mend}`);
}

const seen = "output seen(x: int);";
/** A program in which each collection is written and read, with one thing changed. */
const whole = `role A { input i(x: int); B.c(x) <~ i(x); }
role B { channel c(x: int); table t(x: int); scratch s(x: int); ${seen} t(x) <= c(x); s(x) <= t(x); seen(x) <= s(x); }`;
const but = (from: string, to: string): string => {
  expect(whole.split(from)).toHaveLength(2);
  return whole.replace(from, to);
};

test.each([
  ["all is used", whole, []],
  [
    "a channel to which nobody sends",
    but("B.c(x) <~ i(x);", "output o(x: int); o(x) <= i(x);"),
    ["DLC261 c: Add a rule that sends to it, or take it away."],
  ],
  [
    "a table that nobody writes",
    but("t(x) <= c(x);", "seen(x) <= c(x);"),
    ["DLC261 t: Add a rule that writes it, or take it away."],
  ],
  [
    "one from which facts are taken away only",
    but("t(x) <= c(x);", "t(x) <- c(x), t(x);"),
    ["DLC261 t: Add a rule that writes it, or take it away."],
  ],
  [
    "an output that nobody writes",
    but("seen(x) <= s(x);", "t(x) <+ s(x);"),
    ["DLC261 seen: Add a rule that writes it, or take it away."],
  ],
  [
    "a scratch that nobody reads",
    but("seen(x) <= s(x);", "seen(x) <= t(x);"),
    ["DLC262 s: Read it in a rule, or take it away; `_s` says that it is meant."],
  ],
  [
    "an input that nobody reads",
    but("input i(x: int);", "input i(x: int); input j(x: int);"),
    ["DLC262 j: Read it in a rule, or take it away; `_j` says that it is meant."],
  ],
  [
    "a timer",
    but("input i(x: int);", "input i(x: int); timer every_s every 1s;"),
    ["DLC262 every_s: Read it in a rule, or take it away; `_every_s` says that it is meant."],
  ],
  ["one that is meant", but("input i(x: int);", "input i(x: int); input _j(x: int);"), []],
  ["`not` reads", but("seen(x) <= s(x);", "seen(x) <= t(x), not s(x);"), []],
  [
    "a seal rule reads",
    "role A { input i(k: string) sealed by (k); scratch over(k: string); B.c(k) <~ i(k); input end(k: string); over(k) <= end(k); seal B.c(k: k) <~ over(k); }\nrole B { channel c(k: string) sealed by (k); output o(k: string, n: int); o(k, count()) <= c(k); }",
    [],
  ],
  [
    "two that were to be one",
    "role A { input i(x: int); B.hit(x) <~ i(x); }\nrole B { channel hit(x: int); channel hits(x: int); output o(x: int); o(x) <= hits(x); }",
    ["DLC261 hits: Did you mean `hit`, which nothing reads?", "DLC262 hit: Did you mean `hits`, which nothing writes?"],
  ],
  [
    "but not two of other columns",
    "role A { input i(x: int); B.hit(x, x) <~ i(x); }\nrole B { channel hit(x: int, y: int); channel hits(x: int); output o(x: int); o(x) <= hits(x); }",
    [
      "DLC261 hits: Add a rule that sends to it, or take it away.",
      "DLC262 hit: Read it in a rule, or take it away; `_hit` says that it is meant.",
    ],
  ],
  [
    "of a copy nothing is said",
    "module M { in put(x: int); out got(x: int); out more(x: int); got(x) <= put(x); }\nrole A { use M as m; output o(x: int); o(x) <= m.got(x); }",
    [],
  ],
  [
    "nor of components and sources",
    "source click(x: int);\ncomponent C { in click(x: int); out n(x: int); out m(x: int); path click -> n: CR; path click -> m: CR; }\nconnect click -> C.click;",
    [],
  ],
])("%s", (_, text, expected) => expect(found(text)).toEqual(expected));

test("nothing is said of imported files, whatever they hold", () => {
  const text = 'import "./b.dlc" as b; role A { input i(x: int); b.R.c(x) <~ i(x); }';
  const role =
    "role R { channel c(x: int); channel d(x: int); table t(x: int); t(x) <= c(x); output o(x: int); o(x) <= d(x); }";
  expect(found(text, { "b.dlc": role })).toEqual([]);
  // It is its own to say.
  expect(found(role)).toHaveLength(3);
});

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

test("dlc check says both, in order of places, and is told otherwise", async () => {
  const text = `role A {
  input i(x: int);
  table t(x: int);
  output o(x: int);
  t(x) <= i(x);
}
`;
  place.write({ "a.dlc": text });
  const { code, out } = await place.dlc("check", "a.dlc", "--max-warnings", "1");
  expect(code).toBe(0);
  expect(out.match(/\w+\[DLC\d+\].*/g)).toEqual([
    "note[DLC262]: nothing reads `A.t`",
    "warning[DLC261]: nothing writes `A.o`, so nothing is put out",
  ]);
  expect((await place.dlc("check", "a.dlc", "--max-warnings", "0")).code).toBe(1);

  const allowed = text.replace("  output", "  // dlc-allow DLC261: comes later\n  output");
  place.write({ "a.dlc": allowed, "dlc.config.json": '{ "severities": { "DLC262": "off" } }' });
  const silenced = await place.dlc("check", "a.dlc", "--max-warnings", "0");
  expect([silenced.code, silenced.out]).toEqual([0, expect.not.stringContaining("DLC26")]);

  // Beside a statement that cannot be read nobody knows what is used.
  place.write({ "a.dlc": text.replace("}\n", "  o(x) <= t(x;\n}\n"), "dlc.config.json": "{}" });
  expect((await place.dlc("check", "a.dlc")).out).not.toContain("DLC26");
});
