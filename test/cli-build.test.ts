import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ads, makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";
import { placesOf } from "../src/runtime/deployment.ts";
import type { DeployFile } from "../src/runtime/deployment.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

describe("dlc build", () => {
  test("writes a folder that runs by itself: modules, runtime, deployment, certificate", async () => {
    place.write({ "ads.dlc": ads() });
    const { code, out } = await place.dlc("build", "ads.dlc", "-o", "out");
    expect([code, out]).toEqual([0, ""]);
    const files = contents(join(place.folder, "out"));
    for (const path of ["package.json", "main.ts", "main.js", "deploy.json", "coordination.json", "runtime/main.js"]) {
      expect(Object.keys(files)).toContain(path);
    }
    expect(Object.keys(files).filter((path) => /report/i.test(path) && path.endsWith(".ts"))).not.toEqual([]);
    expect(JSON.parse(files["coordination.json"])).toBeTypeOf("object");
    expect(JSON.parse(files["package.json"])).toMatchObject({ type: "module" });
  });

  test("the same program gives the same bytes, wherever it lies", async () => {
    place.write({ "ads.dlc": ads() });
    await place.dlc("build", "ads.dlc", "-o", "one");
    await place.dlc("build", "ads.dlc", "-o", "deeper/two");
    expect(contents(join(place.folder, "one"))).toEqual(contents(join(place.folder, "deeper", "two")));
  });

  test("also given by another path, and so the same version, with what it imports", async () => {
    const module = "module Doubles { in a(x: int); out b(x: int); b(x + x) <= a(x); }\n";
    const program = `import "../parts/doubles.dlc" as parts;
role A { use parts.Doubles as d; input i(x: int); output o(x: int); d.a(x) <= i(x); o(x) <= d.b(x); }
`;
    place.write({ "app/p.dlc": program, "parts/doubles.dlc": module });
    const built = async (path: string, out: string) => {
      expect(await place.dlc("build", path, "-o", out)).toMatchObject({ code: 0 });
      return contents(join(place.folder, out));
    };
    const one = await built("app/p.dlc", "one");
    expect(one["A.ts"]).toContain("// ../parts/doubles.dlc:1  ");
    expect(one["A.ts"]).toContain("// p.dlc:2  ");
    expect(JSON.parse(one["A.js.map"]).sources).toEqual(["A.ts", "p.dlc", "../parts/doubles.dlc"]);
    expect(await built(join(place.folder, "app", "p.dlc"), "two")).toEqual(one);
    place.write({ "moved/app/p.dlc": program, "moved/parts/doubles.dlc": module });
    expect(await built("moved/app/p.dlc", "three")).toEqual(one);
  });

  test("an earlier build is replaced as a whole, files of others in it are kept", async () => {
    place.write({ "ads.dlc": ads() });
    await place.dlc("build", "ads.dlc", "-o", "out");
    writeFileSync(join(place.folder, "out", "deploy.mine.json"), "{}");
    writeFileSync(join(place.folder, "out", "main.js"), "broken");
    place.write({ "ads.dlc": "role Only {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x);\n}\n" });
    expect((await place.dlc("build", "ads.dlc", "-o", "out")).code).toBe(0);
    const files = contents(join(place.folder, "out"));
    expect(files["deploy.mine.json"]).toBe("{}");
    expect(files["main.js"]).not.toBe("broken");
    expect(Object.keys(files).filter((path) => /analyst/i.test(path))).toEqual([]);
    expect(readdirSync(place.folder).filter((name) => /\.(?:new|old)$/.test(name))).toEqual([]);
  });

  test("--port-base places two programs beside each other", async () => {
    place.write({ "ads.dlc": ads("") });
    const ports = async (...more: string[]) => {
      expect((await place.dlc("build", "ads.dlc", "-o", "out", ...more)).code).toBe(0);
      const deploy = JSON.parse(contents(join(place.folder, "out"))["deploy.json"]) as DeployFile;
      return [...placesOf(deploy).values()].flatMap(({ port, metrics }) => [port, metrics]);
    };
    const [first, second] = [await ports(), await ports("--port-base", "8301")];
    expect([first.slice(0, 4), second.slice(0, 4)]).toEqual([
      [7201, 9201, 7202, 9202],
      [8301, 10301, 8302, 10302],
    ]);
    expect(new Set([...first, ...second]).size).toBe(2 * 2 * 10);
    for (const [args, says] of [
      [["--port-base", "63530"], "10 ports from there on, and as many for metrics from 65530 on"],
      [["--port-base", "8301", "--target", "compose"], "with --target compose each process has a host of its own"],
    ] as const) {
      const { code, err } = await place.dlc("build", "ads.dlc", "-o", "out", ...args);
      expect([code, err]).toEqual([2, expect.stringContaining(says)]);
    }
  });

  test("a folder that dlc did not write is not touched, and a file is no folder", async () => {
    place.write({ "ads.dlc": ads(), "mine/thesis.txt": "years of work", file: "" });
    const { code, err } = await place.dlc("build", "ads.dlc", "-o", "mine");
    expect(code).toBe(2);
    expect(err).toContain("the folder mine is not empty and was not written by dlc build");
    expect(contents(join(place.folder, "mine"))).toEqual({ "thesis.txt": "years of work" });
    expect((await place.dlc("build", "ads.dlc", "-o", "file")).code).toBe(2);
    mkdirSync(join(place.folder, "empty"));
    expect((await place.dlc("build", "ads.dlc", "-o", "empty")).code).toBe(0);
  });

  test("a program with durable tables has a place for its data, over TCP and on NATS", async () => {
    place.write({
      "kv.dlc":
        "role R {\n  input i(x: int);\n  table t(x: int) durable;\n  output o(x: int);\n  t(x) <= i(x);\n  o(x) <= t(x);\n}\n",
    });
    for (const more of [[], ["--transport", "nats://a:4222"], ["--target", "compose", "--transport", "nats"]]) {
      expect((await place.dlc("build", "kv.dlc", "-o", "kv", ...more)).code).toBe(0);
      expect(JSON.parse(readFileSync(join(place.folder, "kv", "deploy.json"), "utf8"))).toHaveProperty("data");
    }
  });

  test("on a NATS cluster of its own only with a target, and with what NATS knows", async () => {
    const refused = async (...more: string[]): Promise<string> => {
      const { code, err } = await place.dlc("build", "ads.dlc", "-o", "own", "--transport", ...more);
      expect(code).toBe(2);
      return err;
    };
    expect(await refused("nats?channels=durable")).toContain('--transport: must be "tcp" or "nats://host:4222');
    expect(await refused("nats?channels=core", "--target", "compose")).toContain(
      "--transport: channels= can be durable, found core",
    );
  });

  test("a program with errors builds nothing: exit 1, findings on stderr", async () => {
    place.write({ "a.dlc": "role A {\n  output o(x: int);\n  o(x) <= i(x);\n}\n" });
    const { code, out, err } = await place.dlc("build", "a.dlc", "-o", "out");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("a.dlc:3:");
    expect(existsSync(join(place.folder, "out"))).toBe(false);
  });

  test("imported functions come along as one file each", async () => {
    place.write({
      "p.dlc":
        'function twice(x: int): int from "./lib/n.ts";\nrole A {\n  input i(x: int);\n  output o(x: int);\n  o(twice(x)) <= i(x);\n}\n',
      "lib/n.ts": 'import { two } from "./two.ts";\nexport const twice = (x: number): number => x * two;\n',
      "lib/two.ts": "export const two = 2;\n",
    });
    expect((await place.dlc("build", "p.dlc", "-o", "out")).code).toBe(0);
    const files = contents(join(place.folder, "out"));
    expect(files["functions/n.js"]).toContain("two = 2");
    expect(Object.values(files).join("")).not.toContain(place.folder);
    const { twice } = (await import(join(place.folder, "out", "functions", "n.js"))) as {
      twice: (x: number) => number;
    };
    expect(twice(21)).toBe(42);
  });
});
