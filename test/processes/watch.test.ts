import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePlace } from "../place-of-tests.ts";
import type { Place } from "../place-of-tests.ts";

const bin = fileURLToPath(new URL("../../bin/dlc.js", import.meta.url));
let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

test("dlc check --watch reports a change and ends at Ctrl-C with 0", async () => {
  const program = "role A {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x);\n}\n";
  place.write({ "a.dlc": program });
  const child = spawn(process.execPath, [bin, "check", "a.dlc", "--watch", "--no-cache"], { cwd: place.folder });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => void (printed += String(chunk)));
  const until = async (text: RegExp): Promise<void> => {
    while (!text.test(printed)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await until(/0 errors[^]*watching; Ctrl-C ends|watching; Ctrl-C ends[^]*0 errors/);
  writeFileSync(join(place.folder, "a.dlc"), program.replace("<= i", "<= j"));
  await until(/changed a\.dlc[^]*1 error/);
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});
