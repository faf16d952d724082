/** The project of `dlc init`, as its README says: it is checked, tested and run by its own scripts. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePlace } from "../place-of-tests.ts";
import type { Place } from "../place-of-tests.ts";
import { blocksOf } from "../support/pages.ts";

const bin = fileURLToPath(new URL("../../bin/dlc.js", import.meta.url));
let place: Place;
beforeAll(async () => {
  place = makePlace();
  await place.dlc("init", "shop");
  // Where npm would have put it.
  const folder = join(place.folder, "shop/node_modules/.bin");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "dlc"), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`);
  chmodSync(join(folder, "dlc"), 0o755);
});
afterAll(() => place.remove());

function npm(...args: string[]) {
  const path = `${join(place.folder, "shop/node_modules/.bin")}${delimiter}${process.env["PATH"]}`;
  return spawnSync("npm", args, {
    cwd: join(place.folder, "shop"),
    encoding: "utf8",
    env: { ...process.env, PATH: path, NO_COLOR: "1" },
  });
}

test.each(["check", "test", "build"])("npm run %s", (script) => {
  const { status, stdout, stderr } = npm("run", script);
  expect([status, stdout + stderr]).toEqual([0, expect.any(String)]);
});

test("its README has no other commands", () => {
  const [{ text }, ...more] = blocksOf("init");
  expect(more).toEqual([]);
  // `npm install` brings what has been put there before.
  expect(text.split("\n")).toEqual(["npm install", "npm run check", "npm test", "npm start"]);
});

test("npm start", () => {
  const { status, stdout } = npm("--silent", "start");
  expect(status).toBe(0);
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).row);
  expect(rows).toHaveLength(4);
  expect(rows).toContainEqual({ day: "tuesday", product: "milk", amount: 6 });
});
