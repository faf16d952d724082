/** The package as a user gets it: packed, installed into an empty folder, used there. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ads } from "../place-of-tests.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
let packed: { filename: string; files: { path: string }[] };

function run(command: string, args: readonly string[], cwd = folder): string {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
}

/** A dependency as it is installed here, so that the test needs no registry. */
function installed(name: string): string {
  const { version } = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as {
    version: string;
  };
  return `${name}@${version}`;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dlc-package-"));
  run(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"], root);
  packed = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root))[0];
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  try {
    run("npm", [
      "install",
      "--ignore-scripts",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      join(folder, packed.filename),
    ]);
  } catch {
    // Without a registry: the package from its tarball, its dependencies from this checkout.
    const target = join(folder, "node_modules", "dlc");
    mkdirSync(target, { recursive: true });
    run("tar", ["xzf", join(folder, packed.filename), "--strip-components=1", "-C", target]);
    for (const name of [
      "esbuild",
      "@esbuild",
      "ts-morph",
      "@ts-morph",
      "code-block-writer",
      "minimatch",
      "path-browserify",
      "tinyglobby",
      "fdir",
      "picomatch",
      "brace-expansion",
      "balanced-match",
    ]) {
      const from = join(root, "node_modules", name);
      if (existsSync(from)) cpSync(from, join(folder, "node_modules", name), { recursive: true });
    }
  }
  writeFileSync(join(folder, "ads.dlc"), ads());
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dlc = (...args: string[]): string =>
  run(process.execPath, [join(folder, "node_modules", "dlc", "bin", "dlc.js"), ...args]);

describe("the package", () => {
  test("holds what runs and what is read, and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    for (const wanted of [
      "bin/dlc.js",
      "dist/cli.cjs",
      "dist/compiler.js",
      "dist/playground.html",
      "dist/THIRD-PARTY.txt",
      "dist/runtime/main.js",
      "docs/language.md",
      "lib/delivery.dlc",
      "README.md",
      "LICENSE",
      "package.json",
    ]) {
      expect(paths).toContain(wanted);
    }
    for (const path of paths)
      expect(path).toMatch(
        /^(?:bin|dist|docs|lib|templates)\/|^(?:README\.md|CHANGELOG\.md|LICENSE|package\.json|dlc\.schema\.json)$/,
      );
    expect(
      paths.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts") && !path.startsWith("templates/")),
    ).toEqual([]);
    expect(installed("esbuild")).toMatch(/^esbuild@/);
  });

  test("checks, explains and builds a program elsewhere", () => {
    expect(dlc("--version")).toBe(
      `${(JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version}\n`,
    );
    expect(dlc("check", "ads.dlc")).toContain("1 program checked: 0 errors");
    expect(dlc("explain", "ads.dlc", "poor#1")).toContain("seal at Report.click");
    dlc("build", "ads.dlc", "-o", "out");
    expect(readdirSync(join(folder, "out"))).toEqual(
      expect.arrayContaining(["main.js", "main.ts", "deploy.json", "coordination.json", "package.json", "runtime"]),
    );
    expect(run(process.execPath, ["out/main.js", "--describe"])).toContain("Analyst");
  });

  test("writes projects that depend on it, also where no registry has it", (context) => {
    dlc("init", "shop");
    const manifest = (path: string) => JSON.parse(readFileSync(join(folder, path, "package.json"), "utf8"));
    const from = manifest(".").dependencies?.dlc;
    if (from === undefined) return context.skip("npm has not installed the package, since it reaches no registry");
    expect(from).toBe(`file:${packed.filename}`);
    expect(manifest("shop").devDependencies).toEqual({ dlc: `file:../${packed.filename}` });
    run("npm", ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], join(folder, "shop"));
    rmSync(join(folder, "node_modules", ".bin"), { recursive: true });
    expect(run("npm", ["run", "check"], join(folder, "shop"))).toContain("1 program checked: 0 errors");
  });

  test("brings its standard library", () => {
    writeFileSync(
      join(folder, "mail.dlc"),
      'import "dlc:delivery" as bed;\nrole Mailbox x2 {\n  use bed.Reliable<string> as d;\n  input write(to: addr, id: string, text: string);\n' +
        "  output read(from: addr, text: string);\n  d.send(a, i, t) <= write(a, i, t);\n  read(f, t) <= d.received(f, _, t);\n}\n",
    );
    expect(dlc("check", "mail.dlc")).toContain("Mailbox.read  deterministic: Async, reached");
  });

  test("what it builds has types, for a program that embeds a node", () => {
    dlc("build", "ads.dlc", "-o", "embedded");
    const options = {
      strict: true,
      module: "nodenext",
      target: "ES2023",
      noEmit: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules", "@types")],
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: { ...options, erasableSyntaxOnly: true },
        files: ["host.ts", "embedded/main.ts"],
      }),
    );
    const tsc = (text: string): string => {
      writeFileSync(
        join(folder, "host.ts"),
        `import { startAnalyst } from "./embedded/Analyst.js";\nconst node = await startAnalyst({ index: 0 });\n${text}\nawait node.stop();\n`,
      );
      try {
        return run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "."]);
      } catch (error) {
        return (error as { stdout: string }).stdout;
      }
    };
    expect(
      tsc('node.input.ask({ campaign: "shoes" });\nnode.on("result", ({ id, n }) => console.log(id.length + n));'),
    ).toBe("");
    expect(tsc("node.input.ask({ campaign: 3 });")).toContain("'number' is not assignable to type 'string'");
  });

  test("is a library too: the compiler without a command line", () => {
    writeFileSync(
      join(folder, "use.mjs"),
      'import { compile } from "dlc";\nimport { readFileSync } from "node:fs";\n' +
        'const { plan } = compile({ path: "ads.dlc", text: readFileSync("ads.dlc", "utf8") });\nconsole.log(plan.insertions[0].mechanism);\n',
    );
    expect(run(process.execPath, ["use.mjs"])).toBe("seal\n");
  });
});
