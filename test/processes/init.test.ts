/** The project of `dlc init`, as its README says: it is checked, tested and run by its own scripts. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePlace } from "../place-of-tests.ts";
import type { Place } from "../place-of-tests.ts";
import { blocksOf } from "../support/pages.ts";

let place: Place;
beforeAll(async () => {
  place = makePlace();
  await place.dlc("init", "shop");
  // It depends on this checkout, so that no registry is asked.
  const { status, stderr } = npm("install", "--offline");
  expect([status, stderr]).toEqual([0, expect.any(String)]);
});
afterAll(() => place.remove());

function npm(...args: string[]) {
  return spawnSync("npm", args, {
    cwd: join(place.folder, "shop"),
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
}

test.each(["check", "test", "build"])("npm run %s", (script) => {
  const { status, stdout, stderr } = npm("run", script);
  expect([status, stdout + stderr]).toEqual([0, expect.any(String)]);
});

test("its README has no other commands", () => {
  const [{ text }, ...more] = blocksOf("init");
  expect(more).toEqual([]);
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
