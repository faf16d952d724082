import { describe, expect, it } from "vitest";
import { parse } from "../src/compiler/1-parse/parse.ts";
import { lower } from "../src/compiler/2-lower/lower.ts";
import type { Diagnostic } from "../src/compiler/diagnostics/diagnostic.ts";
import { nameCodes } from "../src/compiler/diagnostics/names.ts";

function findings(text: string): readonly Diagnostic[] {
  const parsed = parse({ path: "p.dlc", text });
  expect(parsed.diagnostics.map((one) => one.message)).toEqual([]);
  if (parsed.value === null) throw new Error("not parsed");
  return lower([parsed.value]).diagnostics;
}

const at = (one: Diagnostic | undefined) => one && one.file.text.slice(one.span.start, one.span.end);

/** A program with ⟦...⟧ around what the one finding must point at. */
function finding(marked: string): Diagnostic {
  const start = marked.indexOf("⟦");
  const end = marked.indexOf("⟧") - 1;
  const found = findings(marked.replace(/[⟦⟧]/g, ""));
  expect(found.map((one) => `${one.code} ${one.message}`)).toHaveLength(1);
  const [one] = found;
  expect(at(one)).toBe(marked.slice(start + 1, end + 1));
  expect(one.span).toEqual({ start, end });
  expect(one.severity).toBe("error");
  expect(one.mend ?? "").not.toBe("");
  return one;
}

interface Case {
  /** Rules and collections of a role A in a program with the collections below; or a whole program. */
  readonly a?: string;
  readonly program?: string;
  readonly code: keyof typeof nameCodes | "DLC501" | "DLC502";
  readonly says: string | RegExp;
  readonly mend?: string | RegExp;
  /** Text that the cause points at. */
  readonly cause?: string;
  /** Whether the first fix leaves a program without findings; false: there is none. */
  readonly fixed?: boolean;
}

const around = (a: string) => `
function double(x: int): int from "./f.ts";
aggregate median(x: float): float from "./f.ts";
aggregate knit(n: int, s: string): string from "./f.ts";
role A {
  input in1(n: int, s: string);
  channel ch(n: int, s: string);
  table t(n: int, s: string);
  table kv(k: string -> v: int);
  table fl(x: float, p: nat);
  table lists(all: list<string>, pairs: list<(int, string)>, j: json);
  table peers(a: addr);
  scratch sc(n: int, s: string);
  scratch one(n: int);
  output out(n: int, s: string);
  timer tick every 1s;
  ${a}
}
role W x4 { channel job(n: int); table kept(n: int); }
role P partitioned by (k) { channel put(k: string, n: int); input host(k: string) sealed by (k); channel whole(k: string) sealed; }
role R replicated x3 { channel put(k: string, n: int) sealed by (k); table rows(k: string); }
`;

const cases: Record<string, readonly Case[]> = {
  names: [
    { a: "⟦Q⟧.put(n) <~ one(n);", code: "DLC201", says: "no role `Q`" },
    { a: "⟦RR⟧.put(s, n) <~ t(n, s);", code: "DLC201", says: "no role `RR`" },
    {
      a: "P.⟦putt⟧(s, n) <~ t(n, s);",
      code: "DLC202",
      says: "role P has no collection `putt`",
      mend: "`put`",
      cause: "P",
      fixed: true,
    },
    {
      a: "t(n, s) <= ⟦inn1⟧(n, s);",
      code: "DLC202",
      says: "role A has no collection `inn1`",
      mend: "Did you mean `in1`?",
      fixed: true,
    },
    { a: "⟦tt⟧(n, s) <= in1(n, s);", code: "DLC202", says: "no collection `tt`" },
    {
      a: "t(n, s) <= ⟦put⟧(s, n);",
      code: "DLC202",
      says: "role A has no collection `put`",
      mend: "`P.put`",
      cause: "put",
    },
    {
      a: "t(m, s) <= in1(n, s), m = ⟦dubble⟧(n);",
      code: "DLC203",
      says: "no function `dubble`",
      mend: "`double`",
      fixed: true,
    },
    { a: "one(n) <= in1(⟦m⟧: n);", code: "DLC204", says: "`in1` has no column `m`", cause: "in1" },
    {
      a: "one(x) <= ab(⟦campain⟧: x); table ab(campaign: int);",
      code: "DLC204",
      says: "`ab` has no column `campain`",
      fixed: true,
    },
    { program: "role A { channel c(k: int) sealed by (⟦kk⟧); }", code: "DLC204", says: "`c` has no column `kk`" },
    {
      program: "role A partitioned by (⟦word⟧) { channel c(wort: string); }",
      code: "DLC204",
      says: "no collection of role A has a column `word`",
      fixed: true,
    },
    { a: "scratch ⟦t⟧(x: int);", code: "DLC205", says: "`t` in role A is declared twice", cause: "t" },
    { a: "scratch x(a: int, ⟦a⟧: int);", code: "DLC205", says: "the column `a` is declared twice", cause: "a" },
    { program: "role A { } role ⟦A⟧ { }", code: "DLC205", says: "role `A` is declared twice", cause: "A" },
    {
      program: 'function f(x: int): int from "./f.ts"; function ⟦f⟧(x: int): int from "./f.ts";',
      code: "DLC205",
      says: "the function `f` is declared twice",
    },
    {
      program: 'function f(x: int): int from "./f.ts"; role A { table ⟦f⟧(x: int); }',
      code: "DLC205",
      says: "also the name of an imported function",
    },
    {
      program: 'aggregate f(x: int): int from "./f.ts"; role A { table ⟦f⟧(x: int); }',
      code: "DLC205",
      says: "also the name of an imported aggregate",
      cause: 'aggregate f(x: int): int from "./f.ts";',
    },
    {
      program: 'function f(x: int): int from "./f.ts"; aggregate ⟦f⟧(x: int): int from "./f.ts";',
      code: "DLC205",
      says: "the aggregate `f` is declared twice",
    },
    {
      a: "one(n) <= in1(_, s), n = ⟦kv⟧(s) + 1;",
      code: "DLC206",
      says: "`kv` is a table, not a function",
      cause: "kv",
    },
    {
      a: "one(n) <= t(n, _), m = ⟦nodes⟧(n), m == m;",
      code: "DLC206",
      says: "`nodes` is the list of a role's instances, not a function",
    },
    { a: "⟦double⟧(n) <= one(n);", code: "DLC206", says: "`double` is a function, not a collection" },
    { a: "⟦median⟧(n) <= one(n);", code: "DLC206", says: "`median` is an aggregate, not a collection" },
    {
      a: "table x(a: ⟦number⟧);",
      code: "DLC207",
      says: "no type `number`",
      mend: "`int` for whole numbers",
      fixed: true,
    },
    { a: "table x(a: ⟦strin⟧);", code: "DLC207", says: "no type `strin`", mend: "`string`", fixed: true },
    { a: "table x(a: list<⟦strin⟧>);", code: "DLC207", says: "no type `strin`", fixed: true },
    { a: "table x(a: ⟦int<string>⟧);", code: "DLC207", says: "takes no type arguments" },
    { a: "table x(a: ⟦list<int, int>⟧);", code: "DLC207", says: "`list` takes the type of its elements" },
  ],
  "not in this version": [
    {
      program: "role A replicated { table t(x: int) ⟦shared⟧; }",
      code: "DLC208",
      says: "`shared` tables are not in this version",
    },
    {
      program: "role A replicated { table t(x: int) ⟦serializable⟧; }",
      code: "DLC208",
      says: "`serializable` tables are not in this version",
    },
  ],
  lattices: [
    { a: "table x(a: ⟦lset⟧);", code: "DLC207", says: "`lset` is written `lset<T>`" },
    { a: "table x(a: lset<⟦lmax<int>⟧>);", code: "DLC207", says: "`T` of `lset` is a plain type" },
    { a: "table x(a: lmap<string, ⟦int⟧>);", code: "DLC207", says: "`L` of `lmap` is a lattice" },
    { a: "table x(a: lpset<⟦string⟧>);", code: "DLC207", says: "`lpset` adds its elements up" },
    { a: "table x(a: list<⟦lset<int>⟧>);", code: "DLC207", says: "cannot stand inside a list or tuple" },
    { a: "table x(a: ⟦lst<int>⟧);", code: "DLC207", says: "there is no type `lst`" },
    { program: 'lattice ⟦int⟧ from "./b.ts";', code: "DLC205", says: "`int` is a type of the language" },
    { program: 'lattice Ballot from ⟦"ballot"⟧;', code: "DLC501", says: "is not the path of a module" },
    {
      program: 'lattice Ballot from "./b.ts"; role A { table t(b: ⟦Ballot<int>⟧); }',
      code: "DLC207",
      says: "`Ballot` takes no type arguments",
    },
    { a: "table x(⟦v⟧: lmax<int> -> k: int);", code: "DLC209", says: "`v` is a lattice and stands before `->`" },
    {
      a: "table x(k: int -> ⟦n⟧: int, v: lmax<int>);",
      code: "DLC209",
      says: "`n` stands after `->` beside lattice columns",
    },
    { program: "role A { input i(n: ⟦gcounter⟧); }", code: "DLC209", says: "a host has no value of type `gcounter`" },
    {
      program: "role A { input i(k: int, v: lmax<int>) sealed by (⟦v⟧); }",
      code: "DLC209",
      says: "`v` is a lattice, and a seal closes",
    },
    {
      program: "role A partitioned by (k) { channel ⟦c⟧(k: lmax<int>); }",
      code: "DLC209",
      says: "so no instance owns its values",
    },
    {
      a: "table x(k: int, v: lmax<int>); one(k) <= t(k, _), not x(k, ⟦3⟧);",
      code: "DLC209",
      says: "under `not` only `_` can stand here",
    },
    {
      a: "table x(k: int, v: lmax<int>); one(⟦v⟧) <= x(_, v);",
      code: "DLC230",
      says: "is of type int, but this is of type lmax<int>",
    },
    {
      a: "table x(k: int, v: lmax<int>); one(⟦v * 2⟧) <= x(_, v);",
      code: "DLC232",
      says: "`*` does not apply to lmax<int> and int",
    },
    {
      a: "table x(k: int, v: lmax<int>); x(k, ⟦s⟧) <= t(k, s);",
      code: "DLC230",
      says: "is of type lmax<int>, but this is of type string",
    },
    {
      a: "table x(k: int, v: gcounter); x(k, ⟦1⟧) <= t(k, _);",
      code: "DLC230",
      says: "is of type gcounter, but 1 is of type int",
    },
    { a: "one(⟦inc(1)⟧) <= t(_, _);", code: "DLC209", says: "`inc` is an update" },
    {
      a: "table x(k: int, v: gcounter); x(k, ⟦inc(1, 2)⟧) <= t(k, _);",
      code: "DLC210",
      says: "`inc` takes 1 argument here, and 2 are given",
    },
    {
      a: "table x(k: int, v: orset<int>); x(k, ⟦remove(k)⟧) <+ t(k, _);",
      code: "DLC209",
      says: "is merged into a table with `<=`",
    },
    {
      a: "scratch x(k: int, v: lww<string>); x(k, ⟦s⟧) <= t(k, s);",
      code: "DLC209",
      says: "is merged into a table with `<=`",
    },
    {
      a: "table x(k: int, v: lset<int>); one(k) <= x(k, v), ⟦size(v, 1)⟧ >= 2;",
      code: "DLC210",
      says: "`size` takes 1 argument here",
    },
    {
      a: "table x(k: int, v: lset<int>); one(k) <= x(k, v), at(⟦v⟧, 1) >= 2;",
      code: "DLC230",
      says: "`at` is an operation of",
    },
    { a: "one(n) <= t(n, s), whenTrue(⟦s⟧);", code: "DLC230", says: "`whenTrue` is an operation of `lbool`" },
    { a: "one(n) <= t(n, s), m = ⟦reveal(s)⟧, m == m;", code: "DLC230", says: "`reveal` takes a lattice value" },
    {
      a: "table x(k: int, v: lset<int>); x(k, map(v, ⟦3⟧)) <= x(k, v);",
      code: "DLC230",
      says: "the name of a function stands here",
    },
    {
      a: "table x(k: int, v: lset<int>); x(k, filter(v, ⟦abs⟧)) <= x(k, v);",
      code: "DLC230",
      says: "`filter` takes a function to bool",
    },
    {
      a: "table x(k: int, v: lset<int>); x(k, ⟦{s}⟧) <= t(k, s);",
      code: "DLC230",
      says: "is of type lset<int>, but this is of type lset<string>",
    },
    {
      a: "table x(k: int, v: lmax<int>); x(k, 3) <= x(k, v), ⟦not one(k)⟧; one(k) <= x(k, v), v >= 3;",
      code: "DLC260",
      says: "depends on its own absence",
    },
    {
      a: "table x(k: int, v: lmax<int>); x(k, reveal(v) + 1) <= ⟦x(k, v)⟧;",
      code: "DLC260",
      says: "depends on a plain value of itself",
    },
  ],
  arguments: [
    {
      a: "one(n) <= ⟦in1(n)⟧;",
      code: "DLC210",
      says: "`in1` has 2 columns (n: int, s: string), and 1 is given",
      cause: "in1",
    },
    { a: "one(n) <= in1(n, s, ⟦x⟧);", code: "DLC210", says: "and 3 are given" },
    { a: "⟦t(n)⟧ <= in1(n, _);", code: "DLC210", says: "`t` has 2 columns" },
    { a: "⟦t⟧ <= one;", code: "DLC210", says: "`t` has 2 columns, but `one` has 1", cause: "one" },
    {
      a: "one(m) <= t(n, _), m = ⟦double(n, n)⟧;",
      code: "DLC210",
      says: "`double` takes 1 argument (x: int), and 2 are given",
      cause: 'function double(x: int): int from "./f.ts";',
    },
    { a: "one(m) <= t(_, s), m = ⟦length(s, s)⟧;", code: "DLC210", says: "`length` takes 1 argument, and 2 are given" },
    { a: "⟦t(n: x)⟧ <= one(x);", code: "DLC211", says: "no value for `s`", cause: "t" },
    { a: "one(n) <= t(n: n, ⟦_⟧);", code: "DLC212", says: "positional and named arguments are mixed" },
    { a: "one(n) <= t(n: n, ⟦n⟧: 3);", code: "DLC212", says: "the column `n` is given twice" },
    {
      a: "one(n) <= one(n), t(⟦n + 1⟧, _);",
      code: "DLC213",
      says: "not an expression",
      mend: "`n2 = n + 1`",
      fixed: true,
    },
    { a: "one(n) <= one(n), not t(⟦double(n)⟧, _);", code: "DLC213", says: "not an expression", fixed: true },
    { a: "one(n) <= one(n), ⟦t⟧;", code: "DLC214", says: "`t` stands here without arguments", mend: "`t(_, _)`" },
  ],
  writes: [
    {
      a: "⟦in1⟧(n, s) <= t(n, s);",
      code: "DLC220",
      says: "no rule can write `in1`: an input is written by the host",
      cause: "in1",
    },
    { a: "⟦tick⟧() <= t(_, _);", code: "DLC220", says: "a timer is written by the clock" },
    { a: "⟦W.nodes⟧(a) <= peers(a);", code: "DLC220", says: "the addresses of a role come from the deployment" },
    { a: "ch(n, s) ⟦<=⟧ t(n, s);", code: "DLC220", says: "`<=` does not write a channel", cause: "ch", fixed: true },
    { a: '⟦ch⟧(1, "a");', code: "DLC220", says: "a fact does not write a channel" },
    {
      a: "t(n, s) ⟦<~⟧ in1(n, s);",
      code: "DLC220",
      says: "`<~` does not write a table",
      mend: "`<=`, `<+`, `<-` or `<+-`",
    },
    { a: "R.rows(s) ⟦<~⟧ in1(_, s);", code: "DLC220", says: "`<~` does not write a table", mend: "`R.put`" },
    { a: "sc(n, s) ⟦<-⟧ in1(n, s);", code: "DLC220", says: "`<-` does not write a scratch" },
    { a: "out(n, s) ⟦<+⟧ in1(n, s);", code: "DLC220", says: "`<+` does not write an output" },
    { a: "⟦R.rows⟧(s) <= in1(_, s);", code: "DLC221", says: "`<=` cannot write `R.rows` in another role" },
    {
      a: "⟦R.put⟧(s, n) <= in1(n, s);",
      code: "DLC221",
      says: "`<=` cannot write `R.put` in another role",
      fixed: true,
    },
    { a: "one(1) <= ⟦R.rows⟧(_);", code: "DLC222", says: "role A cannot read `R.rows`", cause: "rows" },
    { a: "t(n, s) ⟦<+-⟧ in1(n, s);", code: "DLC223", says: "`t` declares no key", mend: "`t(n -> s)`" },
    { a: "⟦W.job⟧(n) <~ one(n);", code: "DLC224", says: "role W has 4 independent instances", cause: "W", fixed: true },
    { a: 't@⟦a⟧(1, "x") <= peers(a);', code: "DLC225", says: "an address belongs to `<~`" },
    { a: '⟦t@*(1, "x")⟧ <+ peers(_);', code: "DLC225", says: "an address belongs to `<~`" },
    {
      program: "role A partitioned by (k) { channel c(k: int); channel ⟦d⟧(x: int); }",
      code: "DLC226",
      says: "channel `d` has no column `k`",
      cause: "k",
    },
    {
      program: "role A partitioned by (k) { channel c(k: int); channel ⟦d⟧(k: string); }",
      code: "DLC226",
      says: "`k` is string in channel `d`, and int in `c`",
    },
  ],
  types: [
    {
      a: "one(⟦s⟧) <= in1(_, s);",
      code: "DLC230",
      says: "column `n` of `one` is of type int, but this is of type string",
      mend: "parseInt(s)",
      cause: "one",
      fixed: true,
    },
    { a: "t(n, ⟦n⟧) <= one(n);", code: "DLC230", says: "is of type string, but this is of type int", fixed: true },
    {
      a: "table ns(n: int, s: int); ⟦ns⟧ <= t;",
      code: "DLC230",
      says: "column `s` of `ns` is of type int, but this is of type string",
      mend: "`ns(n, s) <= t(n, s)`",
      fixed: false,
    },
    {
      a: "table bs(n: int, b: bool); table lb(n: int, b: lbool); ⟦bs⟧ <= lb;",
      code: "DLC230",
      says: "column `b` of `bs` is of type bool, but this is of type lbool",
      mend: "`bs(n, b) <= lb(n, b)`",
      fixed: false,
    },
    { a: 'one(⟦"x"⟧);', code: "DLC230", says: 'but "x" is of type string' },
    { a: "one(⟦1.5⟧);", code: "DLC230", says: "but 1.5 is of type float" },
    { a: "fl(1, ⟦-1⟧);", code: "DLC230", says: "column `p` of `fl` is of type nat", mend: "no negative numbers" },
    { a: "one(n) <= t(n, ⟦3⟧);", code: "DLC230", says: "column `s` of `t` is of type string, but this is of type int" },
    { a: "one(n) <= t(n, ⟦self⟧);", code: "DLC230", says: "but this is of type addr" },
    {
      a: "peers(⟦s⟧) <= in1(_, s);",
      code: "DLC230",
      says: "is of type addr, but this is of type string",
      mend: "`self`",
    },
    { a: "W.job@⟦s⟧(n) <~ t(n, s);", code: "DLC230", says: "an address is of type addr, but this is of type string" },
    {
      a: "one(n) <= one(n), ⟦n + 1⟧;",
      code: "DLC230",
      says: "a condition of a body is of type bool, but this is of type int",
    },
    {
      a: "one(m) <= t(_, s), m = double(⟦s⟧);",
      code: "DLC230",
      says: "parameter `x` of `double` is of type int, but this is of type string",
      fixed: true,
    },
    {
      a: "one(m) <= one(n), m = ⟦length(n)⟧;",
      code: "DLC230",
      says: "`length` does not take (int)",
      mend: "length(string): nat",
    },
    {
      a: "one(n) <= one(n), x in ⟦n⟧, x == 1;",
      code: "DLC230",
      says: "`in` ranges over a list, but this is of type int",
    },
    { a: "one(1) <= t(_, s), x in ⟦s⟧, x == x;", code: "DLC230", says: "`in` ranges over a list", mend: "split" },
    {
      a: "one(n) <= lists(_, ps, _), ⟦(n, b, c)⟧ in ps, b == c;",
      code: "DLC230",
      says: "does not fit",
      mend: "They have 2 parts.",
    },
    {
      a: "one(m) <= one(n), m = if ⟦n⟧ then 1 else 2;",
      code: "DLC230",
      says: "a condition is of type bool, but this is of type int",
    },
    { a: "one(n) <= one(n), n > 1 && ⟦n⟧;", code: "DLC230", says: "each side of `&&` is of type bool" },
    { a: "one(n) <= one(n), !⟦n⟧;", code: "DLC230", says: "what `!` negates is of type bool" },
    {
      code: "DLC230",
      says: "of type int, but this is of type float",
      program: "role A { table one(n: int); table fl(x: float); one(⟦n⟧) <= fl(n); }",
      mend: "round(n)",
      fixed: true,
    },
    { a: "t(1, ⟦avg(x)⟧) <= fl(x, _);", code: "DLC230", says: "but `avg` gives float" },
    {
      a: "one(n) <= t(n, _), kv(_, n), in1(_, ⟦n⟧);",
      code: "DLC231",
      says: "`n` is of type int, but column `s` of `in1` is of type string",
      cause: "n",
    },
    {
      a: "one(n) <= one(n), fl(⟦n⟧, _);",
      code: "DLC231",
      says: "`n` is of type int, but column `x` of `fl` is of type float",
      mend: "`toFloat(n) == other`",
    },
    { a: "one(n) <= one(n), not in1(_, ⟦n⟧);", code: "DLC231", says: "`n` is of type int, but column `s` of `in1`" },
    {
      a: "one(n) <= t(n, s), ⟦n == s⟧;",
      code: "DLC232",
      says: "`n` is of type int and `s` of type string: they cannot be compared",
    },
    {
      a: "one(1) <= peers(a), t(_, s), ⟦a == s⟧;",
      code: "DLC232",
      says: "cannot be compared",
      mend: "Compare addresses",
    },
    {
      a: "t(n, x) <= t(n, s), x = ⟦s + n⟧;",
      code: "DLC232",
      says: "`+` does not apply to string and int",
      mend: "toString(n)",
      fixed: true,
    },
    { a: "one(x) <= t(n, s), x = ⟦s * n⟧;", code: "DLC232", says: "`*` does not apply to string and int" },
    {
      a: "one(1) <= lists(a, _, _), b = ⟦a + a⟧, b == b;",
      code: "DLC232",
      says: "`+` does not apply to list<string>",
      mend: "concat",
    },
    { a: 'one(n) <= one(n), ⟦-"a"⟧ == n;', code: "DLC232", says: "`-` takes a number" },
    {
      a: 'one(n) <= one(n), x = if n > 1 then 1 else ⟦"a"⟧, x == x;',
      code: "DLC232",
      says: "`then` gives int, but `else` gives string",
      cause: "1",
    },
    {
      a: 'W.job@⟦"R#0"⟧(n) <~ one(n);',
      code: "DLC230",
      says: "an address of role R, and `job` is a channel of role W",
      cause: "job",
    },
    { a: "one(x) <= one(_), x in ⟦[]⟧;", code: "DLC233", says: "nothing says what the elements" },
    { a: "one(1) <= one(_), x = ⟦[]⟧, size(x) == 0;", code: "DLC233", says: "nothing says what the elements" },
    { a: 'one(n) <= one(n), x = [1, ⟦"a"⟧], x == x;', code: "DLC232", says: "the elements of a list have one type" },
  ],
  safety: [
    { a: "t(n, ⟦x⟧) <= one(n);", code: "DLC240", says: "`x` has no value" },
    {
      a: "one(n) <= ab(_, campaign), n = ⟦campain⟧; table ab(x: int, campaign: int);",
      code: "DLC240",
      says: "`campain` has no value",
      mend: "`campaign`",
      fixed: true,
    },
    { a: "one(n) <= one(n), not t(n, ⟦s⟧);", code: "DLC240", says: "`s` has no value", mend: "Write `_`" },
    { a: "one(n) <= one(n), ⟦x⟧ == n + 1;", code: "DLC240", says: "`x` has no value", mend: "write `=`" },
    { a: "one(n) <= one(n), n > ⟦kv⟧;", code: "DLC240", says: "`kv` has no value", mend: "`kv(_, _)`" },
    { a: "one(⟦n⟧);", code: "DLC240", says: "`n` has no value" },
    { a: "one(x) <= one(_), x = ⟦y⟧ + 1, z = x, z == x;", code: "DLC240", says: "`y` has no value" },
    { a: "one(b) <= one(a), range(a, ⟦b⟧);", code: "DLC240", says: "`b` has no value" },
    { a: "W.job@⟦a⟧(n) <~ one(n);", code: "DLC240", says: "`a` has no value" },
    {
      a: "one(x) <= one(_), ⟦x = y + 1⟧, y = x - 1;",
      code: "DLC241",
      says: "`x` and `y` are computed from one another",
    },
    { a: "one(x) <= one(_), ⟦x = x + 1⟧;", code: "DLC241", says: "`x` is computed from itself", mend: "another name" },
    { a: "one(⟦_⟧) <= one(_);", code: "DLC242", says: "`_` has no value" },
    { a: "one(n) <= one(n), n > ⟦_⟧;", code: "DLC242", says: "`_` has no value" },
  ],
  aggregates: [
    { a: "one(⟦count()⟧ + 1) <= t(_, _);", code: "DLC250", says: "the aggregate `count` cannot stand here" },
    { a: "one(n) <= t(n, _), n > ⟦max(n)⟧;", code: "DLC250", says: "the aggregate `max` cannot stand here" },
    {
      a: "one(m) <= kv(_, n), m = ⟦min(n, 3)⟧;",
      code: "DLC250",
      says: "`min` cannot stand here",
      mend: "least(a, b)",
      fixed: true,
    },
    { a: "one(⟦sum()⟧) <= t(_, _);", code: "DLC251", says: "`sum` takes 1 argument, and 0 are given", mend: "sum(e)" },
    { a: "one(⟦argmin(n)⟧) <= t(n, _);", code: "DLC251", says: "`argmin` takes 2 arguments, and 1 is given" },
    { a: "one(⟦count(n)⟧) <= t(n, _);", code: "DLC251", says: "`count` counts the valuations", fixed: true },
    { a: "one(⟦sum(distinct n)⟧) <= t(n, _);", code: "DLC251", says: "`distinct` belongs to `count`" },
    { a: "one(m) <= t(n, _), m = ⟦double(distinct n)⟧;", code: "DLC251", says: "`distinct` belongs to `count`" },
    { a: "one(⟦sum(s)⟧) <= t(_, s);", code: "DLC251", says: "`sum` adds numbers, and this is of type string" },
    { a: "fl(x, 1) <= fl(y, _), x = ⟦median(y)⟧;", code: "DLC250", says: "the aggregate `median` cannot stand here" },
    { a: "one(n) <= t(n, s), ⟦knit(n, s)⟧;", code: "DLC250", says: "the aggregate `knit` cannot stand here" },
    { a: "fl(⟦median(y)⟧ + 1.0, 1) <= fl(y, _);", code: "DLC250", says: "the aggregate `median` cannot stand here" },
    {
      a: "fl(median(⟦median(y)⟧), 1) <= t(n, _), y = toFloat(n);",
      code: "DLC250",
      says: "the aggregate `median` cannot stand here",
    },
    {
      a: "fl(⟦median(distinct n)⟧, 1) <= t(n, _);",
      code: "DLC251",
      says: "`distinct` belongs to `count`, and `median` is an imported aggregate",
    },
    {
      a: "fl(⟦median(n, n)⟧, 1) <= t(n, _);",
      code: "DLC210",
      says: "`median` takes 1 argument (x: float), and 2 are given",
      cause: 'aggregate median(x: float): float from "./f.ts";',
    },
    {
      a: "sc(1, knit(n, ⟦n⟧)) <= t(n, _);",
      code: "DLC230",
      says: "parameter `s` of `knit` is of type string, but this is of type int",
      cause: 'aggregate knit(n: int, s: string): string from "./f.ts";',
    },
    {
      a: "one(⟦median(y)⟧) <= fl(y, _);",
      code: "DLC230",
      says: "but `median` gives float",
      mend: "Declare the column",
    },
    { a: "one(n) <= t(n, _) having ⟦median(toFloat(n))⟧;", code: "DLC230", says: "a condition of `having`" },
    { a: "one(n) <= t(n, s) having knit(n, s) != ⟦s⟧;", code: "DLC252", says: "`s` is not part of the group" },
    { program: 'aggregate ⟦f⟧(): int from "./f.ts";', code: "DLC253", says: "`f` has no parameter", mend: "count()" },
    { program: 'aggregate f(x: int): int from ⟦"f"⟧;', code: "DLC501", says: "is not the path of a module" },
    { a: "one(n) <= t(n, _) having ⟦n > 3⟧;", code: "DLC252", says: "this rule has none" },
    {
      a: 'one(n) <= t(n, s) having count() > 3, ⟦s⟧ == "a";',
      code: "DLC252",
      says: "`s` is not part of the group",
      cause: "one(n)",
    },
  ],
  seals: [
    { a: "seal ⟦R.rows⟧(k: s) <~ t(_, s);", code: "DLC272", says: "`rows` promises no seal", cause: "rows" },
    { a: "seal ⟦ch⟧(n: n) <= one(n);", code: "DLC272", says: "`ch` promises no seal", mend: "`sealed by (n)`" },
    {
      a: "seal R.put(⟦n⟧: n) <~ one(n);",
      code: "DLC273",
      says: "`put` is sealed by `k`, and the seal names `n`",
      cause: "sealed by (k)",
    },
    {
      a: "seal ⟦R.put⟧ <~ one(_);",
      code: "DLC273",
      says: "and the seal names no column",
      mend: "`seal R.put(k: ...)`",
    },
    { a: "seal P.whole(⟦k⟧: s) <~ t(_, s);", code: "DLC273", says: "sealed as a whole" },
    { a: "seal ⟦R.put⟧(k: s) <= t(_, s);", code: "DLC274", says: "belongs to another role" },
    {
      program: "role A { input i(k: int) sealed by (k); table over(k: int); seal ⟦i⟧(k: x) <~ over(x); }",
      code: "DLC274",
      says: "`i` belongs to this role",
    },
    { a: "seal ⟦P.host⟧(k: s) <~ t(_, s);", code: "DLC221", says: "only the host of role P seals its input `host`" },
    { a: "seal R.put(k: ⟦n⟧) <~ one(n);", code: "DLC230", says: "column `k` of `put` is of type string" },
  ],
  modifiers: [
    {
      a: "scratch x(a: int) ⟦durable⟧;",
      code: "DLC270",
      says: "a scratch cannot be `durable`",
      mend: "only on tables",
      fixed: true,
    },
    { a: "table x(a: int) ⟦lossy⟧;", code: "DLC270", says: "a table cannot be `lossy`", fixed: true },
    {
      a: "table x(a: int) ⟦sealed by (a)⟧;",
      code: "DLC270",
      says: "a table cannot be `sealed`",
      mend: "inputs or channels",
    },
    { a: "table x(a: int -> b: int) ⟦unique⟧;", code: "DLC270", says: "a table cannot be `unique`" },
    { a: "channel x(a: int) ⟦unique⟧;", code: "DLC270", says: "declares no key" },
    { a: "table x(a: int) ⟦eventual⟧;", code: "DLC270", says: "a table cannot be `eventual`" },
    {
      a: "channel x(a: int) sealed by (a) ⟦lossy⟧;",
      code: "DLC271",
      says: "sealed, so it cannot be lossy",
      cause: "sealed by (a)",
      fixed: true,
    },
    { a: "output x(a: int) any ⟦agreed⟧;", code: "DLC271", says: "two levels", fixed: true },
  ],
  annotations: [
    { a: "⟦@coordinate(none)⟧ one(n) <= t(n, s), not in1(n, s);", code: "DLC280", says: "needs a reason" },
    { a: '⟦@allow(weaker, " ")⟧ one(n) <= t(n, s), not in1(n, s);', code: "DLC280", says: "needs a reason" },
    {
      a: "@coordinate(seal by (⟦kk⟧)) one(n) <= t(n, s), not in1(n, s);",
      code: "DLC281",
      says: "`kk` is neither a variable",
    },
    {
      a: "@coordinate(order) ⟦@coordinate(barrier)⟧ one(n) <= t(n, s), not in1(n, s);",
      code: "DLC282",
      says: "`@coordinate` twice",
    },
  ],
  timers: [{ program: "role A { timer ⟦t⟧ every 1000h; }", code: "DLC290", says: "longer than timers run" }],
  modules: [
    { program: "module Mod { } role A { use ⟦Mods⟧ as m; }", code: "DLC292", says: "no module `Mods`", fixed: true },
    { program: "module M(P: ⟦rol⟧) { }", code: "DLC292", says: "no module `rol`", mend: "`role`", fixed: true },
    { program: "module M { use ⟦N⟧ as n; }", code: "DLC292", says: "no module `N`" },
    { program: "module M { } use M as m in ⟦Aa⟧; role A { }", code: "DLC201", says: "no role `Aa`" },
    { program: "module M(P: role) { } role A { use M(⟦B⟧) as m; }", code: "DLC201", says: "no role `B`" },
    {
      program: "module M<T> { in s(x: T); } role A { use ⟦M⟧ as m; }",
      code: "DLC293",
      says: "module M has 1 type parameter (T), and 0 are given",
      mend: "`use M<T> …`",
      cause: "M",
    },
    {
      program: "module M { } role A { use ⟦M⟧<int> as m; }",
      code: "DLC293",
      says: "no type parameters, and 1 is given",
      mend: "Leave the brackets out.",
    },
    {
      program: "module M(P: role) { } role A { use ⟦M⟧(A, A) as m; }",
      code: "DLC293",
      says: "module M has 1 role parameter (P), and 2 are given",
    },
    { program: "module M { use ⟦M⟧ as m; } role A { use M as a; }", code: "DLC293", says: "module M uses itself" },
    {
      program: "module M { } module C(P: M) { } role A { } role B { use C(⟦A⟧) as c; }",
      code: "DLC293",
      says: "`P` must be a role with a copy of module M, and role A has none",
      cause: "P",
    },
    {
      program: "module M { } module C(P: M) { } role A { use M as m; use M as n; use C as ⟦c⟧; }",
      code: "DLC293",
      says: "role A has several copies of module M: `A.m`, `A.n`",
      mend: "`C(A.m)`",
    },
    {
      program: "module M { table kept(x: int); } role A { use M as m; output o(x: int); o(x) <= ⟦m.kept⟧(x); }",
      code: "DLC294",
      says: "`m.kept` is private to the copy `m` of module M",
      mend: "it has no interface",
      cause: "kept",
    },
    {
      program:
        "module N { out x(a: int); } module M { use N as n; } role A { use M as m; output o(x: int); o(x) <= ⟦m.n.x⟧(x); }",
      code: "DLC294",
      says: "inside of the copy `m`",
    },
    {
      program: "module M { channel c(x: int); } role A { use M as m; } role B { input i(x: int); ⟦A.m⟧.c(x) <~ i(x); }",
      code: "DLC294",
      says: "`A.m` is a copy of a module",
      mend: "role parameter",
    },
    {
      program: "module M { in s(x: int); } role A { use M as m; output o(x: int); o(x) <= ⟦m.s⟧(x); }",
      code: "DLC295",
      says: "`m.s` is written by this role and read by the module",
      cause: "s",
    },
    {
      program: "module M { out s(x: int); } role A { use M as m; input i(x: int); ⟦m.s⟧(x) <= i(x); }",
      code: "DLC295",
      says: "`m.s` is written by the module",
    },
    {
      program: "module M { in s(x: int); in t(x: int); ⟦s⟧(x) <= t(x); }",
      code: "DLC295",
      says: "`s` is written by the role that uses the module",
    },
    {
      program: "module M { in send(x: int); } role A { use M as m; input i(x: int); m.⟦sned⟧(x) <= i(x); }",
      code: "DLC202",
      says: "module M has no collection `sned`",
      mend: "`send`",
      fixed: true,
    },
    {
      program: "module M { in item(x: int); table t(x: int); t(x) <= ⟦itme⟧(x); }",
      code: "DLC202",
      says: "module M has no collection `itme`",
      fixed: true,
    },
    {
      program: "module M { in s(x: int); ⟦t⟧(x) <= s(x); } role A { table t(x: int); use M as m; use M as n; }",
      code: "DLC202",
      says: "module M has no collection `t`",
    },
    { program: "module M<T> { in s(x: T); } role A { use M<⟦strin⟧> as m; }", code: "DLC207", says: "no type `strin`" },
    { program: "module M<T> { in s(x: ⟦T<int>⟧); }", code: "DLC207", says: "`T` takes no type arguments" },
    {
      program: "module M { } role A { use M as m; } use M as ⟦m⟧ in A;",
      code: "DLC205",
      says: "copy `m` in role A",
      cause: "m",
    },
    { program: "module M { } role A { use M as ⟦B⟧; } role B { }", code: "DLC205", says: "also the name of a role" },
    { program: "module M { } module ⟦M⟧ { }", code: "DLC205", says: "module `M` is declared twice" },
    { program: "module M<T>(⟦T⟧: role) { in s(x: T); }", code: "DLC205", says: "the parameter `T`" },
    {
      program: "module M { table t(x: int); table ⟦t⟧(x: int); } role A { use M as m; }",
      code: "DLC205",
      says: "`t` in module M",
    },
    {
      program: "module M(P: role) { table t(x: int); t(x) <= ⟦P.t⟧(x); }",
      code: "DLC222",
      says: "a module cannot read `P.t`",
    },
    { program: "module M(P: role) { in s(x: int); ⟦P.t⟧(x) <= s(x); }", code: "DLC221", says: "cannot write `P.t`" },
    {
      program: "module M(P: M) { table t(x: int); t(x) <= ⟦P.t⟧(x); } role A { use M as m; }",
      code: "DLC222",
      says: "module M cannot read `P.t`",
    },
    {
      program: "module M(P: M) { table t(x: int); in s(x: int); ⟦P.t⟧(x) <= s(x); } role A { use M as m; }",
      code: "DLC221",
      says: "`<=` cannot write `P.t` in another role",
    },
    {
      program:
        "module M<T> { in s(x: T); out o(x: int); o(⟦x⟧) <= s(x); } role A { use M<string> as m; use M<int> as n; }",
      code: "DLC230",
      says: "but this is of type string (in `m`, a copy of module M in role A)",
    },
    {
      program: "module M(P: role) { in s(x: int); P.⟦c⟧(x) <~ s(x); } role A { use M(B) as m; } role B { }",
      code: "DLC202",
      says: "role B has no collection `c` (in `m`, a copy of module M in role A)",
    },
    {
      program:
        "module M { channel c(x: int); in s(x: int); ⟦c⟧(x) <~ s(x); } role A { use M as m; } role B x3 { use M as m; }",
      code: "DLC224",
      says: "role B has 3 independent instances, so this message needs an address (in `m`, a copy of module M in role B)",
    },
    {
      program: "module M { channel ⟦c⟧(x: int); } role A partitioned by (k) { use M as m; input i(k: int); }",
      code: "DLC226",
      says: "channel `m.c` has no column `k`",
    },
  ],
  functions: [
    { program: 'function f(x: int): int from ⟦"text"⟧;', code: "DLC501", says: "is not the path of a module" },
    { program: 'function ⟦f⟧(): int from "./f.ts" injective;', code: "DLC502", says: "no parameter" },
  ],
};

describe("every finding names the token, says what and offers a mend", () => {
  for (const [group, list] of Object.entries(cases)) {
    describe(group, () => {
      for (const one of list) {
        const text = one.program ?? around(one.a as string);
        it(`${one.code}: ${one.program ?? one.a}`, () => {
          const found = finding(text);
          expect(found.code).toBe(one.code);
          expect(found.message).toMatch(one.says);
          if (one.mend !== undefined) expect(found.mend).toContain(one.mend);
          if (one.cause !== undefined)
            expect(found.cause && found.cause.file.text.slice(found.cause.span.start, found.cause.span.end)).toBe(
              one.cause,
            );
          if (one.fixed) expect(findings(fix(found)).map((left) => left.message)).toEqual([]);
          if (one.fixed === false) expect(found.fixes ?? []).toEqual([]);
        });
      }
    });
  }
  it("covers every code of the group", () => {
    const seen = new Set<string>(
      Object.values(cases)
        .flat()
        .map((one) => one.code),
    );
    expect(Object.keys(nameCodes).filter((code) => !seen.has(code))).toEqual([
      // Of the whole program: unused.test.ts.
      "DLC261",
      "DLC262",
      // Of files: modules.test.ts.
      "DLC291",
    ]);
  });
});

/** The program after the first fix. */
function fix(found: Diagnostic): string {
  let text = found.file.text;
  const edits = [...(found.fixes?.[0].edits ?? [])].sort((a, b) => b.span.start - a.span.start);
  expect(edits.length).toBeGreaterThan(0);
  for (const { span, text: put } of edits) text = text.slice(0, span.start) + put + text.slice(span.end);
  return text;
}

describe("strata", () => {
  it("shows a cycle through not, with the rule of each edge", () => {
    const found = finding(`role A {
  table move(a: string, b: string);
  scratch win(x: string);
  scratch beaten(x: string);
  beaten(y) <= move(_, y), win(y);
  win(x) <= move(x, y), ⟦not beaten(y)⟧;
}`);
    expect(found.code).toBe("DLC260");
    expect(found.message).toBe(
      "`win` depends on its own absence within one step:\n" +
        "  win needs not beaten: rule win#1, line 6\n" +
        "  beaten needs win: rule beaten#1, line 5",
    );
    expect(found.cause?.file.text.slice(found.cause.span.start, found.cause.span.end)).toBe(
      "beaten(y) <= move(_, y), win(y);",
    );
    expect(found.mend).toContain("`<+`");
  });

  it("shows a collection that aggregates itself", () => {
    const found = finding("role A { scratch s(n: int); s(count()) <= ⟦s(_)⟧; }");
    expect(found.message).toBe(
      "`s` depends on an aggregate of itself within one step:\n  s needs an aggregate of s: rule s#1, line 1",
    );
  });

  it("shows a collection that an imported aggregate sums up for itself", () => {
    const program = 'aggregate f(x: int): int from "./f.ts"; role A { scratch s(n: int); s(f(n)) <= ⟦s(n)⟧; }';
    expect(finding(program).message).toContain("`s` depends on an aggregate of itself within one step");
  });

  it("counts an aggregate in having", () => {
    expect(finding("role A { scratch s(n: int); s(n) <= ⟦s(n)⟧ having count() > 2; }").code).toBe("DLC260");
  });

  it("names each rule that closes a cycle once", () => {
    const found = findings(
      "role A { scratch a(n: int); scratch b(n: int); table t(n: int); a(n) <= t(n), not b(n); b(n) <= t(n), not a(n); }",
    );
    expect(found.map((one) => [one.code, at(one)])).toEqual([
      ["DLC260", "not b(n)"],
      ["DLC260", "not a(n)"],
    ]);
  });

  it("lets the next step break a cycle", () => {
    expect(
      findings("role A { scratch a(n: int); table t(n: int); a(n) <= t(n), not b(n); table b(n: int); b(n) <+ a(n); }"),
    ).toEqual([]);
  });

  it("lets a recursion without not be", () => {
    expect(
      findings(
        "role A { table e(a: int, b: int); scratch r(a: int, b: int); r(a, b) <= e(a, b); r(a, c) <= r(a, b), r(b, c); }",
      ),
    ).toEqual([]);
  });
});

describe("many findings in one run", () => {
  it("goes on after an error, and does not repeat it", () => {
    const found = findings(around("t(n, s) <= missing(n, s, x), n > 3; one(s) <= in1(_, s); t(n, q) <= one(n);"));
    expect(found.map((one) => [one.code, at(one)])).toEqual([
      ["DLC202", "missing"],
      ["DLC230", "s"],
      ["DLC240", "q"],
    ]);
  });

  it("says once that a variable has no value", () => {
    expect(findings(around("t(x, toString(x)) <= one(n), x > 3, x < n;"))).toHaveLength(1);
  });
});
