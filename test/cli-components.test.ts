/** What the command line says of components: their modules, the JSON form, explanations. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { componentCodes } from "../src/compiler/diagnostics/components.ts";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../fixtures/components", name), "utf8");

interface Json {
  readonly diagnostics: readonly { readonly code: string; readonly message: string; readonly mend?: string }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly before: string;
    readonly after: string;
    readonly achieved: unknown;
    readonly assumptions: readonly string[];
  }[];
  readonly collections: readonly { readonly name: string; readonly label: string; readonly key: readonly string[] }[];
  readonly orderSensitive: readonly object[];
  readonly plan: readonly object[];
  readonly functions: readonly object[];
}

async function check(...args: string[]): Promise<Json> {
  const { out } = await place.dlc("check", ...args, "--format", "json");
  return JSON.parse(out) as Json;
}

const program = `source a(k: string); component C from "./c.ts" { in a(k: string); out b(k: string, n: int); path a -> b: CR; } connect a -> C.a;`;

describe("the module of a component", () => {
  async function said(module: string | null): Promise<string[]> {
    place.write({ "p.dlc": program, ...(module === null ? {} : { "c.ts": module }) });
    return (await check("p.dlc")).diagnostics.map(({ code, message }) => `${code} ${message}`);
  }
  test("what fits has no finding, also where it keeps something and looks at the clock", async () => {
    expect(
      await said(`let calls = 0;
        export const createC = (out: { b(row: { k: string; n: number }): void }, settled: (listener: () => void) => void) => {
          settled(() => { calls++; });
          return { a(row: { k: string }) { out.b({ k: row.k, n: Date.now() + calls }); }, more: 1 };
        };`),
    ).toEqual([]);
    expect(await said("export function createC(out: any): any { return { a() { out.b({}); } }; }")).toEqual([]);
  });
  test.each([
    [null, /^DLC503 the module "\.\/c\.ts" of the component C does not exist$/],
    ["export function createD() {}", /^DLC504 the module "\.\/c\.ts" exports no createC; did you mean createD\?$/],
    ["export function createC() { return {}; }", /^DLC505 the signature of createC does not agree .*'a' is missing/],
    ["export function createC() { return { a(row: { k: number }) {} }; }", /^DLC505 .*'number'/],
    [
      "export function createC(out: { b(row: { k: string }): void }) { return { a(row: { k: string }) { out.b(row); } }; }",
      /^DLC505 .*'n' is missing/,
    ],
    [
      "export function createC(out: { b(row: { k: string; n: string }): void }) { return { a(row: { k: string }) { out.b({ ...row, n: '' }); } }; }",
      /^DLC505 .*/,
    ],
    ["export class createC {}", /^DLC505 /],
  ])("%#", async (module, expected) => {
    const [first, ...more] = await said(module);
    expect(first).toMatch(expected);
    expect(more).toEqual([]);
  });
});

describe("dlc check", () => {
  const modules = ["report.ts", "cache.ts"];
  beforeEach(() =>
    place.write({
      "ads.dlc": fixture("ad-network.dlc"),
      ...Object.fromEntries(modules.map((name) => [name, fixture(name)])),
    }),
  );

  test("JSON: outputs of components, the inputs that are coordinated, the paths that depend on order", async () => {
    const json = await check("ads.dlc");
    expect(json.diagnostics.map(({ code }) => code)).toEqual(["DLC309"]);
    expect(json.collections.map(({ name, label, key }) => [name, label, key])).toEqual([
      ["Report.response", "Async", []],
      ["Cache.response", "Async", []],
      ["Cache.request", "Async", []],
    ]);
    expect(json.outputs.map(({ name, before, after, achieved }) => [name, before, after, achieved])).toEqual([
      ["Report.response", "Inst", "Async", true],
      ["Cache.response", "Diverge", "Async", true],
      ["Cache.request", "Async", "Async", true],
    ]);
    expect(json.outputs[0].assumptions).toEqual(
      expect.arrayContaining([
        "declared: path request -> response: OR(campaign, id) of Report",
        "seal: after a seal by (campaign) the host gives click no more facts with that value",
        "assumes: no restart of Report",
      ]),
    );
    expect(json.orderSensitive).toMatchObject([
      {
        role: "Report",
        head: "response",
        rule: "response#2",
        reason: "opaque",
        gate: ["campaign", "id"],
        columns: ["campaign", "id"],
        sources: [{ source: "click", path: ["click", "Report.click"] }],
      },
    ]);
    expect(json.plan).toMatchObject([
      {
        mechanism: "seal",
        role: "Report",
        at: ["click"],
        key: ["campaign"],
        protects: ["response"],
        producers: "click",
      },
    ]);
    expect(json.functions).toMatchObject([
      { kind: "component", name: "Report", from: "./report.ts", claims: [] },
      { kind: "component", name: "Cache", from: "./cache.ts", claims: [] },
    ]);
  });

  test("an input that shares its name is named as it is declared", async () => {
    place.write({
      "p.dlc":
        "source x(k: string); component C { in y(k: string); out y(k: string); path y -> y: OR(k); } connect x -> C.y;",
    });
    const json = await check("p.dlc");
    expect(json.plan).toMatchObject([{ mechanism: "order", role: "C", at: ["y"], key: ["k"], protects: ["y"] }]);
    expect(json.collections.map(({ name }) => name)).toEqual(["C.y"]);
  });

  test("a report is not kept where a component's module may change", async () => {
    expect((await check("ads.dlc")).diagnostics).toHaveLength(1);
    place.write({ "cache.ts": "export {};" });
    expect((await check("ads.dlc")).diagnostics.map(({ code }) => code)).toContain("DLC504");
  });
});

describe("dlc explain", () => {
  beforeEach(() =>
    place.write({
      "ads.dlc": fixture("ad-network.dlc"),
      "report.ts": fixture("report.ts"),
      "cache.ts": fixture("cache.ts"),
    }),
  );
  const explain = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await place.dlc("explain", "ads.dlc", ...args);
    expect([code, err]).toEqual([0, ""]);
    return out;
  };
  test("a path: what it declares, from where the disorder comes, what was inserted", async () => {
    await expect(await explain("Report/response#2")).toMatchFileSnapshot("goldens/explain-path.txt");
  });
  test("a confluent path, and that its declaration is believed", async () => {
    expect(await explain("Report/response#1")).toContain("Report declares path click -> response: CW.");
    expect(await explain("Report/response#1")).toContain("Nothing checks that");
  });
  test("the program, with what is inserted", async () => {
    const out = await explain();
    expect(out).toContain("2 sources, 2 components, 3 outputs");
    expect(out).toContain("// request is handed in where closed: click(campaign)");
    expect(out).toContain("// seals of click travel on to Report.click, with the number of facts sent");
  });
  test("every code of components has an example that shows it", async () => {
    for (const [code, { example }] of Object.entries(componentCodes)) {
      place.write({ "p.dlc": example });
      const { err } = await place.dlc("build", "p.dlc", "-o", "out");
      expect(err, code).toContain(`[${code}]`);
    }
  });
});

describe("in files that are imported", () => {
  beforeEach(() =>
    place.write({
      "main.dlc": `import "./lib/bed.dlc" as bed;
        source ask(k: string);
        connect ask -> bed.Report.ask;
        connect bed.click -> bed.Report.click;
        role Desk { channel got(k: string, n: int); output told(k: string, n: int); told(k, n) <= got(k, n); }
        connect bed.Report.answer -> Desk.got;`,
      "lib/bed.dlc": `source click(k: string, n: int) sealed by (k);
        component Report replicated x2 from "./report.ts" {
          in click(k: string, n: int); in ask(k: string); out answer(k: string, n: int);
          path click -> answer: CW; path ask -> answer: OR(k);
        }`,
      "lib/report.ts": `export const createReport = (out: { answer(row: { k: string; n: number }): void }) => {
        const counts = new Map<string, number>();
        return {
          click({ k }: { k: string; n: number }) { counts.set(k, (counts.get(k) ?? 0) + 1); },
          ask({ k }: { k: string }) { out.answer({ k, n: counts.get(k) ?? 0 }); },
        };
      };`,
    }),
  );

  test("they stand with the name under which their file is imported", async () => {
    const json = await check("main.dlc");
    expect(json.diagnostics.map(({ code }) => code)).toEqual(["DLC309"]);
    expect(json.collections.map(({ name, label }) => [name, label])).toEqual([
      ["Desk.got", "Async"],
      ["bed.Report.answer", "Async"],
    ]);
    expect(json.plan).toMatchObject([
      { mechanism: "seal", role: "bed.Report", at: ["click"], key: ["k"], producers: "bed.click" },
    ]);
    expect(json.functions).toMatchObject([{ kind: "component", name: "bed.Report", from: "./report.ts" }]);
  });

  test("they run in the simulator, on small inputs and on given ones", async () => {
    const small = await place.dlc("verify", "main.dlc", "--tries", "8");
    expect([small.code, small.err]).toEqual([0, ""]);
    const events = [
      { role: "bed.click", row: { k: "a", n: 1 } },
      { role: "ask", row: { k: "a" } },
      { role: "bed.click", row: { k: "a", n: 2 } },
    ];
    place.write({ "events.ndjson": events.map((event) => JSON.stringify(event)).join("\n") });
    const given = await place.dlc("verify", "main.dlc", "--events", "events.ndjson");
    expect([given.code, given.err]).toEqual([0, ""]);
    expect(given.out).toMatch(/bed\.Report\.answer +deterministic: Async +the same in \d+ runs/);
  });
});

describe("witnesses", () => {
  test("two runs in which an answer comes before and after a fact", async () => {
    place.write({
      "ads.dlc": fixture("ad-network-poor.dlc"),
      "report.ts": fixture("report.ts"),
      "cache.ts": fixture("cache.ts"),
    });
    const { code, out } = await place.dlc("explain", "ads.dlc", "Report/response#2", "--witness");
    expect(code).toBe(0);
    expect(out).toContain("A witness: response#2 does depend on order");
    expect(out).toMatch(/Only in the first run: response\("\w+", "\w+", 1\)/);
    expect(out).toMatch(/Only in the second run: response\("\w+", "\w+", 0\)/);
  });

  test("a component that runs elsewhere cannot be tried", async () => {
    place.write({
      "p.dlc":
        "source x(k: string); component C { in y(k: string); out y(k: string); path y -> y: OR(k); } connect x -> C.y;",
    });
    const sentence = "dlc: nothing here implements the component C, so that it can be checked and not run\n";
    for (const args of [
      ["verify", "p.dlc"],
      ["explain", "p.dlc", "y#1", "--witness"],
    ]) {
      const { code, err } = await place.dlc(...args);
      expect([code, err]).toEqual([2, sentence]);
    }
    const { out } = await place.dlc("explain", "p.dlc", "y#1");
    expect(out).toContain("  - x (source) -> C.y (in) -> (path y -> y)\n");
  });
});
