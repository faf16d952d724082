/** language.md, section 1: the program that shows the whole. */
import { describe, expect, test } from "vitest";
import { check } from "../support/check.ts";
import { always, runs } from "../support/language.ts";
import type { Given } from "../support/runs.ts";

const sealed = `
/// Ad reporting: which ads of a campaign are performing badly?
role AdServer x5 {
  input click(campaign: string, id: string, user: string) sealed by (campaign);
  Report.click(c, i, u) <~ click(c, i, u);
}

role Report replicated x3 {
  channel click(campaign: string, id: string, user: string);
  channel request(client: addr, campaign: string);
  table   clicks(campaign: string, id: string, user: string);
  table   requests(client: addr, campaign: string);
  scratch poor(campaign: string, id: string, n: int);

  clicks(c, i, u)  <= click(c, i, u);
  requests(a, c)   <= request(a, c);
  poor(c, i, count()) <= clicks(c, i, _) having count() < 100;
  Analyst.answer@a(c, i, n) <~ requests(a, c), poor(c, i, n);
}

role Analyst {
  input   ask(campaign: string);
  channel answer(campaign: string, id: string, n: int);
  output  result(campaign: string, id: string, n: int);
  Report.request(self, c) <~ ask(c);
  result(c, i, n) <= answer(c, i, n);
}`;
const unsealed = sealed.replace(" sealed by (campaign)", "");

/** An ad of shoes is clicked by three users at two servers, one of hats by a hundred. */
const given: Given = [
  ["AdServer.click", "shoes", "boots", "ann"],
  ["AdServer#1.click", "shoes", "boots", "bob"],
  ["AdServer#1.click", "shoes", "boots", "cyd"],
  ["AdServer#1.click", "shoes", "boots", "ann"],
  ...Array.from({ length: 100 }, (_, i) => ["AdServer#2.click", "hats", "cap", `u${i}`] as const),
  ["AdServer#2.click", "hats", "top", "u1"],
  ["Analyst.ask", "shoes"],
  ["Analyst.ask", "hats"],
];

describe("the program of the first page", () => {
  test("says which ads are performing badly, the same in every run", () => {
    expect(always(sealed, given, "Analyst.result")).toBe('Analyst#0: ["hats","top",1] ["shoes","boots",3]');
  });
  test("unsealed needs a total order of clicks and requests at every replica", () => {
    const { inserted, plan, before, after } = check(unsealed);
    expect(inserted).toEqual(["order Report.click+Report.request by campaign for poor#1+Analyst.answer#1"]);
    expect(plan.coordinated.roles.get("Report")).toMatchObject({ replicated: true, count: 3 });
    expect([before("Analyst.result"), after("Analyst.result")]).toEqual(["Inst", "Run"]);
    // Counts on the way to the final one, which ones is up to the run.
    const { contents, faults } = runs(unsealed, given, { seeds: 1 });
    expect(faults).toEqual([]);
    expect(contents["Analyst.result"].length).toBeGreaterThan(1);
    for (const each of contents["Analyst.result"]) expect(each).toContain('["shoes","boots",3]');
  });
  test("sealed needs one vote per campaign", () => {
    const { inserted, plan, before, after } = check(sealed);
    expect(inserted).toEqual(["seal Report.click by campaign for poor#1"]);
    expect(plan.insertions[0].producers).toEqual(["AdServer"]);
    expect([before("Analyst.result"), after("Analyst.result")]).toEqual(["Inst", "Async"]);
  });
});
