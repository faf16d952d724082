/**
 * language.md, section 3: roles, and where things run. Elsewhere:
 *   numbers of instances by header                 lower.test.ts "have default numbers of instances"
 *   an address that is no instance of the role     instance.test.ts "an address outside the role is a fault, not a message"
 *   the owner is the same function everywhere      instance.test.ts "to the owner: a fixed function of value and number of instances"
 *   groups and joins across partitions (B11)       fixtures.test.ts "fixtures"
 */
import { describe, expect, test } from "vitest";
import { planLaunch } from "../../src/cli/launch/plan.ts";
import { needsOf, parseDeployment } from "../../src/runtime/deployment.ts";
import { ownerOf } from "../../src/runtime/routing.ts";
import { check } from "../support/check.ts";
import { always, errors, mend, trace } from "../support/language.ts";
import { programsOf, runAll } from "../support/runs.ts";

/** Four values go to role B, which says where they came; local facts are what B is asked for here. */
const sent = (header: string, to = ""): string =>
  `role A { input i(k: string); B.c${to}(k) <~ i(k); } role B ${header} { channel c(k: string); output o(k: string) any; o(k) <= c(k); }`;
const four = ["a", "b", "c", "d"].map((k) => ["A.i", k] as const);
const all = '["a"] ["b"] ["c"] ["d"]';

describe("a role", () => {
  test("is one instance by default", () => expect(always(sent(""), four, "B.o")).toBe(`B#0: ${all}`));
  test("may have more by default", () =>
    expect(always(sent("x2", "@*"), four, "B.o")).toBe(`B#0: ${all} | B#1: ${all}`));
  test("that is replicated gets messages without an address at every instance, three by default", () => {
    expect(always(sent("replicated"), four, "B.o")).toBe(`B#0: ${all} | B#1: ${all} | B#2: ${all}`);
    expect(always(sent("replicated x2"), four, "B.o")).toBe(`B#0: ${all} | B#1: ${all}`);
  });
  test("that is partitioned gets them at the owner of the hash of its column, two by default", () => {
    for (const [header, count] of [
      ["partitioned by (k)", 2],
      ["partitioned by (k) x3", 3],
    ] as const) {
      const owned = (index: number): string =>
        ["a", "b", "c", "d"]
          .filter((k) => ownerOf([k], count) === index)
          .map((k) => ` ["${k}"]`)
          .join("");
      expect(always(sent(header), four, "B.o")).toBe(
        Array.from({ length: count }, (_, i) => `B#${i}:${owned(i)}`).join(" | "),
      );
    }
  });
  test("that is partitioned has its column in every channel", () => {
    expect(errors("role B partitioned by (k) { channel c(k: int); channel d(x: int); }")).toEqual([
      "DLC226 channel `d` has no column `k`, by which role B is partitioned",
    ]);
  });
  test("finds the owner by its columns' names, wherever they stand", () => {
    const program = `role A { input i(j: int, k: string); B.c(j, k) <~ i(j, k); B.d(k, j) <~ i(j, k); }
      role B partitioned by (j, k) x4 { channel c(j: int, k: string); channel d(k: string, j: int); table t(j: int, k: string); t(j, k) <= c(j, k);
      table u(j: int, k: string); u(j, k) <= d(k, j); output o(j: int, k: string); o(j, k) <= t(j, k), u(j, k); }`;
    const rows = [1, 2, 3, 4, 5, 6].map((j) => ["A.i", j, `k${j}`] as const);
    const owned = (index: number): string =>
      rows
        .filter(([, j, k]) => ownerOf([j, k], 4) === index)
        .map(([, j, k]) => ` [${j},"${k}"]`)
        .join("");
    expect(always(program, rows, "B.o")).toBe([0, 1, 2, 3].map((i) => `B#${i}:${owned(i)}`).join(" | "));
  });
});

describe("a deployment", () => {
  test("may change the numbers", () => {
    for (const [header, to, counts] of [
      ["x5", "@*", 2],
      ["replicated x3", "", 4],
      ["partitioned by (k) x2", "", 1],
      ["", "@*", 2],
    ] as const) {
      const { plan } = check(sent(header, to));
      const [run] = runAll(plan, four, { counts: { B: counts }, schedules: ["batch"], seeds: 1 });
      expect([...run.contents.get("B.o")!.keys()]).toHaveLength(counts);
    }
  });
  test("starts more than one of a role only where every message to it has an address", () => {
    const plan = (text: string, scale: number) => {
      const metas = programsOf(check(text).plan).map(({ meta }) => meta);
      const { roles, log, epochMs = null } = needsOf(metas);
      const described = roles.map(({ role, count, unaddressed = null }, i) => ({
        role,
        count,
        unaddressed,
        collections: metas[i].collections,
      }));
      const planned = planLaunch(
        { program: "test", version: "", log, epochMs, roles: described },
        { scale: [`B=${scale}`] },
        "",
        true,
      );
      const deploy = {
        roles: {
          A: { instances: [{ host: "h", port: 1 }] },
          B: { instances: Array.from({ length: scale }, (_, i) => ({ host: "h", port: 2 + i })) },
        },
      };
      const problems = planned.ok ? [] : planned.problems;
      try {
        parseDeployment(JSON.stringify(deploy), "deploy.json", needsOf(metas));
      } catch (error) {
        return [...problems, (error as Error).message];
      }
      return problems;
    };
    const why =
      "B cannot have 2 instances, since messages go to B.c without an address: one, or rules that say where (B.c@a(…), B.c@*(…))";
    expect(plan(sent(""), 2)).toEqual([`--scale B=2: ${why}`, `deploy.json: ${why}`]);
    expect(plan(sent(""), 1)).toEqual([]);
    expect(plan(sent("", "@*"), 2)).toEqual([]);
    // An instance that is started in another way refuses as well.
    expect(() => runAll(check(sent("")).plan, four, { counts: { B: 2 } })).toThrow(why);
  });
});

describe("a rule", () => {
  test("runs in the role in whose braces it stands, on every instance, over that instance's collections", () => {
    const program = `role A x2 { input i(x: int); table t(x: int); t(x) <= i(x); output o(x: int, n: int) any; o(x, y) <= i(x), t(y); } role B { table t(x: int); t(9); }`;
    expect(
      always(
        program,
        [
          ["A.i", 1],
          ["A#1.i", 2],
        ],
        "A.o",
      ),
    ).toBe("A#0: [1,1] | A#1: [2,2]");
  });
  test("reads and writes no collection of another role", () => {
    expect(errors("role A { table t(x: int); t(x) <= B.s(x); } role B { table s(x: int); }")).toEqual([
      "DLC222 role A cannot read `B.s`: it is kept by the instances of role B",
    ]);
    expect(errors("role A { table t(x: int); B.s(x) <= t(x); } role B { table s(x: int); }")).toEqual([
      "DLC221 `<=` cannot write `B.s` in another role",
    ]);
  });
});

describe("a message", () => {
  test("to an address goes there, to `*` to every instance", () => {
    expect(always(sent("x3", '@"B#1"'), four, "B.o")).toBe(`B#0: | B#1: ${all} | B#2:`);
    const chosen = `role A { input i(k: string, a: addr); B.c@a(k) <~ i(k, a); } role B x2 { channel c(k: string); output o(k: string) any; o(k) <= c(k); }`;
    expect(
      always(
        chosen,
        [
          ["A.i", "a", "B#0"],
          ["A.i", "b", "B#1"],
        ],
        "B.o",
      ),
    ).toBe('B#0: ["a"] | B#1: ["b"]');
    for (const header of ["replicated x2", "partitioned by (k)", "x2"])
      expect(always(sent(header, "@*"), four, "B.o")).toBe(`B#0: ${all} | B#1: ${all}`);
  });
  test("needs an address where the role is neither replicated nor partitioned and has more than one instance", () => {
    expect(errors(sent("x2"))).toEqual(["DLC224 role B has 2 independent instances, so this message needs an address"]);
    expect(mend(sent("x2"))).toBe("Write `B.c@a(...)` with a variable of type addr, or `B.c@*(...)` for all of them.");
    for (const header of ["", "x1", "replicated", "partitioned by (k)"]) expect(errors(sent(header))).toEqual([]);
  });
  test("to the own role goes the same ways", () => {
    const program =
      "role R x2 { input i(x: int); channel c(x: int); R.c@*(x) <~ i(x); channel d(x: int); d@self(x) <~ i(x); output o(x: int) any; o(x) <= c(x); output p(x: int) any; p(x) <= d(x); }";
    expect(always(program, [["R.i", 1]], "R.o")).toBe("R#0: [1] | R#1: [1]");
    expect(always(program, [["R.i", 1]], "R.p")).toBe("R#0: [1] | R#1:");
  });
});

describe("addresses", () => {
  test("`self` is the instance's own", () => {
    expect(
      always(
        "role R x2 { input i(x: int); output o(a: addr) any; o(self) <= i(_); }",
        [
          ["R.i", 1],
          ["R#1.i", 1],
        ],
        "R.o",
      ),
    ).toBe('R#0: ["R#0"] | R#1: ["R#1"]');
    expect(
      trace("role R { input i(a: addr); output o(n: int); o(1) <= i(self); }", [{ i: [["R#1"]] }, { i: [["R#0"]] }]),
    ).toEqual(["", "o[1]"]);
  });
  test("`R.nodes` are those of a role's instances", () => {
    const program =
      "role A { input i(x: int); output o(a: addr); o(a) <= i(_), B.nodes(a); output p(a: addr); p(a) <= A.nodes(a); } role B x3 { }";
    expect(always(program, [["A.i", 1]], "A.o")).toBe('A#0: ["B#0"] ["B#1"] ["B#2"]');
    expect(always(program, [], "A.p")).toBe('A#0: ["A#0"]');
    expect(errors("role A { A.nodes(a) <= t(a); table t(a: addr); }")).not.toEqual([]);
  });
  test("are values of type addr, which a string is not", () => {
    expect(errors('role A { output o(a: addr); o("B#1"); output p(s: string); p(toString(self)); }')).toEqual([]);
    expect(errors("role A { input i(s: string); output o(a: addr); o(s) <= i(s); }")).toEqual([
      "DLC230 column `a` of `o` is of type addr, but this is of type string",
    ]);
    expect(
      errors('role A { input i(k: string); B.c@"somewhere"(k) <~ i(k); } role B x2 { channel c(k: string); }'),
    ).toEqual(['DLC230 an address is of type addr, but "somewhere" is of type string']);
  });
});
