/**
 * The commands of the pages that are for a checkout of dlc, run as they stand in a fresh one: the files of this one, and nothing
 * that was installed or built. Of the tests, of which this is one, they run one.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import { blocksOf, root } from "../support/pages.ts";
import { testCommands } from "../support/sessions.ts";

/** Those of git, and those that are not its own yet. */
function filesHere(): readonly string[] {
  const listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { status, stdout } = spawnSync("git", listed, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  return status === 0 ? stdout.split("\0").filter((path) => path !== "" && existsSync(join(root, path))) : [];
}

const files = filesHere();
if (files.length === 0) console.warn("tests of a fresh checkout are skipped: git knows of no files here");
// Asked as `npm ci` asks it: it may be another than npm's own, behind a proxy.
const asked = ["view", "esbuild", "name", "--prefer-online", "--fetch-retries=0", "--fetch-timeout=20000"];
const hasRegistry = files.length > 0 && spawnSync("npm", asked, { cwd: root }).status === 0;
if (files.length > 0 && !hasRegistry)
  console.warn("tests of a fresh checkout are skipped: `npm ci` reaches no registry of packages");

/** A Visual Studio Code that installs extensions: the whole path of its command. */
function findCode(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "dlc-code-"));
  const names = [process.env["DLC_CODE"] ?? "code", "code-server"];
  const found = names.flatMap((name) => {
    const path = spawnSync("bash", ["-c", `command -v "$0"`, name], { encoding: "utf8" }).stdout.trim();
    const lists = ["--user-data-dir", folder, "--extensions-dir", folder, "--list-extensions"];
    return path !== "" && spawnSync(path, lists).status === 0 ? [path] : [];
  });
  rmSync(folder, { recursive: true, force: true });
  return found[0] ?? null;
}

const code = hasRegistry ? findCode() : null;
if (hasRegistry && code === null)
  console.warn(
    "the extension is not installed: that needs `code` of Visual Studio Code, or `code-server`, on the path or in DLC_CODE",
  );

/** Installing, and taking away what was installed, take their time: ms. */
const patience = 600_000;

let place: string;
let clone: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "dlc-checkout-"));
  clone = join(place, "dlc");
  for (const path of files) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    cpSync(join(root, path), join(clone, path), { verbatimSymlinks: true });
  }
}, patience);
afterEach(() => rm(place, { recursive: true, force: true }), patience);

/** Of one who types the command, and has nothing from here: npm and vitest tell what they start where it is. */
function env(): NodeJS.ProcessEnv {
  const isOurs = (name: string): boolean =>
    /^(?:npm_(?:lifecycle|package|config_(?:local_)?prefix)|INIT_CWD$|NODE_ENV$|NODE_PATH$|TEST$|VITEST|DLC_)/.test(
      name,
    );
  const paths = (process.env["PATH"] ?? "").split(delimiter).filter((path) => !path.startsWith(root));
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name))),
    PATH: [join(place, "bin"), ...paths].join(delimiter),
    NO_COLOR: "1",
  };
}

/** Runs a line to its end, which is a good one; what it prints. Meanwhile the runner of tests is heard. */
async function bash(line: string, cwd = clone): Promise<string> {
  const child = spawn("bash", ["-c", `exec 2>&1\n${line}`], {
    cwd,
    env: env(),
    stdio: ["ignore", "pipe", "ignore"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (out += text));
  const status = await new Promise((resolve) => child.once("close", resolve));
  expect(status, `${line}\n${out}`).toBe(0);
  return out;
}

/** One that is soon done. */
const test = "test/layers.test.ts";
const onePassed = /Test Files +1 passed \(1\)/;
const vsix = "editors/vscode/dlc.vsix";

testCommands(
  blocksOf("checkout"),
  {
    "npm ci": {
      needs: hasRegistry,
      async run(next) {
        await bash(next());
        const checked = await bash(`${next()} -- ${test}`);
        // npm says what it runs: types, lint, format, and tests if these are right.
        expect(checked).toMatch(/^> tsc .* && oxlint && prettier --check .* && npm test/m);
        expect(checked).toMatch(onePassed);
      },
    },
    "npm ci && npm run ads": {
      needs: hasRegistry,
      async run(next) {
        const ran = await bash(next());
        expect(ran).toContain("429 answers, all equal to a count of the whole log in one place.");
        expect(await bash(`${next()} -- ${test}`)).toMatch(onePassed);
      },
    },
    "npm ci && npm run build && npm pack    # in a checkout": {
      needs: hasRegistry,
      async run(next) {
        await bash(next());
        const project = join(place, "project");
        mkdirSync(project);
        writeFileSync(join(project, "package.json"), "{}");
        await bash(next().replace("PATH", clone), project);
        await bash(next(), project);
        const checked = await bash("npm install && npm run check && npm test", join(project, "shop"));
        expect(checked).toContain("1 program checked: 0 errors, 1 warning");
        expect(checked).toMatch(/pass 1$/m);
      },
    },
    "npm ci && npm run build": {
      needs: hasRegistry,
      async run(next) {
        await bash(next());
        const version = /"version": "(.*)"/.exec(readFileSync(join(root, "package.json"), "utf8"))![1];
        const dlc = [join(clone, "bin/dlc.js"), "--version"];
        expect(execFileSync(process.execPath, dlc, { encoding: "utf8" }).trim()).toBe(version);
        await bash(next());
        await bash(next());
        expect(existsSync(join(clone, vsix))).toBe(true);
      },
    },
    "code --install-extension editors/vscode/dlc.vsix": {
      needs: code !== null,
      async run(next) {
        // With folders of its own: the user's editor is left alone.
        const own = `--user-data-dir "${join(place, "user")}" --extensions-dir "${join(place, "extensions")}"`;
        mkdirSync(join(place, "bin"));
        writeFileSync(join(place, "bin/code"), `#!/bin/sh\nexec "${code}" ${own} "$@"\n`, { mode: 0o755 });
        await bash("npm ci && npm ci --prefix editors/vscode && npm run package --prefix editors/vscode");
        expect(await bash("code --list-extensions")).not.toContain("dlc.dlc");
        await bash(next());
        expect((await bash("code --list-extensions")).split("\n")).toContain("dlc.dlc");
      },
    },
  },
  patience,
);
