/** `bin/load.js`: what V8 has compiled in one run serves the next, and nothing that is wrong with it shows. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scratch, start } from "./programs.ts";

const dlc = fileURLToPath(new URL("../../bin/dlc.js", import.meta.url));

function folderOf(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "p.dlc"), "role A { input i(x: int); output o(x: int); o(x) <= i(x); }\n");
  return folder;
}

const check = (folder: string, env: Readonly<Record<string, string>> = {}, ...args: string[]) =>
  start([dlc, ...(args.length > 0 ? args : ["check", join(folder, "p.dlc"), "--no-cache"])], "", {
    XDG_CACHE_HOME: folder,
    ...env,
  }).done;

test("code that nothing is kept of runs all the same", async () => {
  const folder = folderOf("bytecode-off");
  expect(await check(folder, { NODE_DISABLE_COMPILE_CACHE: "1" })).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(folder)).toEqual(["p.dlc"]);
});

// Newer versions keep it themselves.
test.skipIf("enableCompileCache" in module)(
  "bytecode is kept by command, and made anew where it does not fit",
  async () => {
    const folder = folderOf("bytecode");
    const kept = join(folder, "dlc", "check.bytecode");
    const good = await check(folder);
    expect(good).toMatchObject({ code: 0, stderr: "" });
    const first = readFileSync(kept);
    const written = statSync(kept).mtimeMs;
    expect(first.length).toBeGreaterThan(100_000);

    expect(await check(folder)).toEqual(good);
    expect(statSync(kept).mtimeMs, "it fitted").toBe(written);

    for (const [what, content] of [
      ["cut off", first.subarray(0, first.length - 1000)],
      ["damaged", Buffer.concat([first.subarray(0, 5000), Buffer.alloc(5000, 0xff), first.subarray(10_000)])],
      ["of another build", Buffer.concat([Buffer.from("v1"), first])],
      ["empty", Buffer.alloc(0)],
    ] as const) {
      writeFileSync(kept, content);
      expect(await check(folder), what).toEqual(good);
      expect(readFileSync(kept).length, what).toBeGreaterThan(100_000);
    }

    expect((await check(folder, {}, "chekc")).code).toBe(2);
    expect((await check(folder, {}, "--version")).code).toBe(0);
    expect(readdirSync(join(folder, "dlc")).sort()).toEqual(["check.bytecode", "dlc.bytecode"]);
  },
);

test("where nothing can be kept, what is checked is checked all the same", () => {
  const folder = folderOf("bytecode-nowhere");
  writeFileSync(join(folder, "dlc"), "a file where the folder would be");
  const { status, stderr } = spawnSync(process.execPath, [dlc, "check", "p.dlc"], {
    cwd: folder,
    env: { ...process.env, XDG_CACHE_HOME: folder },
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(readdirSync(folder).sort()).toEqual(["dlc", "p.dlc"]);
});
