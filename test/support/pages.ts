/** The fenced blocks of all pages of the project, and the test that has each. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Block {
  /** From the root of the project. */
  readonly page: string;
  /** Of its fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** Where nothing is that somebody wrote here. */
const made = new Set(["node_modules", "dist", "out", "coverage"]);

function pagesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return made.has(entry.name) || entry.name.startsWith(".") ? [] : pagesIn(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

export const pages: readonly string[] = pagesIn("").sort();

export const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** Those of one text. A fence may stand in a list, and is then indented. */
export function blocksIn(page: string, text: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; line: number; language: string; lines: string[] } | null = null;
  for (const [i, line] of text.split("\n").entries()) {
    const [, fence, language] = /^\s*(```+|~~~+)\s*(.*?)\s*$/.exec(line) ?? [];
    if (open === null) {
      if (fence !== undefined) open = { fence, line: i + 1, language: language!, lines: [] };
    } else if (fence?.startsWith(open.fence) && language === "") {
      blocks.push({ page, line: open.line, language: open.language, text: open.lines.join("\n") });
      open = null;
    } else open.lines.push(line);
  }
  if (open !== null) throw new Error(`${page}:${open.line}: a block that does not end`);
  return blocks;
}

export const allBlocks: readonly Block[] = pages.flatMap((page) => blocksIn(page, textOf(page)));

/** Pages whose programs and commands follow on one another. */
export const worked = ["docs/tutorial.md", "docs/cookbook.md", "docs/analysis.md"];

interface Kind {
  /** What runs or checks all blocks that `blocksOf` has of the kind. */
  readonly test: string;
  readonly has: (block: Block) => boolean;
}

/** Every block is of exactly one kind: one that is of none fails `pages.test.ts`, until a test has it. */
export const kinds = {
  /** Files and commands, with what these print. */
  worked: {
    test: "test/processes/docs.test.ts",
    has: ({ page, text }) => worked.includes(page) || (page === "README.md" && text.startsWith("$ dlc ")),
  },
  /** Commands with what they print, and changes of programs. */
  session: {
    test: "test/processes/ci.test.ts",
    has: ({ language }) => language === "console" || language === "diff",
  },
  /** What `npm run ads` prints. */
  ads: {
    test: "test/processes/examples.test.ts",
    has: ({ page, language, text }) => page === "README.md" && language === "" && /answers, |fewest clicks/.test(text),
  },
  /** Commands to be typed in a checkout of dlc. */
  checkout: {
    test: "test/processes/docs-checkout.test.ts",
    has: ({ language, text }) => language === "sh" && /^(?:npm|code) /.test(text),
  },
  /** Commands that bring a deployment to a Kubernetes. */
  cluster: {
    test: "test/processes/docs-cluster.test.ts",
    has: ({ language, text }) => language === "sh" && /^(?:docker build|kubectl) /.test(text),
  },
  /** All others to be typed. */
  command: {
    test: "test/processes/docs-commands.test.ts",
    has: ({ language, text }) => language === "sh" && !/^(?:npm|code|docker build|kubectl) /.test(text),
  },
  /** Of the project that `dlc init` writes. */
  init: { test: "test/processes/init.test.ts", has: ({ page }) => page === "templates/init/README.md" },
  /** What `dlc status` prints. */
  status: {
    test: "test/processes/docs-commands.test.ts",
    has: ({ page, language, text }) => page === "docs/commands.md" && language === "" && text.startsWith("node "),
  },
  /** What `dlc gone` prints. */
  gone: {
    test: "test/processes/gone.test.ts",
    has: ({ page, language, text }) => page === "docs/commands.md" && language === "" && text.startsWith("$ dlc gone "),
  },
  /** Pages that are written from what they tell of; `test/examples.test.ts` has the examples of codes. */
  generated: {
    test: "test/pages.test.ts",
    has: ({ page }) => page === "docs/diagnostics.md" || page === "docs/library.md",
  },
  /** Programs, and parts of them. */
  program: {
    test: "test/pages.test.ts",
    has: ({ page, language }) => language === "dlc" && ["README.md", "docs/commands.md"].includes(page),
  },
  /** Programs with what they import. */
  language: {
    test: "test/processes/docs-typescript.test.ts",
    has: ({ page, language }) => page === "docs/language.md" && (language === "dlc" || language === "ts"),
  },
  /** A program in TypeScript that embeds a node. */
  embedding: {
    test: "test/processes/docs-typescript.test.ts",
    has: ({ page, language }) => page === "README.md" && language === "ts",
  },
  /** What `dlc check --format json` prints, and settings. */
  form: {
    test: "test/pages.test.ts",
    has: ({ page, language, text }) => page === "docs/commands.md" && language === "json" && text.startsWith("{\n"),
  },
  /** Events for stdin. */
  events: {
    test: "test/processes/docs-commands.test.ts",
    has: ({ page, language, text }) => page === "docs/commands.md" && language === "json" && !text.startsWith("{\n"),
  },
  /** Where the instances of a program are. */
  deployment: {
    test: "test/pages.test.ts",
    has: ({ page, language }) => page === "docs/deployment.md" && language === "json",
  },
  /** A line that a process says. */
  logged: {
    test: "test/processes/docs-commands.test.ts",
    has: ({ page, language }) => page === "docs/operations.md" && language === "json",
  },
  /** Files of those who build and check what others write. */
  yaml: { test: "test/processes/ci.test.ts", has: ({ language }) => language === "yaml" },
  /** What editors are told of the language server. */
  editor: {
    test: "test/processes/docs-editors.test.ts",
    has: ({ language }) => language === "lua" || language === "toml",
  },
  /** The phases of the compiler, and what is between them. */
  phases: { test: "test/pages.test.ts", has: ({ page }) => page === "ARCHITECTURE.md" },
} as const satisfies Readonly<Record<string, Kind>>;

/** All blocks of a kind, of which there is one at least. */
export function blocksOf(kind: keyof typeof kinds): readonly Block[] {
  const blocks = allBlocks.filter((block) => kinds[kind].has(block));
  if (blocks.length === 0) throw new Error(`no page has a block of the kind ${kind}`);
  return blocks;
}
