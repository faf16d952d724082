import { describe, expect, test } from "vitest";
import { emit } from "../src/compiler/compile.ts";
import type { Strategy } from "../src/compiler/plan.ts";
import type { RoleProgram } from "../src/runtime/program.ts";
import { loadRole } from "../src/verify/load.ts";
import { type ScheduleName, schedules } from "../src/verify/schedule.ts";
import { contentsOf, type SimulatedInput, simulate } from "../src/verify/simulator.ts";
import { traceLine } from "../src/verify/trace.ts";
import { check } from "./support/check.ts";

const every = Object.keys(schedules) as ScheduleName[];

/** The sample of the language's first page; `promise` is what the clicks promise. */
const sample = (promise: string) => `
role AdServer x5 {
  input click(campaign: string, id: string, user: string) ${promise};
  Report.click(c, i, u) <~ click(c, i, u);
}

role Report replicated x3 {
  channel click(campaign: string, id: string, user: string)${promise === "" ? "" : ` ${promise}`};
  channel request(client: addr, campaign: string);
  table   clicks(campaign: string, id: string, user: string);
  table   requests(client: addr, campaign: string);
  scratch poor(campaign: string, id: string, n: int);

  clicks(c, i, u)  <= click(c, i, u);
  requests(a, c)   <= request(a, c);
  poor(c, i, count()) <= clicks(c, i, _) having count() < 3;
  Analyst.answer@a(c, i, n) <~ requests(a, c), poor(c, i, n);
}

role Analyst {
  input   ask(campaign: string);
  channel answer(campaign: string, id: string, n: int);
  output  result(campaign: string, id: string, n: int);
  Report.request(self, c) <~ ask(c);
  result(c, i, n) <= answer(c, i, n);
}`;

function programs(text: string, strategy: Strategy): RoleProgram[] {
  const { plan } = check(text, strategy);
  const files = emit(plan).value;
  if (files === null) throw new Error("nothing was emitted");
  return [...plan.coordinated.roles.keys()].map((role) => loadRole(files, role));
}

const counts = { AdServer: 2, Report: 3, Analyst: 1 };

/** Campaign `a`: ads with 1, 2, 3, 4 clicks; campaign `b` the same; `c` is asked for and has none. */
const inputs: SimulatedInput[] = [];
for (const campaign of ["a", "b"]) {
  for (let ad = 1; ad <= 4; ad++) {
    for (let user = 0; user < ad; user++)
      inputs.push({
        role: "AdServer",
        node: (ad + user) % 2,
        collection: "click",
        row: [campaign, `${campaign}${ad}`, `u${user}`],
      });
  }
}
for (const campaign of ["a", "c"]) inputs.push({ role: "Analyst", node: 0, collection: "ask", row: [campaign] });

function results(roles: readonly RoleProgram[], schedule: ScheduleName, seed: number) {
  const result = simulate({ programs: roles, deployment: { counts }, inputs, schedule, seed });
  expect(result.faults, `${schedule} ${seed}`).toEqual([]);
  return { rows: contentsOf(result, "Analyst.result").get("Analyst#0"), awaited: result.awaited };
}

describe("the sample program, from its text to its answers", () => {
  const answer = [
    ["a", "a1", 1],
    ["a", "a2", 2],
  ];

  test("sealed, gives the one right answer under every schedule", () => {
    const roles = programs(sample("sealed by (campaign)"), "auto");
    for (const schedule of every) {
      for (let seed = 0; seed < 5; seed++) {
        expect(results(roles, schedule, seed), `${schedule} ${seed}`).toEqual({ rows: answer, awaited: [] });
      }
    }
  });

  test("with the stream sealed as a whole, too", () => {
    const roles = programs(sample("sealed"), "auto");
    for (const schedule of every) expect(results(roles, schedule, 1), schedule).toEqual({ rows: answer, awaited: [] });
  });

  test("control: without coordination some runs deliver counts that were not final", () => {
    const roles = programs(sample(""), "none");
    const seen = new Set<string>();
    for (const schedule of every) seen.add(JSON.stringify(results(roles, schedule, 2).rows));
    expect(seen.size).toBeGreaterThan(1);
    // When everything comes in as few steps as possible the answer is right, and nothing in the program makes it so.
    expect(seen).toContain(JSON.stringify(answer));
  });

  test("ordered, every run is some order of the log, the same at all replicas", () => {
    const roles = programs(sample(""), "order");
    for (const schedule of every) {
      for (let seed = 0; seed < 5; seed++) {
        const result = simulate({ programs: roles, deployment: { counts }, inputs, schedule, seed });
        expect(result.faults).toEqual([]);
        const poor = [0, 1, 2].map((index) => JSON.stringify(result.instances.get(`Report#${index}`)?.read("poor")));
        expect(new Set(poor).size, `${schedule} ${seed}`).toBe(1);
        // What the three replicas answered in the same steps, the analyst got three times.
        const sent = [0, 1, 2].map((index) =>
          result.trace
            .map(traceLine)
            .filter((line) => line.startsWith("Analyst#0 receives") && line.includes(`from Report#${index}:`))
            .flatMap((line) => line.match(/Analyst\.answer\([^)]*\)/g) ?? [])
            .filter((text, at, all) => all.indexOf(text) === at)
            .sort(),
        );
        expect(sent[0]).toContain('Analyst.answer("a", "a1", 1)');
        expect(sent[1]).toEqual(sent[0]);
        expect(sent[2]).toEqual(sent[0]);
      }
    }
  });
});
