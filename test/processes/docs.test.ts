/**
 * The pages that show programs and commands: each program is what it is said to be, and each command prints what stands
 * under it. A block whose line before it is the name of a file is that file; `...` stands for any lines; under a comment
 * `differs from run to run` only the form of the lines counts. `--update` writes what commands print now.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { format } from "../../src/compiler/format/format.ts";
import { blocksOf, root } from "../support/pages.ts";

const blocksOfPages = blocksOf("worked");
/** Pages with programs and commands, each with the folder whose programs they speak of besides their own. */
const worked = [...new Set(blocksOfPages.map(({ page }) => page))].map(
  (page) => [page, page === "README.md" ? "fixtures/ad-network" : null] as const,
);
const pathOf = (page: string): string => join(root, page);

/** A block, with the line before it that says what it is. */
const blocks = /(?:(?<=^|\n)(?:`([^`\n]+)`:|<!-- (differs from run to run) -->)\n+)?```(\w*)\n([\s\S]*?)\n```/g;

/** A text in which `...` on a line by itself stands for any lines. */
function pattern(printed: string): RegExp {
  const parts = printed.split(/^\.\.\.$/m).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`);
}

const sorted = (text: string): string => text.split("\n").sort().join("\n");
/** Rows without their values. */
const forms = (text: string): string => {
  const lines = text.split("\n").map((line) => line.replace(/:(?:"[^"]*"|[0-9]+)/g, ""));
  return [...new Set(lines)].sort().join("\n");
};

/** What is printed by the command of a block; as the page has it, where that says the same. */
function printedBy(command: string, printed: string, differs: boolean, folder: string): string {
  const [dlc, ...args] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
  expect(dlc).toBe("dlc");
  const env = { ...process.env, NO_COLOR: "1" };
  const ran = spawnSync(process.execPath, [join(root, "bin", "dlc.js"), ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  expect(ran.status, `${command}: ${ran.stderr}`).toBe(0);
  const rows = ran.stdout.trimEnd();
  if (differs) return forms(rows) === forms(printed) ? printed : rows;
  if (args[0] === "run") return sorted(rows) === sorted(printed) ? printed : rows;
  const all = (ran.stdout + ran.stderr).trimEnd();
  return pattern(printed).test(all) ? printed : all;
}

beforeAll(() => {
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"]);
}, 180_000);

describe.each(worked)("%s", (page, beside) => {
  test("shows programs in the one style, and what commands print", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dlc-docs-"));
    if (beside !== null) cpSync(join(root, beside), folder, { recursive: true });
    const own = new Set(blocksOfPages.filter((block) => block.page === page).map(({ text }) => text));
    let steps = 0;
    try {
      const now = readFileSync(pathOf(page), "utf8").replace(blocks, (block, name, differs, language, text: string) => {
        if (!own.has(text)) return block;
        steps++;
        if (name !== undefined) {
          if (name.endsWith(".dlc")) expect(format(`${text}\n`), name).toBe(`${text}\n`);
          writeFileSync(join(folder, name), `${text}\n`);
          return block;
        }
        expect(language, `a block without a name: ${text}`).toBe("");
        const [line, ...printed] = text.split("\n");
        const shown = printedBy(line.slice("$ ".length), printed.join("\n"), differs !== undefined, folder);
        return block.replace(text, () => (shown === "" ? line : `${line}\n${shown}`));
      });
      expect(steps).toBe(blocksOfPages.filter((block) => block.page === page).length);
      await expect(now).toMatchFileSnapshot(pathOf(page));
      for (const name of readdirSync(folder).filter((each) => each.endsWith(".svg")))
        await expect(readFileSync(join(folder, name), "utf8")).toMatchFileSnapshot(pathOf(`docs/pictures/${name}`));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
