/** The TypeScript of the pages: checked against what is emitted, and run. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makePlace } from "../place-of-tests.ts";
import type { Place } from "../place-of-tests.ts";
import { blocksOf, root } from "../support/pages.ts";
import { freePorts } from "./nats-servers.ts";
import { start } from "./programs.ts";
import type { Running } from "./programs.ts";

const dlc = join(root, "bin", "dlc.js");
let place: Place;
const running: Running[] = [];
beforeAll(() => {
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"]);
}, 180_000);
beforeEach(() => {
  place = makePlace();
});
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.kill("SIGKILL");
    await each.done;
  }
  place.remove();
});

interface Trial {
  /** What makes a whole program of a part. */
  readonly rest?: string;
  /** Modules that the page does not show. */
  readonly modules?: Readonly<Record<string, string>>;
  readonly events: readonly string[];
  /** Rows of outputs, each once, in no order. */
  readonly outputs: readonly object[];
}

const module = (path: string): string => readFileSync(join(root, "fixtures", path), "utf8");
const event = (role: string, collection: string, ...rows: readonly object[]): string[] =>
  rows.map((row) => JSON.stringify({ role, collection, row }));

/** By the first line of a program of docs/language.md, what is run of it. */
const trials: Readonly<Record<string, Trial>> = {
  "/// Who has asked whom to be friends, and who answered?": {
    events: event("Client", "ask", { to: "bob" }, { to: "" }),
    outputs: [{ to: "bob" }],
  },
  'function tokenize(text: string): list<string> from "./text.ts";': {
    modules: {
      "text.ts": "export const tokenize = (text: string): string[] => text.split(/\\W+/);\n",
      "ref.ts": module("functions/companies.ts"),
    },
    rest: `role Host {
      input line(text: string);
      output word(word: string);
      output paper(name: string);
      word(w) <= line(t), w in tokenize(t);
      paper(ticker("Acme")) <= line(_);
    }`,
    events: event("Host", "line", { text: "the whale" }),
    outputs: [{ word: "the" }, { word: "whale" }, { name: "ACM" }],
  },
  'aggregate median(x: float): float from "./stats.ts" commutative;': {
    rest: `role Host {
      input reading(day: int, x: float, y: float) sealed by (day);
      output middle(day: int, x: float);
      output trend(day: int, slope: float);
      middle(d, median(x)) <= reading(d, x, _);
      trend(d, slope(x, y)) <= reading(d, x, y);
    }`,
    events: event("Host", "reading", { day: 1, x: 3, y: 7 }, { day: 1, x: 1, y: 3 }, { day: 1, x: 2, y: 5 }),
    outputs: [
      { day: 1, x: 2 },
      { day: 1, slope: 2 },
    ],
  },
  'lattice Ballot from "./ballot.ts";': {
    rest: `role Host {
      input ballot(id: int, voter: string, choice: string);
      table ballots(id: int, all: Ballot);
      output won(id: int);
      ballots(i, vote(v, c)) <= ballot(i, v, c);
      won(i) <= ballots(i, b), most(b) >= 2;
    }`,
    events: event(
      "Host",
      "ballot",
      { id: 1, voter: "ann", choice: "x" },
      { id: 1, voter: "bob", choice: "x" },
      { id: 2, voter: "ann", choice: "x" },
      { id: 2, voter: "bob", choice: "y" },
    ),
    outputs: [{ id: 1 }],
  },
  "/// Requests and their answers, between two roles.": {
    events: [
      ...event("Library", "book", { title: "Moby-Dick", pages: 635 }),
      ...event("Reader", "wonder", { id: "a", title: "Moby-Dick" }),
    ],
    outputs: [{ id: "a", n: 635 }],
  },
  "source click(campaign: string, id: string, user: string) sealed by (campaign);": {
    events: [
      JSON.stringify({ role: "ask", row: { campaign: "shoes", id: "s1" } }),
      ...["u1", "u2", "u1"].map((user) =>
        JSON.stringify({ role: "click", row: { campaign: "shoes", id: "s1", user } }),
      ),
    ],
    outputs: [{ campaign: "shoes", id: "s1", n: 2 }],
  },
};

const blocks = blocksOf("language");
const programs = blocks.filter(({ language }) => language === "dlc");

describe("docs/language.md", () => {
  test("has each program and each module that is run here", () => {
    expect(programs.map(({ text }) => text.split("\n")[0])).toEqual(Object.keys(trials));
    for (const [i, { language, line }] of blocks.entries())
      if (language === "ts") expect(blocks[i - 1]?.language, `line ${line}: of the program before it`).toBe("dlc");
  });

  test.each(programs.map((block) => [block.text.split("\n")[0], block] as const))("%s", async (first, block) => {
    const { rest = "", modules = {}, events, outputs } = trials[first];
    const shown = blocks[blocks.indexOf(block) + 1];
    const [, path] = / from "\.\/(.*?)"/.exec(block.text) ?? [];
    place.write({ "p.dlc": `${block.text}\n${rest}\n`, ...modules });
    if (shown?.language === "ts") place.write({ [path!]: shown.text });
    const { code, out } = await place.dlc("check", "p.dlc", "--format", "json");
    const { diagnostics } = JSON.parse(out) as { readonly diagnostics: readonly { readonly severity: string }[] };
    expect([code, diagnostics.filter(({ severity }) => severity === "error")]).toEqual([0, []]);
    const ran = await start([dlc, "run", join(place.folder, "p.dlc"), "--quiet"], `${events.join("\n")}\n`).done;
    expect([ran.code, ran.stderr]).toEqual([0, expect.not.stringContaining("DLC9")]);
    expect(new Set(ran.rows.map(({ row }) => JSON.stringify(row)))).toEqual(
      new Set(outputs.map((row) => JSON.stringify(row))),
    );
  });
});

test("the README's program embeds a node: it has the types that are emitted, and is told what the others send", async () => {
  const [{ text }, ...more] = blocksOf("embedding");
  expect(more).toEqual([]);
  cpSync(join(root, "fixtures/ad-network/campaign.dlc"), join(place.folder, "campaign.dlc"));
  execFileSync(process.execPath, [dlc, "build", "campaign.dlc", "-o", "out"], { cwd: place.folder, stdio: "pipe" });
  // Elsewhere than at the ports of dlc build, which others may have.
  const file = join(place.folder, "out", "deploy.json");
  const deploy = JSON.parse(readFileSync(file, "utf8"));
  const ports = [...(await freePorts(9))];
  for (const { instances } of Object.values(deploy.roles) as { instances: object[] }[])
    for (const [i] of instances.entries()) instances[i] = { host: "127.0.0.1", port: ports.pop() };
  writeFileSync(file, JSON.stringify(deploy));

  place.write({
    "host.ts": text,
    "package.json": `{"type":"module"}`,
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        strict: true,
        module: "nodenext",
        target: "ES2023",
        noEmit: true,
        skipLibCheck: true,
        types: ["node"],
        typeRoots: [join(root, "node_modules/@types")],
      },
      files: ["host.ts"],
    }),
  });
  const tsc = [join(root, "node_modules/typescript/bin/tsc"), "-p", place.folder];
  expect(spawnSync(process.execPath, tsc, { encoding: "utf8" }).stdout).toBe("");

  const main = join(place.folder, "out", "main.js");
  const servers = Array.from({ length: 5 }, (_, index) =>
    start(
      [main, "AdServer", "--index", String(index)],
      ["u1", "u2"]
        .map(
          (user) =>
            `${JSON.stringify({ collection: "click", row: { campaign: "shoes", id: "s1", user: `${index} ${user}` } })}\n`,
        )
        .join(""),
    ),
  );
  const reports = Array.from({ length: 3 }, (_, index) => start([main, "Report", "--index", String(index)]));
  running.push(...servers, ...reports);
  const esbuild = join(root, "node_modules/.bin/esbuild");
  execFileSync(esbuild, [join(place.folder, "host.ts"), `--outfile=${join(place.folder, "host.js")}`], {
    stdio: "pipe",
  });
  const host = start([join(place.folder, "host.js")], "", {}, place.folder);
  running.push(host);
  await host.sees("shoes s1 10\n");
  host.kill("SIGINT");
  const { code, stdout, stderr } = await host.done;
  expect([code, stdout]).toEqual([0, "shoes s1 10\n"]);
  expect(stderr).not.toContain("DLC9");
});
