/**
 * The pages that show programs and commands: each program is what it is said to be, and each command prints what stands
 * under it. A block whose line before it is the name of a file is that file; `...` stands for any lines; under a comment
 * `differs from run to run` only the form of the lines counts.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { format } from "../../src/compiler/format/format.ts";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** With programs and commands, and without. */
const worked = ["tutorial.md", "cookbook.md"];
const read = ["comparison.md", "editors.md"];

type Step =
  | { readonly kind: "file"; readonly name: string; readonly text: string }
  | {
      readonly kind: "command";
      readonly words: readonly string[];
      readonly printed: string;
      readonly differs: boolean;
    };

/** In the order of the page. */
function stepsOf(page: string): readonly Step[] {
  const blocks = /(?:(?:^|\n)(?:`([^`\n]+)`:|<!-- (differs from run to run) -->)\n+)?```(\w*)\n([\s\S]*?)\n```/g;
  return [...page.matchAll(blocks)].flatMap(([, name, differs, language, text]): readonly Step[] => {
    if (name !== undefined) return [{ kind: "file", name, text: `${text}\n` }];
    if (language !== "") throw new Error(`a block in ${language} has no name: ${text}`);
    return text.split(/^(?=\$ )/m).map((one) => {
      const [line, ...printed] = one.trimEnd().split("\n");
      const words = [...line.slice(2).matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
      return { kind: "command", words, printed: printed.join("\n"), differs: differs !== undefined };
    });
  });
}

/** A text in which `...` on a line by itself stands for any lines. */
function pattern(printed: string): RegExp {
  const parts = printed.split(/^\.\.\.$/m).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`);
}

const sorted = (text: string): string => text.split("\n").sort().join("\n");
/** Rows without their values. */
const forms = (text: string): readonly string[] => [
  ...new Set(text.split("\n").map((line) => line.replace(/:(?:"[^"]*"|[0-9]+)/g, ""))),
];

beforeAll(() => {
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"]);
}, 180_000);

const textOf = (page: string): string => readFileSync(join(root, "docs", page), "utf8");

describe.each(worked)("docs/%s", (page) => {
  test("shows programs in the one style, and what commands print", () => {
    const steps = stepsOf(textOf(page));
    expect(steps.length).toBeGreaterThan(8);
    const folder = mkdtempSync(join(tmpdir(), "dlc-docs-"));
    try {
      for (const step of steps) {
        if (step.kind === "file") {
          if (step.name.endsWith(".dlc")) expect(format(step.text), step.name).toBe(step.text);
          writeFileSync(join(folder, step.name), step.text);
          continue;
        }
        const [command, ...args] = step.words;
        expect(command).toBe("dlc");
        const env = { ...process.env, NO_COLOR: "1" };
        const ran = spawnSync(process.execPath, [join(root, "bin", "dlc.js"), ...args], {
          cwd: folder,
          env,
          encoding: "utf8",
        });
        expect(ran.status, `${args.join(" ")}: ${ran.stderr}`).toBe(0);
        const stdout = ran.stdout.trimEnd();
        if (step.differs) expect(forms(stdout), args.join(" ")).toEqual(forms(step.printed));
        else if (args[0] === "run") expect(sorted(stdout)).toBe(sorted(step.printed));
        else expect((ran.stdout + ran.stderr).trimEnd(), args.join(" ")).toMatch(pattern(step.printed));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe.each([...worked, ...read])("docs/%s", (page) => {
  test("links to what is there", () => {
    const text = textOf(page);
    for (const [, target, part] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const linked = target === "" ? text : readFileSync(join(root, "docs", target), "utf8");
      const heads = [...linked.matchAll(/^#+ (.*)$/gm)].map(([, head]) =>
        head
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, "")
          .replaceAll(" ", "-"),
      );
      if (part !== undefined) expect(heads, `${target}#${part}`).toContain(part);
    }
  });
});
