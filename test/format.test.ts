/** `dlc fmt`: one style for all texts of a program, which says the same and keeps every comment. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import { format } from "../src/compiler/format/format.ts";
import { scan } from "../src/compiler/1-parse/scan.ts";
import { lex } from "../src/compiler/format/lex.ts";
import type { Token } from "../src/compiler/format/lex.ts";
import { width } from "../src/compiler/format/layout.ts";
import { generate } from "./soundness/generate.ts";
import { Random } from "../src/verify/schedule.ts";
import { ads, makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

const fixtures = join(import.meta.dirname, "../fixtures");
const programs = readdirSync(fixtures, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".dlc"))
  .map((path) => readFileSync(join(fixtures, path), "utf8"));
const generated = Array.from({ length: 80 }, (_, i) => generate(i + 1).text);

/** What a program means, without the places at which it is written. */
function meaning(text: string): string {
  const { ir, diagnostics } = compile({ path: "test.dlc", text });
  const placeless = (key: string, value: unknown): unknown =>
    key === "asts" || key === "file" || /span$/i.test(key) ? undefined : value instanceof Map ? [...value] : value;
  return JSON.stringify([ir, diagnostics.map(({ code, message }) => [code, message])], placeless);
}

const comments = (text: string): readonly string[] =>
  lex(text.replaceAll("\r\n", "\n")).flatMap(({ kind, text: part }) =>
    kind === "comment"
      ? [
          part
            .split("\n")
            .map((line) => line.trim())
            .join("\n"),
        ]
      : [],
  );

/** The same tokens with other white space, and with comments where asked, from a seed; comments between statements go. */
function scattered(text: string, seed: number, commented: boolean): string {
  const random = new Random(seed);
  const some = (of: readonly string[]): string => of[random.bits() % of.length];
  const comment = (): string =>
    commented && random.bits() % 8 === 0 ? some([" // c\n", " /* c */ ", "\n/* a\n * b */\n", "\n//// own\n"]) : "";
  const wordy = ({ kind }: Token): boolean => kind === "word" || kind === "number";
  return scan(text)
    .statements.map(({ start, end }) => {
      const tokens = lex(text.slice(start, end));
      return tokens.map((token, i) => {
        const before = tokens[i - 1];
        if (before === undefined) return token.text;
        if (before.kind === "comment" || token.kind === "comment") return `\n${token.text}`;
        // `distinct (` is another thing than `distinct(`.
        if (before.text === "distinct") return (token.spaced ? " " : "") + token.text;
        const apart =
          (wordy(before) && wordy(token)) || (before.kind === "sign" && token.kind === "sign" && token.spaced);
        return some(apart ? [" ", "\n", "\t ", " \n  "] : ["", " ", "\n", "   "]) + comment() + token.text;
      });
    })
    .map((tokens) => `${tokens.join("")}${some(["\n", " ", "\n  "])}${comment()}`)
    .join("");
}

function holds(text: string): string {
  const once = format(text)!;
  expect(format(once)).toBe(once);
  expect(meaning(once)).toBe(meaning(text));
  expect(comments(once)).toEqual(comments(text));
  return once;
}

describe("the style", () => {
  test("is that of the README", () => {
    const program = /```dlc\n([\s\S]*?)```/.exec(readFileSync(join(import.meta.dirname, "../README.md"), "utf8"))![1];
    expect(format(program)).toBe(program);
  });

  test("what is long is broken at its parts, and names of declarations stand in one column", () => {
    const text = `
/// Doc of f
function f( x:int,y :list< (int,string) > ):lmap<string,lmax<int>>from"./f.ts"injective  monotone ;
import "./delivery.dlc"as bed;
role A x5{   // the servers
input click( campaign:string,id:string , user:string )sealed by(campaign)single within 30s;  // trailing
/* block
 * comment */
table by(x:int);


  @coordinate(seal by(campaign)) @allow(weaker,"why")
Report.click@*(c,i,u)<~click(c,i,u),not by(c),u!="a;b//c",x=-1,y<-1,{a:-1,b:2}==z,[1,2,-3]!=q, n= -x - -1*(2+3);
  seal Report.click(campaign:c)<~over(c);
  poor(c, i, count(distinct (c,i)), count(distinct(c))) <= clicks(c, i, _), campaigns(c, name, owner), owners(owner, address) having count() < 100, max(i) > 3;
  d(c)<=e(c), // first
    // own line
      g(c)   // second
      ;
  channel averyveryverylongname(campaign: string, identifier: string, username: string, another: string -> yet: string) sealed by (campaign, identifier) single within 30s;
 output o(x:int)eventual strict;o(1);o( self );
a <= if x>1 then (b)else(c);
}
role B{}
component Report replicated x3 from "./report.ts" {
in click(campaign:string,id:list<string>);
out response(n:int);path click->response:OR( * );
}
connect click->Report . click;
// last
`;
    expect(`\n${format(text)}`).toMatchInlineSnapshot(`
      "
      /// Doc of f
      function f(
        x: int,
        y: list<(int, string)>
      ): lmap<string, lmax<int>> from "./f.ts" injective monotone;
      import "./delivery.dlc" as bed;

      role A x5 {  // the servers
        input click(campaign: string, id: string, user: string) sealed by (campaign) single within 30s;  // trailing
        /* block
         * comment */
        table by(x: int);

        @coordinate(seal by (campaign))
        @allow(weaker, "why")
        Report.click@*(c, i, u) <~
          click(c, i, u),
          not by(c),
          u != "a;b//c",
          x = -1,
          y < -1,
          {a: -1, b: 2} == z,
          [1, 2, -3] != q,
          n = -x - -1 * (2 + 3);
        seal Report.click(campaign: c) <~ over(c);
        poor(c, i, count(distinct (c, i)), count(distinct(c))) <=
          clicks(c, i, _),
          campaigns(c, name, owner),
          owners(owner, address)
          having count() < 100, max(i) > 3;
        d(c) <= e(c),  // first
          // own line
          g(c)  // second
          ;
        channel averyveryverylongname(
          campaign: string,
          identifier: string,
          username: string,
          another: string -> yet: string
        ) sealed by (campaign, identifier) single within 30s;
        output  o(x: int) eventual strict;
        o(1);
        o(self);
        a <= if x > 1 then (b) else (c);
      }

      role B {}

      component Report replicated x3 from "./report.ts" {
        in  click(campaign: string, id: list<string>);
        out response(n: int);
        path click -> response: OR(*);
      }

      connect click -> Report.click;
      // last
      "
    `);
  });

  test("empty lines: one at most, none at the ends of braces, one around blocks", () => {
    expect(
      format(
        '\n\n// a\nrole A {\n\n  table t(x: int);\n\n\n  table longer(x: int);\n  // b\n\n}\n// c\nrole B {}\nfunction f(): int from "./f.ts";\n// of C\nrole C {}\n\n',
      ),
    ).toBe(
      '// a\nrole A {\n  table t(x: int);\n\n  table longer(x: int);\n  // b\n}\n\n// c\nrole B {}\n\nfunction f(): int from "./f.ts";\n\n// of C\nrole C {}\n',
    );
  });

  test("nothing, comments alone, Windows line ends, and what the grammar does not know", () => {
    expect(format("")).toBe("");
    expect(format(" \n\n")).toBe("");
    expect(format("// a")).toBe("// a\n");
    expect(format("role A{\r\n/* x\r\n y */\r\n}")).toBe("role A {\r\n  /* x\r\n y */\r\n}\r\n");
    expect(format("gadget G( a:int )for  all { knob k-> 3 ; }\nx y z")).toBe(
      "gadget G(a: int) for all {\n  knob k -> 3;\n}\n\nx y z\n",
    );
  });

  test("what does not end is left alone", () => {
    for (const text of ['t("a;\n', "/* a", "role A { } }"]) expect(format(text)).toBeNull();
  });
});

describe("for every program", () => {
  test("fixtures and generated ones say the same, keep their comments, and do not change again", () => {
    for (const text of [...programs, ...generated]) holds(text);
  });

  test("white space does not matter", () => {
    for (const [i, text] of generated.entries()) {
      const once = format(text);
      for (let seed = 1; seed <= 3; seed++) expect(format(scattered(text, seed * 1000 + i, false))).toBe(once);
    }
  });

  test("comments anywhere are kept", () => {
    [...programs, ...generated.slice(0, 60)].forEach((text, i) => {
      for (let seed = 1; seed <= 3; seed++) {
        const mixed = scattered(text, seed * 1000 + i, true);
        const once = format(mixed)!;
        expect(once).not.toBeNull();
        expect(format(once)).toBe(once);
        expect(comments(once)).toEqual(comments(mixed));
      }
    });
  });

  test("any text comes through without a fault, and does not change again", () => {
    const part = fc.constantFrom(
      "a",
      "role",
      "table",
      "in",
      "not",
      "by",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      ";",
      ",",
      ":",
      "<",
      "<=",
      "<-",
      "->",
      "-",
      "!",
      "*",
      "@",
      ".",
      "1.5",
      "30s",
      '"s"',
      " ",
      "\n",
      "// c\n",
      "/* c */",
      "/// d\n",
      "é",
      "=",
      "%",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const text = parts.join("");
        const once = format(text);
        if (once !== null) expect(format(once)).toBe(once);
      }),
      { numRuns: 2000, seed: 13 },
    );
  });

  test("lines are as long as the page, unless a single part is longer", () => {
    for (const text of [...programs, ...generated]) {
      for (const line of format(text)!.split("\n")) {
        if (line.length > width && !line.includes("//")) expect(line).not.toMatch(/, .*, .*, /);
      }
    }
  });
});

describe("dlc fmt", () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.remove());
  const read = (path: string): string => readFileSync(join(place.folder, path), "utf8");
  const untidy = "role A{ table t( x:int ); }\n";
  const tidy = "role A {\n  table t(x: int);\n}\n";

  test("writes what differs and names it; a second run changes nothing", async () => {
    place.write({
      "a.dlc": `\ufeff${untidy}`,
      "b.dlc": tidy,
      "sub/c.dlc": untidy,
      "sub/old.dlc": untidy,
      "dlc.config.json": '{ "ignore": ["sub/old.dlc"] }',
    });
    expect(await place.dlc("fmt", ".")).toEqual({
      code: 0,
      out: "a.dlc\nsub/c.dlc\n",
      err: "2 of 3 programs formatted\n",
    });
    expect([read("a.dlc"), read("b.dlc"), read("sub/c.dlc"), read("sub/old.dlc")]).toEqual([
      `\ufeff${tidy}`,
      tidy,
      tidy,
      untidy,
    ]);
    expect(await place.dlc("fmt", ".")).toEqual({ code: 0, out: "", err: "0 of 3 programs formatted\n" });
  });

  test("--check lists what differs, writes nothing, and exits with 1", async () => {
    place.write({ "a.dlc": untidy, "b.dlc": tidy });
    const { code, out, err } = await place.dlc("fmt", "--check", ".");
    expect([code, out, err]).toEqual([1, "a.dlc\n", "1 of 2 programs not in the style; `dlc fmt` writes them\n"]);
    expect(read("a.dlc")).toBe(untidy);
    expect((await place.dlc("fmt", "--check", "b.dlc")).code).toBe(0);
  });

  test("--stdin", async () => {
    const { main } = await import("../src/cli/main.ts");
    const run = async (text: string, ...args: string[]) => {
      const io = place.io({ input: async () => text });
      return { code: await main(["fmt", "--stdin", ...args], io), ...io.printed };
    };
    expect(await run(ads())).toEqual({ code: 0, out: format(ads()), err: "" });
    expect(await run(untidy, "--check")).toEqual({ code: 1, out: "", err: "" });
    expect(await run(tidy, "--check")).toEqual({ code: 0, out: "", err: "" });
    expect((await run('t("a;\n')).err).toContain("error[DLC103]");
    expect((await run("", "a.dlc")).code).toBe(2);
  });

  test("what cannot be formatted is said and left, and the others are formatted", async () => {
    place.write({ "a.dlc": 'role A { t("x); }\n', "b.dlc": untidy });
    const { code, out, err } = await place.dlc("fmt", ".");
    expect([code, out]).toEqual([1, "b.dlc\n"]);
    expect(err).toContain("error[DLC103]");
    expect(read("a.dlc")).toBe('role A { t("x); }\n');
    expect((await place.dlc("fmt")).err).toContain("which files?");
    writeFileSync(join(place.folder, "empty.dlc"), "");
    expect((await place.dlc("fmt", "empty.dlc")).code).toBe(0);
  });
});
