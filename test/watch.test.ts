import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkOnce } from "../src/cli/check.ts";
import type { Memory } from "../src/cli/check.ts";
import { main } from "../src/cli/main.ts";
import { ads, makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
let stop: () => Promise<number>;
beforeEach(() => {
  place = makePlace();
});
afterEach(async () => {
  await stop?.();
  place.remove();
});

const clean = "role A {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x);\n}\n";
const wrong = clean.replace("<= i(x)", "<= j(x)");

/** Starts `dlc check --watch …`; what it printed, and a way to wait until a piece of it is there. */
async function watching(args: readonly string[], terminal = false, whole = /checked: .*\n/) {
  let interrupt = (): void => {};
  const io = place.io({ terminal, onInterrupt: (callback) => void (interrupt = callback) });
  const code = main(["check", "--watch", ...args], io);
  let ended = false;
  void code.then(() => (ended = true));
  stop = async () => {
    interrupt();
    return code;
  };
  /** Waits for a text on stderr that was not there before, then for the report after it; both. */
  let read = { out: 0, err: 0 };
  const next = async (text: string, report = whole): Promise<string> => {
    for (;;) {
      const err = io.printed.err.slice(read.err);
      const out = io.printed.out.slice(read.out);
      if (err.includes(text) && report.test(out)) {
        read = { out: io.printed.out.length, err: io.printed.err.length };
        return out;
      }
      if (ended) throw new Error(`it ended: ${io.printed.err}`);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  };
  const first = await next("watching; Ctrl-C ends\n");
  return { io, next, first };
}

describe("dlc check --watch", () => {
  test("reports on every change, also of a file that is replaced by renaming, and ends with 0", async () => {
    place.write({ "a.dlc": clean });
    const { io, next, first } = await watching(["a.dlc"]);
    expect(first).toContain("0 errors");
    place.write({ "a.dlc": wrong });
    expect(await next("changed a.dlc")).toContain("1 error");
    writeFileSync(join(place.folder, "a.dlc.tmp"), clean);
    renameSync(join(place.folder, "a.dlc.tmp"), join(place.folder, "a.dlc"));
    expect(await next("changed a.dlc")).toContain("0 errors");
    expect(io.printed.out).not.toContain("\u001b");
    expect(await stop()).toBe(0);
  });

  test("a named program that is gone is missed once, and checked when it is back", async () => {
    place.write({ "a.dlc": clean });
    const { next } = await watching(["a.dlc"]);
    rmSync(join(place.folder, "a.dlc"));
    await next("no such file or folder: a.dlc", /^/);
    place.write({ "a.dlc": clean });
    expect(await next("as before")).toContain("0 errors");
  });

  test("programs and folders that come and go below a folder", async () => {
    place.write({ "p/a.dlc": clean });
    const { next } = await watching(["p"]);
    place.write({ "p/b.dlc": wrong });
    expect(await next("added p/b.dlc")).toContain("2 programs checked: 1 error");
    mkdirSync(join(place.folder, "p/q"));
    place.write({ "p/q/c.dlc": clean });
    expect(await next("added p/q/c.dlc")).toContain("3 programs");
    place.write({ "p/q/c.dlc": wrong });
    expect(await next("changed p/q/c.dlc")).toContain("2 errors");
    rmSync(join(place.folder, "p/q"), { recursive: true });
    expect(await next("removed p/q/c.dlc")).toContain("2 programs");
    place.write({ "p/q/c.dlc": clean });
    expect(await next("added p/q/c.dlc")).toContain("3 programs");
    place.write({ "p/q/c.dlc": wrong });
    expect(await next("changed p/q/c.dlc")).toContain("2 errors");
    rmSync(join(place.folder, "p/b.dlc"));
    expect(await next("removed p/b.dlc")).toContain("2 programs checked: 1 error");
  });

  test("a glob, the configuration, and the certificate", async () => {
    place.write({ "x/ads.dlc": ads() });
    await place.dlc("check", "x/ads.dlc", "--lock");
    const { next } = await watching(["x/*.dlc", "--locked"]);
    place.write({ "dlc.config.json": '{ "severities": { "DLC302": "error" } }' });
    expect(await next("added dlc.config.json")).toContain("1 error");
    place.write({ "dlc.config.json": "{" });
    await next("not JSON", /^/);
    place.write({ "dlc.config.json": '{ "severities": { "DLC302": "off" } }' });
    expect(await next("changed dlc.config.json")).toContain("0 errors, 0 warnings");
    place.write({ "x/coordination.json": "{}\n" });
    expect(await next("changed x/coordination.json")).toContain("DLC491");
  });

  test("a function's module, and what that imports", async () => {
    place.write({
      "p.dlc":
        'function f(x: int): int from "./f.ts";\nrole A {\n  input i(x: int);\n  output o(x: int);\n  o(f(x)) <= i(x);\n}\n',
      "f.ts": 'import { g } from "./lib/g.ts";\nexport const f = (x: number): number => g(x);\n',
      "lib/g.ts": "export const g = (x: number): number => x;\n",
    });
    const { next, first } = await watching(["p.dlc"]);
    expect(first).toContain("0 errors");
    place.write({ "lib/g.ts": "export const g = (x: number): number => x + Date.now();\n" });
    expect(await next("changed lib/g.ts")).toContain("DLC507");
    place.write({ "f.ts": "export const f = (x: number): number => x + 1;\n" });
    expect(await next("changed f.ts")).toContain("0 errors");
  });

  test("an imported program, also one that is not there yet", async () => {
    place.write({
      "a.dlc": 'import "./lib/b.dlc" as b;\nuse b.Copy as c in A;\nrole A { input i(x: int); c.see(x) <= i(x); }\n',
      "lib/c.dlc": "",
    });
    const { next, first } = await watching(["a.dlc"]);
    expect(first).toContain("DLC291");
    place.write({ "lib/b.dlc": 'import "./c.dlc" as c;\nmodule Copy { in see(x: int); }\n' });
    expect(await next("added lib/b.dlc")).toContain("0 errors");
    place.write({ "lib/c.dlc": "module X {" });
    expect(await next("changed lib/c.dlc")).toContain("lib/c.dlc:1");
    place.write({ "lib/c.dlc": "module X {}" });
    expect(await next("changed lib/c.dlc")).toContain("0 errors");
  });

  test("what did not change is not reported: a touched file, a file of no interest", async () => {
    place.write({ "a.dlc": clean });
    const { io, next } = await watching(["."]);
    utimesSync(join(place.folder, "a.dlc"), new Date(), new Date());
    place.write({ "notes.txt": "x", "a.dlc": clean });
    place.write({ "b.dlc": clean });
    await next("added b.dlc");
    expect(io.printed.out.match(/checked/g)).toHaveLength(2);
    expect(io.printed.err).not.toContain("a.dlc");
  });

  test("a terminal is cleared before each report but the first", async () => {
    place.write({ "a.dlc": clean });
    const { first, next } = await watching(["a.dlc"], true);
    expect(first).not.toContain("\u001b[2J");
    place.write({ "a.dlc": wrong });
    expect(await next("changed a.dlc")).toMatch(/^\u001b\[2J\u001b\[3J\u001b\[H/);
  });

  test("with --format json each report is one object", async () => {
    place.write({ "a.dlc": clean });
    const { first, next } = await watching(["a.dlc", "--format", "json"], false, /^\{[^]*\n\}\n$/);
    expect(JSON.parse(first)["diagnostics"]).toEqual([]);
    place.write({ "a.dlc": wrong });
    expect(JSON.parse(await next("changed a.dlc"))["diagnostics"]).toHaveLength(1);
  });

  test("wrong use ends it at once", async () => {
    place.write({ "a.dlc": clean });
    for (const [args, message] of [
      [["nowhere.dlc"], "no such file or folder"],
      [["a.dlc", "--fix"], "--watch only reports"],
      [["a.dlc", "--lock"], "--watch only reports"],
    ] as const) {
      const { code, out, err } = await place.dlc("check", "--watch", ...args);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain(message);
    }
  });
});

test("a check of an edited program takes less than 100 ms of the processor", async () => {
  const memory: Memory = { statements: new Map(), reports: new Map() };
  const io = place.io();
  const times: number[] = [];
  for (let edit = 0; edit < 12; edit++) {
    place.write({ "ads.dlc": ads().replace("< 100", `< ${100 + edit}`) });
    const before = process.cpuUsage();
    const { out } = await checkOnce(["ads.dlc"], { format: "pretty", cache: true }, io, memory);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
    expect(out).toContain(`< ${100 + edit};`);
  }
  expect(times.slice(2).toSorted((a, b) => a - b)[5]).toBeLessThan(100);
});
