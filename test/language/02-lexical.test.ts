/**
 * language.md, section 2: what programs are written in. Elsewhere:
 *   comments of both kinds, anywhere          parse.test.ts "comments, line ends and white space anywhere"
 *   statements end in `;`                     parse-errors.test.ts "what the scanner sees"
 *   escapes that JavaScript does not have     parse-errors.test.ts "one bad statement in a role"
 *   modifiers in any order                    parse.test.ts "modifiers in any order"
 *   durations in all units                    parse.test.ts "timers"
 * Percentages are expected nowhere in sections 1 to 10.
 */
import { describe, expect, test } from "vitest";
import { emit } from "../../src/compiler/5-emit/emit.ts";
import { check } from "../support/check.ts";
import { errors, mend, role, trace } from "../support/language.ts";

const documented = `
/// Who has asked, and what was said.
/// A second line, with */ in it.
role R {
  /// Names.
  input ask(name: string);
  /// Each name once,
  ///   however often it came.
  table asked(name: string);
  /// Greetings.
  output hello(name: string) eventual;
  /// A way to itself.
  channel again(name: string) sealed by (name);
  timer tick every 1s; // no documentation
  //// nor this
  scratch view(name: string);

  /// Whoever asks is kept.
  asked(n) <= ask(n);
  @coordinate(none, "a reason")
  /// Documented below its annotation.
  view(n) <= asked(n), not again(n);
  /// Everybody is greeted.
  hello(n) <= view(n);
  /// Only for as long as it is wanted.
  seal again(name: n) <= ask(n);
}`;

describe("`///` documents the declaration that follows", () => {
  const files = new Map(emit(check(documented).plan).value!.map(({ path, text }) => [path, text]));
  const typed = files.get("R.ts")!;
  test("a role, in its module and in the type of its instances", () => {
    const doc = " * Who has asked, and what was said.\n * A second line, with * / in it.\n *\n * ";
    expect(typed).toContain(`/**\n${doc}Role R of test.dlc.`);
    expect(typed).toContain(`/**\n${doc}One running instance of R.\n */\nexport interface RNode {`);
    expect(files.get("R.js")).toContain(`/**\n${doc}Role R of test.dlc.`);
  });
  test("collections, where they are made and where an application sees them", () => {
    expect(typed).toContain(
      "  // Each name once,\n  //   however often it came.\n  // table asked(name: string);\n  const asked = ",
    );
    expect(typed).toContain("/** Names. */\nexport interface AskRow ");
    expect(typed).toContain("    /** Names. */\n    readonly ask: (row: AskRow, traceparent?: string) => unknown;");
    expect(typed).toContain('  /** Greetings. */\n  on(output: "hello", ');
  });
  test("rules and seals, above their code", () => {
    expect(typed).toContain("  // Whoever asks is kept.\n  // test.dlc:19  asked(n) <= ask(n);\n  function ");
    expect(typed).toContain(
      "  // Only for as long as it is wanted.\n  // test.dlc:26  seal again(name: n) <= ask(n);\n  function ",
    );
  });
  test("also below the annotations of a rule", () => {
    expect(typed).toContain(
      "  // Documented below its annotation.\n  // test.dlc:22  view(n) <= asked(n), not again(n);\n",
    );
  });
  test("and no other comment does", () => {
    expect(typed).not.toMatch(/no documentation|nor this/);
  });
});

describe("names", () => {
  test("are letters, digits and _, not beginning with a digit", () => {
    expect(trace("role R { input _i9(A_1: int); output o(_x: int); o(_y) <= _i9(_y); }", [{ _i9: [[7]] }])).toEqual([
      "o[7]",
    ]);
    expect(errors(role("input 9i(x: int);"))).not.toEqual([]);
    expect(errors(role("input ï(x: int);"))).not.toEqual([]);
  });
  test("each `_` is a variable of its own", () => {
    const program = role(
      "input i(x: int, y: int); output o(n: int); o(count()) <= i(_, _); output p(x: int); p(x) <= i(x, x);",
    );
    expect(
      trace(program, [
        {
          i: [
            [1, 2],
            [3, 3],
          ],
        },
      ]),
    ).toEqual(["o[2] p[3]"]);
  });
  test("may be keywords where the grammar expects no keyword", () => {
    const program = `role R { input input(role: int, table: string); table table(channel: int, seal: string); output output(every: int, sealed: string);
      table(timer, from) <= input(timer, from); output(count, sum) <= table(count, sum); }`;
    expect(trace(program, [{ input: [[1, "a"]] }])).toEqual(['output[1,"a"]']);
  });
  test.each(["not", "in", "if", "then", "else", "having", "true", "false", "self"])("cannot be `%s`", (word) => {
    expect(errors(role(`table ${word}(x: int);`))).not.toEqual([]);
    expect(errors(role(`table t(${word}: int);`))).toEqual([
      `DLC104 \`${word}\` is a word of the language and cannot be a name.`,
    ]);
    expect(errors(`role ${word} { }`)).toEqual([`DLC104 \`${word}\` is a word of the language and cannot be a name.`]);
    expect(mend(role(`table t(${word}: int);`))).toBe(`Choose another name, for example \`${word}_\`.`);
  });
});

describe("literals", () => {
  test("integers, floats, strings, true and false", () => {
    const program = role(
      'output o(a: int, b: float, c: float, d: string, e: bool, f: bool); o(-12, 1.5, 2e3, "text", true, false);',
    );
    expect(trace(program, [{}])).toEqual(['o[-12,1.5,2000,"text",true,false]']);
  });
  test("strings have JavaScript's escapes", () => {
    const text = String.raw`"\n\t\r\b\f\v\0\\\"\'\x41\u0042\u{1F600}"`;
    const [line] = trace(role(`output o(s: string); o(${text});`), [{}]);
    expect(JSON.parse(line.slice(1))).toEqual(["\n\t\r\b\f\v\0\\\"'AB\u{1F600}"]);
  });
  test("an integer is a JavaScript safe integer", () => {
    expect(trace(role("output o(x: int); o(9007199254740991);"), [{}])).toEqual(["o[9007199254740991]"]);
    expect(errors(role("output o(x: int); o(9007199254740992);"))).not.toEqual([]);
  });
  test("durations stand where one is expected, and nowhere else", () => {
    const timer = (period: string): unknown =>
      check(role(`timer t every ${period};`)).plan.analysis.ir.collections.get("R.t")!.periodMs;
    expect(["500ms", "60s", "5m", "2h"].map(timer)).toEqual([500, 60_000, 300_000, 7_200_000]);
    expect(errors(role("output o(x: int); o(5m);"))).not.toEqual([]);
  });
});

test("annotations stand before the statement that they concern", () => {
  const program = (before: string, after: string): string =>
    role(
      `channel beat(x: int) lossy; table seen(x: int); output o(x: int); ${before} seen(x) <= beat(x); ${after} o(x) <= seen(x);`,
    );
  const annotation = '@allow(weaker, "a missed beat is no harm")';
  const achieved = (text: string) => check(text).plan.outputs[0].achieved;
  expect([achieved(program(annotation, "")), achieved(program("", annotation)), achieved(program("", ""))]).toEqual([
    "assumed",
    false,
    false,
  ]);
  expect(errors(role(`${annotation} table t(x: int);`))).toEqual([
    "DLC114 An annotation stands before a rule, not before a declaration.",
  ]);
});
