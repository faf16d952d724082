/** Imported functions through the built command line: what is loaded for them, and what happens when one fails in a run. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { scratch, start } from "./programs.ts";
import type { Ran } from "./programs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dlc = join(root, "bin", "dlc.js");

beforeAll(() => {
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"], { cwd: root, stdio: "ignore" });
});

function folderOf(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}

/** Runs `dlc …` inside a process that then says which heavy packages it has loaded. */
async function loadedBy(
  folder: string,
  ...args: readonly string[]
): Promise<{ code: number; packages: readonly string[] }> {
  const script = join(folder, "loaded.mjs");
  writeFileSync(
    script,
    `import { createRequire } from "node:module";
     import { main } from ${JSON.stringify(pathToFileURL(join(root, "dist", "cli.cjs")).href)};
     process.chdir(${JSON.stringify(folder)});
     const code = await main(${JSON.stringify(args)});
     const found = Object.keys(createRequire(import.meta.url).cache).flatMap((path) => /node_modules\\/(ts-morph|esbuild)\\//.exec(path)?.[1] ?? []);
     console.log("\\nLOADED " + JSON.stringify({ code, packages: [...new Set(found)].sort() }));`,
  );
  const { stdout, stderr } = await start([script], "", { XDG_CACHE_HOME: join(folder, "cache") }).done;
  const line = /^LOADED (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`it said nothing: ${stdout}${stderr}`);
  return JSON.parse(line) as { code: number; packages: readonly string[] };
}

const plain = "role A { input i(x: int); output o(x: int); o(x) <= i(x); }\n";

describe("what a check loads", () => {
  test("nothing heavy for a program without imported functions", async () => {
    const folder = folderOf("light", { "p.dlc": plain });
    expect(await loadedBy(folder, "check", "p.dlc", "--no-cache")).toEqual({ code: 0, packages: [] });
  });

  test("TypeScript for one that imports functions, until the verdict is known", async () => {
    const folder = folderOf("heavy", {
      "m.ts": "export const f = (x: number): number => x + 1;\n",
      "p.dlc": `function f(x: int): int from "./m.ts" injective;\n${plain}`,
    });
    expect(await loadedBy(folder, "check", "p.dlc")).toEqual({ code: 0, packages: ["esbuild", "ts-morph"] });
    expect(await loadedBy(folder, "check", "p.dlc")).toEqual({ code: 0, packages: [] });
    writeFileSync(join(folder, "m.ts"), "export const f = (x: number): number => x * x;\n");
    expect(await loadedBy(folder, "check", "p.dlc")).toEqual({ code: 1, packages: ["esbuild", "ts-morph"] });
    expect(await loadedBy(folder, "check", "p.dlc")).toEqual({ code: 1, packages: [] });
  });
});

describe("dlc run", () => {
  const lines = (rows: readonly object[]): string =>
    rows.map((row) => `${JSON.stringify({ role: "A", node: 0, collection: "i", row })}\n`).join("");
  const run = (folder: string, input: string): Promise<Ran> =>
    start([dlc, "run", join(folder, "p.dlc"), "--quiet"], input, { NO_COLOR: "1" }).done;

  test("a function that throws, and one that gives another type, fail the one derivation each, with its cause", async () => {
    const folder = folderOf("failing", {
      "m.ts": `export function share(of: number, by: number): number {
          if (by === 0) throw new Error("nobody to share with");
          return Math.floor(of / by);
        }
        export function half(x: number): number { return x / 2; }\n`,
      "p.dlc": `function share(of: int, by: int): int from "./m.ts";
        function half(x: int): int from "./m.ts";
        role A {
          input  i(of: int, by: int);
          output each(of: int, by: int, n: int);
          output halves(of: int, n: int);
          output all(of: int);
          each(a, b, share(a, b)) <= i(a, b);
          halves(a, half(a))      <= i(a, _);
          all(a)                  <= i(a, _);
        }\n`,
    });
    const { stderr, rows } = await run(
      folder,
      lines([
        { of: 8, by: 4 },
        { of: 5, by: 0 },
      ]),
    );
    const of = (collection: string): string[] =>
      rows.flatMap((each) => (each.collection === collection ? [JSON.stringify(each.row)] : [])).sort();
    expect(of("each")).toEqual(['{"of":8,"by":4,"n":2}']);
    expect(of("halves")).toEqual(['{"of":8,"n":4}']);
    expect(of("all")).toEqual(['{"of":5}', '{"of":8}']);
    expect(stderr).toMatch(/DLC920.*share\(5, 0\) threw: nobody to share with/);
    expect(stderr).toMatch(/each#1/);
    expect(stderr).toMatch(/DLC920.*half\(5\) returned a value of another type: .*2\.5/);
    expect(stderr).toMatch(/halves#1/);
  });

  test("imported aggregates get whole groups, and one that fails leaves its group out", async () => {
    const reading = (node: number, hour: number, minute: number, celsius: number): string =>
      JSON.stringify({ role: "Station", node, collection: "reading", row: { hour, minute, celsius } });
    const input = [
      reading(0, 9, 0, 21),
      reading(1, 9, 30, 18),
      reading(2, 9, 10, 19),
      reading(0, 9, 40, 17),
      reading(1, 10, 5, 30),
      reading(0, 11, 0, 1),
      reading(0, 11, 30, 2),
    ];
    const { code, rows, stderr } = await start(
      [dlc, "run", join(root, "fixtures", "statistics", "program.dlc"), "--quiet"],
      `${input.join("\n")}\n`,
      { NO_COLOR: "1" },
    ).done;
    const of = (node: number, collection: string): unknown[] =>
      rows
        .flatMap((each) => (each.node === node && each.collection === collection ? [Object.values(each.row)] : []))
        .sort((a, b) => Number(a[0]) - Number(b[0]));
    for (const node of [0, 1]) {
      expect(of(node, "middle")).toEqual([
        [9, 18.5],
        [10, 30],
        [11, 1.5],
      ]);
      expect(of(node, "trend")).toEqual([
        [9, expect.closeTo(-0.09, 10)],
        [11, expect.closeTo(1 / 30, 10)],
      ]);
      expect(of(node, "covered")).toEqual([[9]]);
    }
    expect(stderr).toMatch(/DLC920.*slope\(\[\[5,30\]\]\) threw: the points stand above one another/);
    expect(stderr).toMatch(/trend#1/);
    expect(code).toBe(0);
  });

  test("values of an imported lattice merge at every replica, and their bounds need no coordination", async () => {
    const vote = (node: number, voter: string, choice: string): string =>
      JSON.stringify({ role: "Booth", node, collection: "vote_for", row: { poll: "tea", voter, choice } });
    const input = [vote(0, "ann", "yes"), vote(1, "bob", "yes"), vote(2, "cid", "no"), vote(0, "cid", "yes")];
    const { code, rows, stderr } = await start(
      [dlc, "run", join(root, "fixtures", "ballot", "program.dlc"), "--quiet"],
      `${input.join("\n")}\n`,
      { NO_COLOR: "1" },
    ).done;
    for (const node of [0, 1]) {
      const of = (collection: string): unknown[] =>
        rows.flatMap((each) => (each.node === node && each.collection === collection ? [each.row] : []));
      expect(of("decided")).toEqual([{ poll: "tea" }]);
      expect(of("voted").at(-1)).toEqual({ poll: "tea", voters: ["ann", "bob", "cid"] });
    }
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("a program whose claim is false is not run", async () => {
    const folder = folderOf("refused", {
      "m.ts": "export const f = (x: number): number => x % 10;\n",
      "p.dlc": `function f(x: int): int from "./m.ts" injective;\nrole A { input i(x: int); output o(x: int); o(f(x)) <= i(x); }\n`,
    });
    const { code, stdout, stderr } = await run(folder, lines([{ x: 1 }]));
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/error\[DLC510\]: f is not injective/);
  });

  test("seals travel through functions that keep values apart", async () => {
    const folder = join(root, "fixtures", "functions");
    const trade = (node: number, company: string, id: number, shares: number): string =>
      JSON.stringify({
        role: "Exchange",
        node,
        collection: "trade",
        row: { company, day: 1, hour: 9, id, shares, bid: 10, ask: 11 },
      });
    const seal = (node: number, company: string): string =>
      JSON.stringify({ role: "Exchange", node, collection: "trade", seal: { company, day: 1, hour: 9 } });
    const input = [
      trade(0, "Acme", 1, 5),
      trade(1, "Acme", 2, 7),
      trade(0, "Bolt", 3, 1),
      trade(1, "Nowhere", 4, 1),
      seal(0, "Acme"),
      seal(1, "Acme"),
    ];
    const { code, rows, stderr } = await start(
      [dlc, "run", join(folder, "program.dlc"), "--quiet"],
      `${input.join("\n")}\n`,
      { NO_COLOR: "1" },
    ).done;
    const volumes = [0, 1].map((node) =>
      rows
        .flatMap((each) =>
          each.node === node ? [`${each.row["ticker"]} ${each.row["slot"]} ${each.row["shares"]}`] : [],
        )
        .sort(),
    );
    expect(volumes).toEqual([
      ["ACM 1:9 12", "BLT 1:9 1"],
      ["ACM 1:9 12", "BLT 1:9 1"],
    ]);
    expect(stderr).toMatch(/ticker\("Nowhere"\) threw: Nowhere is not listed/);
    expect(code).toBe(0);
  });
});
