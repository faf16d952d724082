/** Sources, components and connections: what is parsed, what they mean, and what is refused. */
import { describe, expect, test } from "vitest";
import type { StatementCache } from "../src/compiler/1-parse/parse.ts";
import { parse } from "../src/compiler/1-parse/parse.ts";
import { lower } from "../src/compiler/2-lower/lower.ts";
import type { Diagnostic } from "../src/compiler/diagnostics/diagnostic.ts";
import { printProgram, printRule } from "../src/compiler/print.ts";
import { irOf } from "./support/plan.ts";

const ads = `/// Clicks on ads.
source click(campaign: string, id: string) sealed by (campaign);
source ask(campaign: string, id: string);

component Report replicated from "./report.ts" {
  in  click(campaign: string, id: string);
  in  request(campaign: string, id: string);
  /// How often has it been clicked?
  out response(campaign: string, id: string, n: int) agreed;
  path click -> response: CW;
  path request -> response: OR(campaign, id);
}

connect click -> Report.click;
connect ask -> Report.request;
`;

const found = (text: string): readonly Diagnostic[] => {
  const parsed = parse({ path: "a.dlc", text });
  return parsed.value === null || parsed.diagnostics.length > 0
    ? parsed.diagnostics
    : lower([parsed.value]).diagnostics;
};
const brief = (text: string): string[] =>
  found(text).map(({ code, span, message }) => `${code} [${text.slice(span.start, span.end)}] ${message}`);

describe("syntax", () => {
  test("the tree", () => {
    const { value, diagnostics } = parse({ path: "a.dlc", text: ads });
    expect(diagnostics).toEqual([]);
    const [click, , report, first] = value!.items;
    expect(click).toMatchObject({
      kind: "source",
      name: { text: "click" },
      doc: "Clicks on ads.",
      modifiers: [{ kind: "sealed" }],
    });
    expect(report).toMatchObject({
      kind: "component",
      name: { text: "Report" },
      replicated: true,
      count: null,
      from: { text: "./report.ts" },
      members: [
        { kind: "collection", direction: "in", name: { text: "click" } },
        { kind: "collection", direction: "in", name: { text: "request" } },
        {
          kind: "collection",
          direction: "out",
          doc: "How often has it been clicked?",
          modifiers: [{ kind: "level", level: "agreed" }],
        },
        { kind: "path", from: { text: "click" }, to: { text: "response" }, word: "CW", gate: null },
        { kind: "path", word: "OR", gate: [{ text: "campaign" }, { text: "id" }] },
      ],
    });
    expect(ads.slice(report.span.start, report.span.end)).toMatch(/^component Report[^]*\}$/);
    expect(first).toMatchObject({
      kind: "connect",
      from: { role: null, name: { text: "click" } },
      to: { role: { text: "Report" }, name: { text: "click" } },
    });
  });

  test("a statement seen before gives the same tree", () => {
    const cache: StatementCache = new Map();
    const [once, again] = [0, 1].map(() => parse({ path: "a.dlc", text: ads }, cache).value);
    expect(again).toEqual(once);
    expect((cache as Map<string, string>).size).toBe(9);
  });

  test("the words are free as names, and a forgotten `;` is found before them", () => {
    expect(
      brief(
        "role A { table path(x: int); table out(x: int); table source(x: int); input component(x: int); path(x) <= component(x); out(x) <= path(x); source(x) <= out(x); }",
      ),
    ).toEqual([]);
    const missing = ads
      .replace("id: string);\n  in  request", "id: string)\n  in  request")
      .replace("CW;", "CW")
      .replace("n: int) agreed;", "n: int) agreed");
    expect(brief(missing)).toEqual([
      "DLC102 [] A `;` is missing here.",
      "DLC102 [] A `;` is missing here.",
      "DLC102 [] A `;` is missing here.",
    ]);
  });

  const inside = (statement: string): string => ads.replace("  path click", `  ${statement}\n  path click`);
  test.each([
    [
      inside("path click -> response: CQ;"),
      "DLC109 [CQ] `CQ` is not a kind of path (confluent or order-sensitive, reading or writing state).",
    ],
    [inside("path click -> response: OR;"), "DLC109 [OR] The gate of `OR` is missing."],
    [inside("path click -> response: CR(id);"), "DLC109 [(id)] `CR` has no gate."],
    [inside("path click -> response;"), "DLC101 [response] Expected `:` after `response`, but the statement ends."],
    [inside("path click <- response: CR;"), "DLC101 [<-] Expected `->`, found `<-`."],
    [inside("path click -> response: OR();"), "DLC101 [)] Expected a name or `*`, found `)`."],
    [inside("table t(x: int);"), "DLC106 [table] The table `t` has no place in component `Report`."],
    [inside("response(c, i, 1) <= click(c, i);"), "DLC106 [r] This rule has no place in component `Report`."],
    [inside("source more(x: int);"), "DLC106 [source] A source is declared outside of roles and modules."],
    [ads.replace("replicated", "replicatd"), "DLC109 [replicatd] `replicatd` is not a word of a component's header."],
    [ads.replace("replicated", "x3"), "DLC109 [x3] A component is one instance, or `replicated`."],
    [ads.replace("replicated", "replicated x0"), "DLC109 [x0] `x0`: a component runs on 1 to 10000 instances."],
    [
      ads.replace("Report replicated from", "Report from replicated"),
      "DLC101 [replicated] Expected a string, found `replicated`.",
    ],
    ["component Report;", "DLC105 [component] The block of this component is missing."],
    ["component Report {", "DLC105 [Report] The block of component `Report` is never closed."],
    ["in click(x: int);", "DLC106 [in click(x: int)] The in `click` stands outside of any module or component."],
    ["path a -> b: CR;", "DLC106 [path a -> b: CR] This path stands outside of any component."],
    [
      "role A { out click(x: int); }",
      "DLC106 [out] `out` belongs to the interface of a module or a component, and this is a role.",
    ],
    ["connect click Report.click;", "DLC101 [Report] Expected `->`, found `Report`."],
    ["role A { component B { } }", "DLC105 [component B] Component `B` begins inside role `A`."],
  ])("%#: %s", (text, expected) => {
    expect(brief(text)).toEqual([expected]);
  });
});

describe("meaning", () => {
  test("an example of the reference prints as itself", () => {
    const printed = printProgram(irOf(ads));
    expect(printed).toBe(
      ads
        .replaceAll(/^ *\/\/\/.*\n/gm, "")
        .replace("replicated from", "replicated x3 from")
        .replaceAll(/ {2}(in|out) +/g, "  $1 "),
    );
    expect(printProgram(irOf(printed))).toBe(printed);
  });

  test("paths are rules: columns of one name are one value, what is new is a call, kept inputs are joined by the gate", () => {
    const ir = irOf(ads);
    const rules = [...ir.rules.values()];
    expect(rules.map((rule) => [rule.id, printRule(rule, ir)])).toEqual([
      ["Report/response#1", "response(campaign, id, Report(campaign, id)) <= click(campaign, id);"],
      [
        "Report/response#2",
        "response(campaign, id, Report(campaign, id)) <= request(campaign, id), click(campaign, id);",
      ],
      ["click/Report.click#1", "Report.click(campaign, id) <~ click(campaign, id);"],
      ["ask/Report.request#1", "Report.request(campaign, id) <~ ask(campaign, id);"],
    ]);
    expect(rules.map(({ path }) => path?.races)).toEqual([[], [1], undefined, undefined]);
    const partial = irOf(ads.replace("OR(campaign, id)", "OR(id)"));
    expect(printRule(partial.rules.get("Report/response#2")!, partial)).toContain(
      "<= request(campaign, id), click(_, id);",
    );
  });

  test("roles, sources and components are in the program by their names", () => {
    const ir = irOf(ads);
    expect([...ir.roles.values()].map(({ name, count, replicated }) => [name, count, replicated])).toEqual([
      ["click", 1, false],
      ["ask", 1, false],
      ["Report", 3, true],
    ]);
    expect(
      [...ir.collections.values()]
        .filter(({ kind }) => kind !== "nodes")
        .map(({ id, kind, level }) => [id, kind, level]),
    ).toEqual([
      ["click", "input", null],
      ["ask", "input", null],
      ["Report.click", "channel", null],
      ["Report.request", "channel", null],
      ["Report.response", "output", "agreed"],
    ]);
    expect(ir.externals.get("Report")).toMatchObject({ kind: "component", from: { text: "./report.ts" } });
  });

  test("an in and an out may share a name: the output keeps it", () => {
    const text = `source x(k: string); component C { in y(k: string); out y(k: string) any; path y -> y: CR; } connect x -> C.y; connect C.y -> C.y;`;
    const ir = irOf(text);
    expect(
      [...ir.collections.values()].filter(({ kind }) => kind !== "nodes").map(({ id, kind }) => `${id} ${kind}`),
    ).toEqual(["x input", "C.y (in) channel", "C.y output"]);
    expect([...ir.rules.values()].map((rule) => printRule(rule, ir))).toEqual([
      "y(k) <= y (in)(k);",
      "C.y (in)(k) <~ x(k);",
      "y (in)(k) <~ y(k);",
    ]);
    expect(printProgram(ir)).toBe(
      text
        .replace("component C { in", "\n\ncomponent C {\n  in")
        .replace(/; (out|path) /g, ";\n  $1 ")
        .replace("CR; }", "CR;\n}\n\n")
        .replace("; connect C", ";\nconnect C")
        .replace("; \n", ";\n")
        .replace(/\n\n connect/, "\n\nconnect")
        .concat("\n"),
    );
  });
});

describe("what is refused", () => {
  /** A sound program, with one change. */
  const but = (from: string, to: string): string => {
    expect(ads).toContain(from);
    return ads.replace(from, to);
  };
  test("the program itself is sound", () => expect(brief(ads)).toEqual([]));
  test.each([
    // ends of paths
    [
      but("path click ->", "path clik ->"),
      ["DLC202 [clik] component Report has no in `clik`"],
      "Did you mean `click`?",
    ],
    [
      but("request -> response", "request -> respons"),
      ["DLC202 [respons] component Report has no out `respons`"],
      "Did you mean `response`?",
    ],
    [
      but("path request -> response", "path response -> response"),
      ["DLC285 [response] `response` is an out of Report"],
      "A path leads from an `in` to an `out`.",
    ],
    [
      but("path request -> response: OR(campaign, id);", ""),
      ["DLC287 [request] no path leads from `request`"],
      "Say what depends on it",
    ],
    [
      but("  path click", "  out more(id: string);\n  path click"),
      ["DLC287 [more] no path leads to `more`"],
      "Say what it depends on",
    ],
    [
      but("  path click", "  path click -> response: CR;\n  path click"),
      ["DLC289 [path click -> response: CW;] the path from `click` to `response` is declared twice"],
      "Keep the more severe",
    ],
    // columns
    [
      but("OR(campaign, id)", "OR(campain, id)"),
      ["DLC204 [campain] neither `request` nor `response` has a column `campain`"],
      "Did you mean `campaign`?",
    ],
    [but("OR(campaign, id)", "OR(id, id)"), ["DLC212 [id] `id` is named twice"], "Leave one"],
    [
      but("out response(campaign: string,", "out response(campaign: int,"),
      [
        "DLC289 [response] `campaign` is string in `click`, and int in `response`",
        "DLC289 [response] `campaign` is string in `request`, and int in `response`",
      ],
      "give them one type",
    ],
    [
      but("in  click(campaign: string, id: string)", "in  click(campaign: string, id: string, id: string)"),
      ["DLC205 [id] the column `id` is declared twice"],
      "Rename",
    ],
    [
      but("in  click(campaign: string", "in  click(campaign: text"),
      ["DLC207 [text] there is no type `text`"],
      "It is called `string`.",
    ],
    // ends of connections
    [but("connect click", "connect clik"), ["DLC201 [clik] there is no source `clik`"], "Did you mean `click`?"],
    [
      but("connect click -> Report", "connect click -> Reprt"),
      ["DLC201 [Reprt] there is no role or component `Reprt`"],
      "Did you mean `Report`?",
    ],
    [
      but("-> Report.click", "-> Report.clck"),
      ["DLC202 [clck] component Report has no in `clck`"],
      "Did you mean `click`?",
    ],
    [
      but("-> Report.click", "-> Report"),
      ["DLC285 [Report] `Report` is a component, and a connection leads to one of its ins"],
      "`Report.click` or `Report.request`",
    ],
    [
      but("-> Report.click", "-> click"),
      ["DLC285 [click] `click` is a source: its facts come from outside"],
      "leads to an `in`",
    ],
    [
      but("-> Report.click", "-> Report.response"),
      ["DLC285 [Report.response] `Report.response` is an out of the component, and a connection leads to an in"],
      "Name `Report.click`",
    ],
    [
      but("connect click", "connect Report.click"),
      ["DLC285 [Report.click] `Report.click` is an in of the component, and a connection begins at an out"],
      "in the direction of the arrow",
    ],
    [
      but("connect click", "connect Report"),
      ["DLC285 [Report] `Report` is a component, and a connection begins at one of its collections"],
      "Name `Report.response`.",
    ],
    [
      but("connect click -> Report.click;", ""),
      ["DLC288 [click] nothing feeds `Report.click`"],
      "connect … -> Report.click;",
    ],
    [
      `${ads}connect click -> Report.click;`,
      ["DLC205 [connect click -> Report.click;] `click` is connected to `Report.click` twice"],
      "Leave one of them out.",
    ],
    // columns of connections
    [
      but("source ask(campaign: string, id: string)", "source ask(campaign: string)"),
      ["DLC286 [connect ask -> Report.request;] `ask` has no column `id`, which `Report.request` has"],
      "same columns",
    ],
    [
      but("source ask(", "source ask(by: string, "),
      ["DLC286 [connect ask -> Report.request;] `Report.request` has no column `by`, which `ask` has"],
      "same columns",
    ],
    [
      but("source ask(campaign: string", "source ask(campaign: int"),
      ["DLC286 [connect ask -> Report.request;] `campaign` is int in `ask`, and string in `Report.request`"],
      "one type",
    ],
    [
      `${ads} role W x2 { channel response(campaign: string, id: string, n: int); } connect Report.response -> W.response;`,
      ["DLC224 [W.response] `W.response` needs an address: role W has 2 independent instances"],
      "make the role replicated",
    ],
    [
      `${ads} role W { table response(campaign: string, id: string, n: int); } connect Report.response -> W.response;`,
      ["DLC285 [W.response] `W.response` is a table, and a connection leads to a channel"],
      "There is none.",
    ],
    [
      `${ads} role W { timer t every 1s; } connect W.t -> Report.click;`,
      ["DLC285 [W.t] `W.t` has no facts that could be sent"],
      "Send from a rule",
    ],
    // declarations
    [
      but("source ask(", "source click("),
      ["DLC205 [click] source `click` is declared twice", "DLC201 [ask] there is no source `ask`"],
      "Rename",
    ],
    [`${ads} role Report { }`, ["DLC205 [Report] `Report` is declared twice"], "Rename"],
    [
      but("in  request(", "in  click("),
      [
        "DLC205 [click] the in `click` of Report is declared twice",
        "DLC202 [request] component Report has no in `request`",
        "DLC202 [request] component Report has no in `request`",
      ],
      "Rename",
    ],
    [
      but("in  click(campaign: string, id: string)", "in  click(campaign: string, id: string) sealed by (campaign)"),
      ["DLC270 [sealed by (campaign)] the in `click` of a component cannot be `sealed`"],
      "Promise it where the facts come from",
    ],
    [
      but(
        "out response(campaign: string, id: string, n: int)",
        "out response(campaign: string, id: string, n: lmax<int>)",
      ),
      ["DLC209 [lmax<int>] `n` of a component is a plain column"],
      "send what the lattice has reached",
    ],
    [
      but("agreed", "durable"),
      ["DLC270 [durable] the out `response` of a component cannot be `durable`"],
      "columns, a level and a rate",
    ],
    [
      but("in  click(campaign: string, id", "in  click(campaign: string -> id"),
      ["DLC270 [click] the in `click` of a component has no key"],
      "Separate its columns",
    ],
    [
      but("sealed by (campaign)", "sealed by (campain)"),
      ["DLC204 [campain] `click` has no column `campain`"],
      "Did you mean `campaign`?",
    ],
    [but("sealed by (campaign)", "lossy"), ["DLC270 [lossy] an input cannot be `lossy`"], "only on channels"],
    [
      but('"./report.ts"', '"report"'),
      ['DLC501 ["report"] "report" is not the path of a module beside the program'],
      '`"./report.ts"`',
    ],
    // rules of roles
    [
      `${ads} role A { input i(campaign: string, id: string); table t(campaign: string, id: string, n: int); Report.clik(c, i) <~ i(c, i); }`,
      ["DLC202 [clik] component Report has no collection `clik`"],
      "Did you mean `click`?",
    ],
    [
      `${ads} role A { table t(campaign: string, id: string, n: int); t(c, i, n) <= Report.response(c, i, n); }`,
      ["DLC222 [Report.response] role A cannot read `Report.response`: it is kept by the instances of role Report"],
      "",
    ],
  ])("%#", (text, expected, mend) => {
    expect(brief(text)).toEqual(expected);
    expect(found(text)[0].mend ?? "").toContain(mend);
  });

  test("a gate's column has one type in all that the path meets", () => {
    expect(
      brief(
        `source a(k: int); source q(k: string); component C { in a(k: int); in q(k: string); out o(k: string); out p(k: int); path a -> p: CW; path q -> o: OR(k); } connect a -> C.a; connect q -> C.q;`,
      ),
    ).toEqual(["DLC289 [k] `k` is string in `q`, and int in `a`, which it meets"]);
  });
  test("a component without outputs needs no paths, and a rule of a role may feed one", () => {
    expect(brief("role A { input i(x: int); C.x(n) <~ i(n); } component C { in x(x: int); }")).toEqual([]);
  });
});
