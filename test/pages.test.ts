/** Pages that are made from the sources: `npm run update` writes them anew. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { paint } from "../src/cli/draw/paint.ts";
import { drawPlan } from "../src/cli/draw/plan.ts";
import { parse } from "../src/compiler/1-parse/parse.ts";
import type { ModuleDecl } from "../src/compiler/ast.ts";
import { codes } from "../src/compiler/diagnostics/codes.ts";
import type { Code, CodePage } from "../src/compiler/diagnostics/codes.ts";
import { whyFirm } from "../src/compiler/diagnostics/firm.ts";
import { levels, mechanisms, strategies } from "../src/cli/config.ts";
import { ads, makePlace } from "./place-of-tests.ts";
import { parseDeployment } from "../src/runtime/deployment.ts";
import { example, exampleText, libraryFiles, libraryText } from "./support/library.ts";
import { allBlocks, blocksIn, blocksOf, kinds, pages, root } from "./support/pages.ts";

const groups: readonly (readonly [prefix: string, title: string])[] = [
  ["DLC1", "Syntax"],
  ["DLC2", "Names, types and stratification"],
  ["DLC3", "Order-sensitivity"],
  ["DLC4", "Coordination and contracts"],
  ["DLC5", "Functions and claims"],
  ["DLC9", "While a program runs"],
];

function page(): string {
  const all = Object.entries(codes as Readonly<Record<string, CodePage>>).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = groups.map(([prefix, title]) => {
    const pages = all
      .filter(([code]) => code.startsWith(prefix))
      .map(
        ([code, { severity, title: what, why, example, mend }]) =>
          `### ${code}: ${what[0].toUpperCase()}${what.slice(1)}\n\n*${severity}.* ${why}\n\n\`\`\`dlc\n${example}\n\`\`\`\n\n**What to do.** ${mend}\n`,
      );
    return `## ${title}\n\n${pages.join("\n")}`;
  });
  return `# Diagnostics\n\nEvery code of dlc: what it means, an example, what to do. \`dlc explain CODE\` prints the same page.\nWritten by \`npm run update\` from \`src/compiler/diagnostics/\`.\n\n${parts.join("\n")}`;
}

/** The schema of `dlc.config.json`, for editors. */
function schema(): string {
  const rankable = Object.entries(codes as Readonly<Record<string, CodePage>>)
    .filter(([code]) => !code.startsWith("DLC9") && whyFirm(code as Code) === null)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const counted = { type: "integer", minimum: 0 };
  const described = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "dlc.config.json",
    description: "Settings of dlc for the folder in which the file lies, and all below it.",
    type: "object",
    additionalProperties: false,
    properties: {
      $schema: { type: "string", description: "Where this schema is: ./node_modules/dlc/dlc.schema.json" },
      strategy: {
        enum: strategies,
        default: "auto",
        description: "Which mechanism to use, where not the cheapest; as --strategy.",
      },
      maxWarnings: { ...counted, description: "dlc check fails when there are more warnings; as --max-warnings." },
      budget: {
        type: "object",
        description: "How often each mechanism may be inserted into a program at most; as --budget.",
        additionalProperties: false,
        properties: Object.fromEntries(mechanisms.map((name) => [name, counted])),
      },
      severities: {
        type: "object",
        description: "How findings are ranked, by their codes.",
        additionalProperties: false,
        properties: Object.fromEntries(
          rankable.map(([code, { title, severity }]) => [
            code,
            { enum: levels, default: severity, description: `${title[0].toUpperCase()}${title.slice(1)}.` },
          ]),
        ),
      },
      ignore: {
        type: "array",
        items: { type: "string" },
        description:
          "Globs, relative to this file, of programs that are left out where folders and globs are searched.",
      },
    },
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

const libraryIntroduction = `# The standard library

Modules in dlc, each with what it promises and what it costs. \`import "dlc:delivery" as delivery;\` brings those of one file.
Under each file stand a program that uses them ([fixtures/library](../fixtures/library)) and what \`dlc check\` says of it:
\`Async\` is the same in every run, \`Run\` may differ from run to run, and lines that begin with \`+\` are what dlc
inserts for the outputs that promise something. The tests run each program under many orders of delivery, with duplicates
and losses.

Written by \`npm run update\` from \`lib/\`.
`;

/** A module: its header, what it promises, and its interface. */
function moduleSection({ name, types, roles, doc, members }: ModuleDecl, text: string): string {
  const parameters = [
    types.length === 0 ? "" : `<${types.map((type) => type.text).join(", ")}>`,
    roles.length === 0
      ? ""
      : `(${roles.map((role) => `${role.name.text}: ${role.module?.text ?? "role"}`).join(", ")})`,
  ].join("");
  const rows = members.flatMap((member) => {
    if (member.kind !== "collection" || member.direction === null) return [];
    const columns = /\(.*\)/.exec(text.slice(member.span.start, member.span.end))![0];
    const about = member.doc === null ? "" : ` ${member.doc.replaceAll("\n", " ")}`;
    return [`- \`${member.direction} ${member.name.text}${columns}\`${about}`];
  });
  return `### \`${name.text}${parameters}\`\n\n${doc ?? ""}\n\n${rows.join("\n")}\n`;
}

function libraryPage(): string {
  const sections = libraryFiles.map((file) => {
    const text = libraryText(file);
    const modules = parse({ path: file, text }).value!.items.flatMap((item) => (item.kind === "module" ? [item] : []));
    const [, title] = /^\/\/ (.*)\.\n/.exec(text)!;
    const parts = [
      `## dlc:${file}\n\n${title}.\n`,
      ...modules.map((module) => moduleSection(module, text)),
      `\`\`\`dlc\n${exampleText(file)}\`\`\`\n`,
      `\`\`\`\n$ dlc check fixtures/library/${file}.dlc\n${drawPlan(example(file).plan, paint(false))}\`\`\`\n`,
    ];
    return parts.join("\n");
  });
  return `${libraryIntroduction}\n${sections.join("\n")}`;
}

describe("docs", () => {
  test("dlc.schema.json has every key and code of the configuration", async () => {
    await expect(schema()).toMatchFileSnapshot("../dlc.schema.json");
  });

  test("library.md has every module as it is, and what dlc check says of the programs that use them", async () => {
    await expect(libraryPage()).toMatchFileSnapshot("../docs/library.md");
  });

  test("diagnostics.md has every code as it is", async () => {
    await expect(page()).toMatchFileSnapshot("../docs/diagnostics.md");
  });

  test("every code belongs to a group and has a page of use", () => {
    for (const [code, { title, why, example, mend }] of Object.entries(codes as Readonly<Record<string, CodePage>>)) {
      expect(
        groups.some(([prefix]) => code.startsWith(prefix)),
        code,
      ).toBe(true);
      for (const text of [title, why, example, mend]) expect(text.trim().length, code).toBeGreaterThan(5);
      expect(title, code).not.toMatch(/\.$/);
    }
  });

  test("every block of every page is of one kind, and a test has all of the kind", () => {
    const kindsOf = (block: (typeof allBlocks)[number]) =>
      Object.entries(kinds).flatMap(([kind, { has }]) => (has(block) ? [kind] : []));
    const others = allBlocks.filter((block) => kindsOf(block).length !== 1);
    expect(
      others.map((block) => `${block.page}:${block.line} is of the kinds [${kindsOf(block).join(", ")}]`),
      "say in test/support/pages.ts what tests it",
    ).toEqual([]);
    for (const [kind, { test: by }] of Object.entries(kinds))
      expect(readFileSync(join(root, by), "utf8"), `${by} has the blocks of the kind ${kind}`).toContain(
        `blocksOf("${kind}")`,
      );
    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/ci.md", "templates/init/README.md"]));
    // A block that no test has is seen, wherever it stands.
    const unknown = blocksIn("docs/new.md", "1. First\n\n   ```python\n   print(1)\n   ```\n");
    expect(unknown).toEqual([{ page: "docs/new.md", line: 3, language: "python", text: "   print(1)" }]);
    expect(kindsOf(unknown[0])).toEqual([]);
  });

  test("pages that are written from the sources have no block of another source", () => {
    const written = { "docs/diagnostics.md": page(), "docs/library.md": libraryPage() } as const;
    for (const block of blocksOf("generated"))
      expect(blocksIn(block.page, written[block.page as keyof typeof written])).toContainEqual(block);
  });

  test("programs on the pages are those that are tested, or do what the page says", async () => {
    const [readme, comment, ...more] = blocksOf("program");
    expect(more).toEqual([]);
    expect(readFileSync(join(root, "fixtures/ad-network/campaign.dlc"), "utf8")).toContain(readme.text);
    // The comment stands before the rule of the same program, and silences what is said of it.
    const [, rule] = comment.text.split("\n");
    const text = ads().replace(/^ *poor\(c, i, count.*$/m, comment.text);
    expect(text).toContain(rule);
    const place = makePlace();
    try {
      place.write({ "before.dlc": ads(), "after.dlc": text });
      expect((await place.dlc("check", "before.dlc")).out).toContain("warning[DLC302]");
      const { code, out } = await place.dlc("check", "after.dlc", "--max-warnings", "0");
      expect([code, out]).toEqual([0, expect.not.stringContaining("DLC")]);
    } finally {
      place.remove();
    }
  });

  test("deployment.md has a deployment that processes accept", () => {
    const [{ text }, ...more] = blocksOf("deployment");
    expect(more).toEqual([]);
    const roles = [
      { role: "AdServer", count: 5 },
      { role: "Report", count: 3 },
    ];
    const deploy = parseDeployment(text, "deploy.json", { roles, log: true, epochMs: null });
    expect(deploy).toEqual(JSON.parse(text));
    expect(() =>
      parseDeployment(text.replace('"roles"', '"role"'), "deploy.json", { roles, log: true, epochMs: null }),
    ).toThrow();
  });

  test("ARCHITECTURE.md has the phases that there are", () => {
    const [{ text }, ...more] = blocksOf("phases");
    expect(more).toEqual([]);
    const [values, phases] = text.trim().split("\n");
    const folders = readdirSync(join(root, "src/compiler")).filter((name) => /^\d-/.test(name));
    expect(folders.sort().map((name) => name.slice(2))).toEqual(phases.trim().split(/\s+/));
    const borders = readdirSync(join(root, "src/compiler"))
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(join(root, "src/compiler", name), "utf8"))
      .join("\n");
    for (const value of values.split(" -> "))
      expect(borders).toMatch(new RegExp(`export (?:interface|type) ${value.replace("[]", "")}\\b`));
  });

  test("commands.md has the JSON form and the configuration as they are", async () => {
    const [form, config, ...more] = blocksOf("form").map(({ text }) => text);
    expect(more).toEqual([]);
    const place = makePlace();
    try {
      place.write({ "ads.dlc": ads(), "dlc.config.json": config, "node_modules/dlc/dlc.schema.json": "{}" });
      const { code, out } = await place.dlc("check", "ads.dlc", "--format", "json");
      // DLC302 is a note in it, and at most 0 warnings are allowed.
      expect(code).toBe(0);
      const [said, is] = [JSON.parse(form), JSON.parse(out)] as Record<string, any>[];
      expect(Object.keys(said).sort()).toEqual(Object.keys(is).sort());
      const whole = ["range", "fixes", "rewrites", "sources", "assumptions"];
      for (const part of ["outputs", "collections", "orderSensitive", "plan", "plans"])
        for (const key of Object.keys(said[part][0]).filter((one) => !whole.includes(one)))
          expect(Object.keys(is[part][0]), `${part}.${key}`).toContain(key);
      expect(Object.keys(said["plans"][0]).sort()).toEqual(
        Object.keys(is["plans"][0])
          .filter((key) => key !== "file")
          .sort(),
      );
    } finally {
      place.remove();
    }
  });

  test("docs/README.md leads to every page", () => {
    const index = readFileSync(join(root, "docs/README.md"), "utf8");
    for (const name of readdirSync(join(root, "docs")).filter((one) => one.endsWith(".md") && one !== "README.md"))
      expect(index).toContain(`- [${name}](${name})`.replace(/^- /, ""));
  });

  test("links between the project's pages lead somewhere", () => {
    const pages = [
      "README.md",
      "ARCHITECTURE.md",
      "CONTRIBUTING.md",
      "CHANGELOG.md",
      ...readdirSync(join(root, "docs"))
        .filter((name) => name.endsWith(".md"))
        .map((name) => `docs/${name}`),
    ];
    for (const name of pages) {
      const text = readFileSync(join(root, name), "utf8");
      for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        expect(
          () => readFileSync(join(root, name, "..", target)) || readdirSync(join(root, name, "..", target)),
          `${name}: ${target}`,
        ).not.toThrow(/ENOENT/);
      }
      for (const [, target, part] of text.matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)) {
        const linked = target === "" ? text : readFileSync(join(root, name, "..", target), "utf8");
        const heads = [...linked.matchAll(/^#+ (.*)$/gm)].map(([, head]) =>
          head
            .toLowerCase()
            .replace(/[^a-z0-9 _-]/g, "")
            .replaceAll(" ", "-"),
        );
        expect(heads, `${name}: ${target}#${part}`).toContain(part);
      }
    }
  });
});
