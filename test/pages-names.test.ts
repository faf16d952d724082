/** What pages name within their text is there: commands and their options, scripts of npm, files of the project. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { globSync } from "tinyglobby";
import { beforeAll, describe, expect, test } from "vitest";
import { makePlace } from "./place-of-tests.ts";
import { allBlocks, pages, root, textOf } from "./support/pages.ts";

/** Options of each command by their long names; where there is a short one as well, that. */
const options = new Map<string, ReadonlyMap<string, string | undefined>>();
beforeAll(async () => {
  const place = makePlace();
  try {
    const { out } = await place.dlc("--help");
    for (const [, name] of out.slice(out.indexOf("Commands:")).matchAll(/^ {2}([a-z]+) /gm)) {
      if (name === "dlc") continue;
      const help = await place.dlc(name, "--help");
      const own = help.out.slice(help.out.indexOf("Options:")).matchAll(/^ {2}(?:(-\w), )?(--[a-zA-Z-]+)/gm);
      options.set(name, new Map(Array.from(own, ([, short, long]) => [long, short] as const)));
    }
  } finally {
    place.remove();
  }
});

/** What a page has in backquotes, and the lines of its blocks. */
function named(page: string): readonly string[] {
  const blocks = allBlocks.filter((block) => block.page === page).flatMap(({ text }) => text.split("\n"));
  const prose = textOf(page).replace(/^\s*(```+)[^]*?^\s*\1/gm, "");
  return [...blocks, ...Array.from(prose.matchAll(/(`+)(.+?)\1/g), ([, , code]) => code.replaceAll("\\|", "|"))];
}

/** What is wrong with commands in a text. */
function wrongIn(text: string): readonly string[] {
  const wrong: string[] = [];
  for (const [, line] of text.matchAll(/(?:^|[$&(] ?|npx )dlc ((?!-)[^&|;)]+)/g)) {
    const [command, ...rest] = line.split(/\s+/);
    // `dlc …`, and what a run says of itself (`dlc: …`, `dlc -> …`).
    if (!/^[a-z]+$/.test(command)) continue;
    const own = options.get(command);
    if (own === undefined) wrong.push(`dlc ${command}: no such command`);
    for (const word of rest) {
      const [option] = /^--[a-z-]+/.exec(word) ?? [];
      if (option !== undefined && own?.has(option) === false) wrong.push(`dlc ${command} ${option}: no such option`);
    }
  }
  return wrong;
}

const scriptsOf = (path: string): readonly string[] =>
  Object.keys((JSON.parse(readFileSync(join(root, path), "utf8")) as { scripts: object }).scripts);

describe.each(pages)("%s", (page) => {
  test("names commands and options that there are", () => {
    for (const text of named(page)) expect(wrongIn(text), text).toEqual([]);
  });

  test("names scripts and files that there are", () => {
    const own = page.startsWith("templates/init/") ? "templates/init/package.json" : "package.json";
    for (const text of named(page)) {
      for (const [, script] of text.matchAll(/\bnpm run ([a-z:]+)/g))
        expect(
          scriptsOf(text.includes("--prefix editors/vscode") ? "editors/vscode/package.json" : own),
          text,
        ).toContain(script);
      for (const [, path] of text.matchAll(
        /(?<![\w./-])((?:src|test|lib|bench|editors|grammar|fixtures|scripts|templates)\/[\w./*-]*)/g,
      ))
        if (path.includes("*")) expect(globSync(path, { cwd: root }), text).not.toEqual([]);
        else expect(existsSync(join(root, path)) || made.has(path), `${text}: ${path}`).toBe(true);
    }
  });
});

/** Files that a command of a page makes, or that lie elsewhere. */
const made = new Set(["editors/vscode/dlc.vsix"]);

test("docs/commands.md has every option of every command, and no other", () => {
  const sections = textOf("docs/commands.md").split(/^## /m).slice(1);
  for (const [command, own] of options) {
    if (command === "help") continue;
    const about = sections.filter((section) => new RegExp(`^.*\\bdlc ${command}\\b`).test(section)).join("\n");
    expect(about, command).not.toBe("");
    const shown = new Set<string | undefined>(
      Array.from(about.matchAll(/(?<!\S)[`]?(--?[a-zA-Z-]+)/g), ([, option]) => option),
    );
    const left = [...own].filter(([long, short]) => long !== "--help" && !shown.has(long) && !shown.has(short));
    expect(left, `dlc ${command}`).toEqual([]);
    const rows = Array.from(about.matchAll(/^\| (`.*?) \|/gm), ([, first]) => first).join(" ");
    for (const [option] of rows.matchAll(/--[a-z][a-z-]*/g))
      expect([...own.keys()], `dlc ${command}`).toContain(option);
  }
});

test("a command or an option that there is not is seen", () => {
  expect(wrongIn("npx dlc chek .")).toEqual(["dlc chek: no such command"]);
  expect(wrongIn("cd shop && dlc check . --lokced")).toEqual(["dlc check --lokced: no such option"]);
});
