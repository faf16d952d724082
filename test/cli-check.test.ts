import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { main } from "../src/cli/main.ts";
import { ads, makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

const clean = "role A {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x);\n}\n";

async function jsonOf(...args: string[]): Promise<{ code: number; json: Record<string, any> }> {
  const { code, out, err } = await place.dlc("check", "--format", "json", ...args);
  expect(err).toBe("");
  return { code, json: JSON.parse(out) };
}

describe("dlc check", () => {
  test("a clean program: exit 0, and one line that says so", async () => {
    place.write({ "a.dlc": clean });
    const { code, out, err } = await place.dlc("check", "a.dlc");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("1 program checked: 0 errors, 0 warnings");
  });

  test("a program without outputs says that there is nothing to say", async () => {
    place.write({ "a.dlc": "" });
    const { out } = await place.dlc("check", "a.dlc");
    expect(out).toBe("a.dlc\n  no outputs, so that nothing is promised\n\n1 program checked: 0 errors, 0 warnings\n");
  });

  test("errors: exit 1, each with its place and a frame, several in one run", async () => {
    place.write({
      "a.dlc": "role A {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x, x);\n  o(y) <= nowhere(y);\n}\n",
    });
    const { code, out } = await place.dlc("check", "a.dlc");
    expect(code).toBe(1);
    expect(out).toContain("--> a.dlc:4:");
    expect(out).toContain("--> a.dlc:5:");
    expect(out).toContain(" 5 |   o(y) <= nowhere(y);");
    expect(out).toContain("2 errors");
  });

  test("JSON: one object, all arrays there, lines and columns from 1 and ends exclusive", async () => {
    place.write({ "ads.dlc": ads() });
    const { code, json } = await jsonOf("ads.dlc");
    expect(code).toBe(0);
    expect(json["version"]).toBe(1);
    expect(json["files"]).toEqual(["ads.dlc"]);
    const finding = json["diagnostics"].find((each: any) => each.range.start.line === 15);
    expect(finding).toMatchObject({
      severity: "warning",
      file: "ads.dlc",
      range: { start: { line: 15, column: 3 }, end: { line: 15, column: 63 } },
    });
    expect(finding.code).toMatch(/^DLC3\d\d$/);
    expect(Array.isArray(finding.fixes)).toBe(true);
    expect(json["outputs"]).toMatchObject([
      {
        name: "Analyst.result",
        target: "deterministic",
        before: "Inst",
        after: "Async",
        achieved: true,
        pacelc: "PC/seal(campaign)/EC(seal)",
      },
    ]);
    expect(json["collections"]).toContainEqual(
      expect.objectContaining({ name: "Report.click", label: "Seal", key: ["campaign"] }),
    );
    expect(json["collections"].map((each: any) => each.name)).not.toContain("AdServer.click");
    expect(json["orderSensitive"]).toMatchObject([
      {
        role: "Report",
        head: "poor",
        rule: "poor#1",
        line: 15,
        reason: "aggregate",
        gate: ["c", "i"],
        columns: ["campaign", "id"],
      },
    ]);
    expect(json["plan"]).toMatchObject([
      {
        mechanism: "seal",
        role: "Report",
        at: ["click"],
        key: ["campaign"],
        protects: ["poor"],
        producers: "AdServer",
      },
    ]);
  });

  test("JSON of a program with errors is an object too, with empty arrays", async () => {
    place.write({ "a.dlc": "role A {\n  input i(x: int;\n}\n" });
    const { code, json } = await jsonOf("a.dlc");
    expect(code).toBe(1);
    expect(json["diagnostics"].length).toBeGreaterThan(0);
    for (const key of ["outputs", "collections", "orderSensitive", "plan"]) expect(json[key]).toEqual([]);
  });

  test("folders and globs, each program by itself, each once", async () => {
    place.write({ "p/a.dlc": clean, "p/q/b.dlc": clean, "p/node_modules/c.dlc": "broken", "notes.txt": "" });
    expect((await jsonOf("p")).json["files"]).toEqual(["p/a.dlc", "p/q/b.dlc"]);
    expect((await jsonOf("p/*.dlc", "p/a.dlc")).json["files"]).toEqual(["p/a.dlc"]);
    expect((await jsonOf("p/**/*.dlc")).json["files"]).toEqual(["p/a.dlc", "p/q/b.dlc"]);
  });

  test("wrong use: exit 2, and the message names what was wrong", async () => {
    place.write({ "a.dlc": clean, "empty/readme.txt": "", "latin.dlc": "" });
    writeFileSync(join(place.folder, "latin.dlc"), Buffer.from([0x2f, 0x2f, 0xe4, 0x0a]));
    const cases: [string[], RegExp][] = [
      [["check", "missing.dlc"], /no such file or folder: missing\.dlc/],
      [["check", "a"], /no such file or folder: a \(there is a a\.dlc\)/],
      [["check", "empty"], /no \.dlc file in the folder empty/],
      [["check", "*.nothing"], /no file matches \*\.nothing/],
      [["check", "latin.dlc"], /latin\.dlc is not UTF-8/],
      [["check"], /missing required argument 'files'/],
      [["check", "a.dlc", "--format", "xml"], /xml/],
      [["check", "a.dlc", "--strategy", "hope"], /hope/],
      [["check", "a.dlc", "--max-warnings", "few"], /whole number/],
      [["check", "a.dlc", "--budget", "sequencer=0"], /"sequencer" is no mechanism/],
      [["check", "a.dlc", "--budget", "order"], /order needs a whole number/],
      [["chekc", "a.dlc"], /unknown command 'chekc'[\s\S]*check/],
      [["check", "a.dlc", "--foo"], /unknown option '--foo'\n\(dlc check --help shows/],
      [["help", "chekc"], /there is no command chekc; there are check, build,/],
      [["verify", "a.dlc", "--tries", "0"], /whole number, 1 or more/],
      [
        ["explain", "poor#1"],
        /no such file: poor#1; a rule or an output is named behind its program: dlc explain ads\.dlc poor#1/,
      ],
      [["explain", "a"], /no such file: a \(there is a a\.dlc\)/],
      [["explain", "missing.dlc"], /no such file: missing\.dlc\n/],
      [["explain", "DLC302x"], /there is no code DLC302X; did you mean DLC302/],
      [["explain", "a.dlc", "o#1", "-o", "x.svg"], /-o draws what --witness finds/],
      [["explain", "a.dlc", "nothing#1"], /a\.dlc has no rule or output nothing#1/],
      [["explain", "DLC000"], /there is no code DLC000/],
      [["build", "a.dlc"], /required option '-o, --out <folder>'/],
    ];
    for (const [args, message] of cases) {
      const { code, out, err } = await place.dlc(...args);
      expect([args.join(" "), code, out]).toEqual([args.join(" "), 2, ""]);
      expect(err).toMatch(message);
    }
  });

  test("a program that cannot be read does not keep the others from being reported", async () => {
    place.write({ "a.dlc": clean, "b.dlc": "role A {\n  output o(x: int);\n  o(x) <= nowhere(x);\n}\n" });
    writeFileSync(join(place.folder, "latin.dlc"), Buffer.from([0x2f, 0x2f, 0xe4, 0x0a]));
    const checked = await place.dlc("check", "latin.dlc", "a.dlc", "b.dlc");
    expect([checked.code, checked.err]).toEqual([2, "dlc: latin.dlc is not UTF-8 text\n"]);
    expect(checked.out).toContain("2 programs checked: 1 error");
    const formatted = await place.dlc("fmt", "latin.dlc", "a.dlc");
    expect([formatted.code, formatted.out, formatted.err]).toEqual([
      2,
      "a.dlc\n",
      "dlc: latin.dlc is not UTF-8 text\n1 of 1 program formatted\n",
    ]);
  });

  test("nor does a certificate that is missing, or that the folder has under the name of its only program", async () => {
    place.write({ "a.dlc": clean });
    await place.dlc("check", "a.dlc", "--lock");
    place.write({ "b.dlc": clean });
    const both = await place.dlc("check", "a.dlc", "b.dlc", "--locked");
    const missing = (name: string): string =>
      `dlc: --locked needs ${name}.coordination.json, which does not exist; \`dlc check ${name}.dlc --lock\` writes it; ` +
      `several programs share the folder now: where coordination.json is that of ${name}.dlc, rename it\n`;
    expect([both.code, both.out, both.err]).toEqual([2, "", missing("a") + missing("b")]);
    renameSync(join(place.folder, "coordination.json"), join(place.folder, "a.coordination.json"));
    const one = await place.dlc("check", "a.dlc", "b.dlc", "--locked");
    expect([one.code, one.err]).toEqual([2, missing("b").replace(/; several.*\n/, "\n")]);
    expect(one.out).toContain("1 program checked: 0 errors");
  });

  test("beside a statement that is left out no label is claimed, and no certificate written", async () => {
    // Without the rule that cannot be read, o is said to be deterministic.
    const text =
      "role A x2 {\n  input i(x: int);\n  B.c <~ i;\n}\nrole B {\n  channel c(x: int);\n  table t(x: int);\n  t <= c;\n  output o(n: int);\n  o(count(*)) <= t(_);\n}\n";
    place.write({ "a.dlc": text });
    const { code, out, err } = await place.dlc("check", "a.dlc", "--lock");
    expect([code, err]).toEqual([1, ""]);
    expect(out).not.toContain("deterministic");
    expect(existsSync(join(place.folder, "coordination.json"))).toBe(false);
    const { json } = await jsonOf("a.dlc");
    expect([json["outputs"], json["collections"], json["plan"]]).toEqual([[], [], []]);
    place.write({ "a.dlc": text.replace("*", "") });
    expect((await place.dlc("check", "a.dlc")).out).toContain("B.o  deterministic: Run, not reached");
  });

  test.skipIf(process.platform !== "linux")("where no folder can be made, nothing goes on for ever", async () => {
    place.write({ "a.dlc": clean });
    for (const args of [
      ["init", "/proc/nowhere"],
      ["build", "a.dlc", "-o", "/proc/nowhere/out"],
    ]) {
      const { code, err } = await place.dlc(...args);
      expect(code).toBe(2);
      expect(err).toMatch(/^dlc: cannot write \/proc\/nowhere\/.*: there is no such file or folder\n$/);
    }
  });

  test("--help and --version are no error", async () => {
    expect((await place.dlc("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { out: top } = await place.dlc("--help");
    const names = [...top.matchAll(/^ {2}([a-z]+) .*$/gm)]
      .map(([, name]) => name)
      .filter((name) => name !== "help" && name !== "dlc");
    expect(names).toEqual(expect.arrayContaining(["check", "build", "run", "explain", "fmt", "init", "completion"]));
    const check = await place.dlc("check", "--help");
    expect((await place.dlc("help", "check")).out).toBe(check.out);
    expect((await place.dlc("help")).out).toBe(top);
    for (const args of [["--help"], ...names.map((name) => [name, "--help"])]) {
      const { code, out } = await place.dlc(...args);
      expect(code).toBe(0);
      expect(out).toContain("Examples:");
    }
  });

  test("a fault of dlc itself is an apology and exit 2; where it happened only with DLC_DEBUG", async () => {
    place.write({ "a.dlc": clean });
    for (const debug of [undefined, "1"]) {
      const io = place.io({
        out: () => {
          throw new Error("the printer is on fire");
        },
        env: { DLC_DEBUG: debug },
      });
      const code = await main(["check", "a.dlc", "--no-cache"], io);
      const { err } = io.printed;
      expect(code).toBe(2);
      expect(err).toContain("this is a fault of dlc and not of your program: the printer is on fire");
      expect(err).toMatch(/dlc \d+\.\d+\.\d+, Node v/);
      expect(/\n\s+at /.test(err)).toBe(debug === "1");
    }
  });

  test("warnings are counted against --max-warnings", async () => {
    place.write({ "ads.dlc": ads() });
    expect((await place.dlc("check", "ads.dlc", "--max-warnings", "1")).code).toBe(0);
    const { code, err } = await place.dlc("check", "ads.dlc", "--max-warnings", "0");
    expect(code).toBe(1);
    expect(err).toContain("1 warning, and at most 0 are allowed");
  });

  test("a suppressed finding is listed apart and counts no more", async () => {
    place.write({
      "ads.dlc": ads().replace(
        "  poor(c, i, count())",
        "  // dlc-allow DLC302: sealed, and the seals are tested\n  poor(c, i, count())",
      ),
    });
    const { code, json } = await jsonOf("ads.dlc", "--max-warnings", "0");
    expect(code).toBe(0);
    expect(json["diagnostics"].filter((each: any) => each.severity !== "note")).toEqual([]);
    expect(json["suppressed"]).toMatchObject([{ code: "DLC302", reason: "sealed, and the seals are tested" }]);
  });

  test("what is off in the configuration is not missed by a comment that silences it", async () => {
    place.write({
      "dlc.config.json": JSON.stringify({ severities: { DLC302: "off", DLC191: "error" } }),
      "ads.dlc": ads().replace("  poor(c, i, count())", "  // dlc-allow DLC302: sealed\n  poor(c, i, count())"),
    });
    expect((await jsonOf("ads.dlc")).json).toMatchObject({ diagnostics: [], suppressed: [{ code: "DLC302" }] });
    place.write({ "ads.dlc": `// dlc-allow DLC301: gone\n${ads()}` });
    expect(await jsonOf("ads.dlc")).toMatchObject({
      code: 1,
      json: { diagnostics: [{ code: "DLC191", severity: "error" }] },
    });
  });

  test("what leaves no plan can be neither silenced nor turned off", async () => {
    const forced = ads("").replace("  poor(c, i, count())", "  @coordinate(seal by (campaign))\n  poor(c, i, count())");
    place.write({
      "dlc.config.json": JSON.stringify({ severities: { DLC403: "off" } }),
      "ads.dlc": forced.replace("  @coordinate", "  // dlc-allow DLC403: never mind\n  @coordinate"),
    });
    const { code, json } = await jsonOf("ads.dlc");
    expect(code).toBe(1);
    expect(json["diagnostics"].map((each: any) => each.code)).toEqual(expect.arrayContaining(["DLC403", "DLC192"]));
    expect(json["suppressed"]).toEqual([]);
  });

  test("--budget: more of a mechanism than allowed is an error at the rule that needs it", async () => {
    place.write({ "ads.dlc": ads("") });
    expect((await jsonOf("ads.dlc", "--budget", "order=1,seal=0")).code).toBe(0);
    const { code, json } = await jsonOf("ads.dlc", "--budget", "order=0");
    expect(code).toBe(1);
    expect(json["diagnostics"].filter((each: any) => each.code === "DLC490")).toHaveLength(1);
  });

  test("--lock writes the certificate, --locked compares with it", async () => {
    place.write({ "ads.dlc": ads() });
    expect((await place.dlc("check", "ads.dlc", "--locked")).code).toBe(2);
    expect((await place.dlc("check", "ads.dlc", "--lock")).code).toBe(0);
    expect(existsSync(join(place.folder, "coordination.json"))).toBe(true);
    expect((await place.dlc("check", "ads.dlc", "--locked")).code).toBe(0);
    place.write({ "ads.dlc": ads("") });
    const { code, out } = await place.dlc("check", "ads.dlc", "--locked");
    expect(code).toBe(1);
    expect(out).toContain("DLC491");
  });

  test("--strategy none inserts nothing", async () => {
    place.write({ "ads.dlc": ads() });
    const { json } = await jsonOf("ads.dlc", "--strategy", "none");
    expect(json["plan"]).toEqual([]);
    expect(json["outputs"]).toMatchObject([{ achieved: false }]);
  });
});

describe("what is kept on disk", () => {
  const cacheFiles = (ending = ".statements"): string[] => {
    const folder = join(place.folder, ".cache-of-user", "dlc");
    const names = existsSync(folder) ? readdirSync(folder) : [];
    expect(names.filter((name) => !/^[0-9a-f]{40}\.(?:statements|report)$/.test(name))).toEqual([]);
    return names.filter((name) => name.endsWith(ending));
  };

  test("a report is used again for the same text and the same question only", async () => {
    place.write({ "ads.dlc": ads() });
    const sealed = await jsonOf("ads.dlc");
    expect(cacheFiles(".report")).toHaveLength(1);
    expect(await jsonOf("ads.dlc")).toEqual(sealed);
    expect((await jsonOf("ads.dlc", "--strategy", "none")).json["plan"]).toEqual([]);
    expect((await jsonOf("ads.dlc", "--budget", "seal=0")).code).toBe(1);
    expect((await place.dlc("check", "ads.dlc")).out).toContain("1 program checked");
    expect(cacheFiles(".report")).toHaveLength(2);
    place.write({ "ads.dlc": ads("") });
    expect((await jsonOf("ads.dlc")).json["plan"]).toMatchObject([{ mechanism: "order" }]);
    place.write({ "ads.dlc": ads() });
    expect(await jsonOf("ads.dlc")).toEqual(sealed);
  });

  test("a report of a program with functions is not, since they lie in other files", async () => {
    const program =
      'function f(x: int): int from "./f.ts";\nrole A {\n  input i(x: int);\n  output o(x: int);\n  o(f(x)) <= i(x);\n}\n';
    place.write({ "p.dlc": program, "f.ts": "export const f = (x: number): number => x;\n" });
    expect((await jsonOf("p.dlc")).code).toBe(0);
    place.write({ "f.ts": "export const f = (x: number): string => String(x);\n" });
    expect((await jsonOf("p.dlc")).code).toBe(1);
  });

  test("changes no result, and is bounded by the program", async () => {
    place.write({ "ads.dlc": ads() });
    const first = await jsonOf("ads.dlc");
    expect(cacheFiles()).toHaveLength(1);
    expect(await jsonOf("ads.dlc")).toEqual(first);
    expect(await jsonOf("ads.dlc", "--no-cache")).toEqual(first);
    place.write({ "ads.dlc": clean });
    const small = await jsonOf("ads.dlc");
    expect(cacheFiles()).toHaveLength(1);
    const kept = readFileSync(join(place.folder, ".cache-of-user", "dlc", cacheFiles()[0]), "utf8");
    expect(kept).not.toContain("Analyst");
    expect(small.json["diagnostics"]).toEqual([]);
  });

  test("a damaged file, a foreign one and a folder that cannot be written are as good as none", async () => {
    place.write({ "ads.dlc": ads() });
    const { json } = await jsonOf("ads.dlc");
    const path = join(place.folder, ".cache-of-user", "dlc", cacheFiles()[0]);
    const whole = readFileSync(path, "utf8");
    for (const text of ["", "garbage", whole.slice(0, whole.length / 2), whole.replace("clicks", "clocks")]) {
      writeFileSync(path, text);
      for (const name of cacheFiles(".report")) writeFileSync(join(place.folder, ".cache-of-user", "dlc", name), text);
      expect((await jsonOf("ads.dlc")).json).toEqual(json);
    }
    chmodSync(path, 0o000);
    expect((await jsonOf("ads.dlc")).json).toEqual(json);
    chmodSync(path, 0o600);
    place.write({ "b/ads.dlc": ads() });
    mkdirSync(join(place.folder, "b", "node_modules"));
    writeFileSync(join(place.folder, "b", "node_modules", ".cache"), "a file where a folder is wanted");
    expect((await jsonOf("b/ads.dlc")).code).toBe(0);
  });

  test("several at once leave a whole file", async () => {
    place.write({ "ads.dlc": ads() });
    const all = await Promise.all(Array.from({ length: 8 }, () => jsonOf("ads.dlc")));
    for (const one of all) expect(one).toEqual(all[0]);
    expect(cacheFiles()).toHaveLength(1);
  });
});
