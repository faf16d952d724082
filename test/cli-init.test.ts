import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { format as prettier } from "prettier";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { main } from "../src/cli/main.ts";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());
const files = (folder: string): string[] =>
  readdirSync(join(place.folder, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(place.folder, folder).length + 1))
    .sort();

/** Runs `dlc …` in a folder of the place. */
async function inside(folder: string, ...args: string[]) {
  const io = place.io({ cwd: join(place.folder, folder) });
  return { code: await main(args, io), ...io.printed };
}

describe("dlc init", () => {
  test("writes a project that is in the style, has no error, and needs the coordination that it says", async () => {
    const { code, out, err } = await place.dlc("init", "My Shop");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain('cd "My Shop"\n  npm install\n');
    expect(files("My Shop")).toEqual([
      ".github/workflows/dlc.yml",
      ".gitignore",
      "README.md",
      "coordination.json",
      "data/sales.ndjson",
      "dlc.config.json",
      "package.json",
      "shop.dlc",
      "test/shop.test.js",
    ]);
    const { name, devDependencies } = JSON.parse(readFileSync(join(place.folder, "My Shop/package.json"), "utf8"));
    // From a checkout it is that checkout; test/processes/package.test.ts has an installed one.
    const checkout = relative(join(place.folder, "My Shop"), join(import.meta.dirname, ".."));
    expect([name, devDependencies]).toEqual(["my-shop", { dlc: `file:${checkout}` }]);
    expect(readFileSync(join(place.folder, "My Shop/README.md"), "utf8")).toMatch(/^# my-shop\n/);
    expect((await inside("My Shop", "fmt", "--check", ".")).code).toBe(0);
    expect(await inside("My Shop", "check", ".", "--locked")).toMatchObject({ code: 0, err: "" });
  });

  test("without the promise of the tills the budget and the lock stop it, as its README says", async () => {
    await place.dlc("init", "shop");
    const program = join(place.folder, "shop/shop.dlc");
    writeFileSync(program, readFileSync(program, "utf8").replace(" sealed by (day)", ""));
    const { code, out } = await inside("shop", "check", ".", "--locked");
    expect(code).toBe(1);
    expect(out).toMatch(/error\[DLC490\][^]*error\[DLC491\]/);
    expect((await inside("shop", "explain", "shop.dlc", "total#1")).code).toBe(0);
  });

  test("the workflow is YAML, and its commands of dlc are ones that there are", async () => {
    await place.dlc("init", "shop");
    const text = readFileSync(join(place.folder, "shop/.github/workflows/dlc.yml"), "utf8");
    expect(await prettier(text, { parser: "yaml", printWidth: 120 })).toBe(text);
    const commands = [...text.matchAll(/run: npx dlc (.*?)(?: > (\S+))?$/gm)];
    expect(commands).toHaveLength(2);
    for (const [, command, into] of commands) {
      const { code, out } = await inside("shop", ...command.split(" "));
      expect([command, code]).toEqual([command, 0]);
      if (into !== undefined) expect(JSON.parse(out)["version"]).toBe("2.1.0");
      if (into !== undefined) expect(text).toContain(`sarif_file: ${into}`);
    }
  });

  test("overwrites nothing: not one file is written when one is there", async () => {
    mkdirSync(join(place.folder, "old"));
    writeFileSync(join(place.folder, "old/package.json"), "{}");
    const { code, err } = await place.dlc("init", "old");
    expect([code, err]).toEqual([
      2,
      "dlc: old already has package.json; dlc init overwrites nothing: choose another folder\n",
    ]);
    expect(files("old")).toEqual(["package.json"]);
    writeFileSync(join(place.folder, "plain"), "");
    expect((await place.dlc("init", "plain")).err).toBe("dlc: plain is not a folder\n");
  });

  test("in this folder, beside other files", async () => {
    place.write({ "notes.txt": "mine" });
    expect((await place.dlc("init")).out).not.toContain("cd ");
    expect(existsSync(join(place.folder, "shop.dlc"))).toBe(true);
    expect(readFileSync(join(place.folder, "notes.txt"), "utf8")).toBe("mine");
  });
});

describe("dlc completion", () => {
  test("bash: commands, options, values, codes and programs", async () => {
    place.write({ "ads.dlc": "", "notes.txt": "", "sub/b.dlc": "" });
    const { out: script } = await place.dlc("completion", "bash");
    writeFileSync(join(place.folder, "dlc.bash"), script);
    const complete = (...words: string[]): string[] =>
      execFileSync(
        "bash",
        [
          "-c",
          'source ./dlc.bash; COMP_WORDS=(dlc "$@"); COMP_CWORD=$#; _dlc; printf "%s\\n" "${COMPREPLY[@]}"',
          "bash",
          ...words,
        ],
        { cwd: place.folder, encoding: "utf8" },
      )
        .split("\n")
        .filter((line) => line !== "");
    expect(complete("")).toEqual(expect.arrayContaining(["check", "build", "run", "explain", "fmt", "init", "help"]));
    expect(complete("che")).toEqual(["check"]);
    expect(complete("check", "--unsafe")).toEqual(["--unsafe-fixes"]);
    expect(complete("check", "--format", "")).toEqual(["pretty", "json", "sarif", "github"]);
    expect(complete("check", "ads.dlc", "--strategy", "b")).toEqual(["barrier"]);
    expect(complete("check", "")).toEqual(["ads.dlc", "sub"]);
    expect(complete("explain", "DLC491")).toEqual(["DLC491"]);
    expect(complete("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(complete("help", "ru")).toEqual(["run"]);
  });

  const has = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;
  test.each(["zsh", "fish"] as const)(
    "%s can read its script, and every command and option is in it",
    async (shell) => {
      const { out: script } = await place.dlc("completion", shell);
      writeFileSync(join(place.folder, "dlc.script"), script);
      if (has(shell)) execFileSync(shell, ["-n", join(place.folder, "dlc.script")]);
      const { out: help } = await place.dlc("--help");
      const names = [...help.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name).filter((name) => name !== "dlc");
      expect(names.length).toBeGreaterThan(7);
      for (const name of names) {
        expect(script).toContain(name);
        if (name === "help") continue;
        for (const [, option] of (await place.dlc(name, "--help")).out.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm))
          expect(script).toContain(option);
      }
    },
  );

  test("another shell is wrong use", async () => {
    const { code, err } = await place.dlc("completion", "cmd");
    expect(code).toBe(2);
    expect(err).toContain("Allowed choices are bash, zsh, fish");
  });
});
