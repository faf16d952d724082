/**
 * The programs that are compared: the two fixtures, each in six ways to coordinate, or not. What differs between two
 * ways is one annotation, one word after `sealed by`, or the strategy given to `dlc build`; the rules are the same.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type ProgramName = "campaign" | "words";
export type WayName = "none" | "none dealt" | "seal" | "single" | "order" | "order by";

export interface Way {
  readonly name: WayName;
  /** As the table calls it. */
  readonly title: string;
  /** The way without coordination whose producers are given the same rows: what this one is compared with. */
  readonly beside: "none" | "none dealt";
  /** Whether producers seal, and whether each partition's rows all go to one producer. */
  readonly seals: boolean;
  readonly dealt: "in turn" | "by partition";
  /** Passed to `dlc build`; null: what dlc chooses. */
  readonly strategy: "none" | null;
  /** The program's text, from the fixture's. */
  readonly change: (text: string, program: ProgramName) => string;
  /** What is waited for before an answer, for the page. */
  readonly waits: Readonly<Record<ProgramName, string>>;
}

/** The rule that aggregates, and the key of its log. */
const marked: Readonly<Record<ProgramName, { readonly rule: string; readonly key: string }>> = {
  campaign: { rule: "  poor(c, i, count()) <=", key: "c" },
  words: { rule: "  counts(w, b, count()) <=", key: "w" },
};

function annotate(text: string, rule: string, annotation: string): string {
  return replaceOnce(text, rule, `  @coordinate(${annotation})\n${rule}`);
}

function replaceOnce(text: string, old: string, now: string): string {
  if (text.split(old).length !== 2) throw new Error(`the fixture does not have "${old}" exactly once`);
  return text.replace(old, now);
}

export const ways: readonly Way[] = [
  {
    name: "none",
    title: "uncoordinated",
    beside: "none",
    seals: false,
    dealt: "in turn",
    strategy: "none",
    change: (text) => text,
    waits: { campaign: "nothing", words: "nothing" },
  },
  {
    name: "none dealt",
    title: "uncoordinated, one producer a partition",
    beside: "none dealt",
    seals: false,
    dealt: "by partition",
    strategy: "none",
    change: (text) => text,
    waits: { campaign: "nothing", words: "nothing" },
  },
  {
    name: "seal",
    title: "sealed",
    beside: "none",
    seals: true,
    dealt: "in turn",
    strategy: null,
    change: (text) => text,
    waits: {
      campaign: "the seal of the campaign from every ad server",
      words: "the seal of the batch from every source",
    },
  },
  {
    name: "single",
    title: "sealed, one producer a partition",
    beside: "none dealt",
    seals: true,
    dealt: "by partition",
    strategy: null,
    change: (text, program) => {
      const seal = program === "campaign" ? "sealed by (campaign)" : "sealed by (batch)";
      return replaceOnce(text, seal, `${seal} single`);
    },
    waits: {
      campaign: "the seal of the campaign from the one ad server that has it",
      words: "the seal of the batch from the one source that has it",
    },
  },
  {
    name: "order",
    title: "ordered, one log",
    beside: "none",
    seals: false,
    dealt: "in turn",
    strategy: null,
    change: (text, program) => annotate(text, marked[program].rule, "order"),
    waits: {
      campaign: "the sequencer's next batch (clicks and requests)",
      words: "the sequencer's next batch (words)",
    },
  },
  {
    name: "order by",
    title: "ordered by key",
    beside: "none",
    seals: false,
    dealt: "in turn",
    strategy: null,
    change: (text, program) => annotate(text, marked[program].rule, `order by (${marked[program].key})`),
    waits: {
      campaign: "the next batch of the log that the campaign has a share in",
      words: "the next batch of the log that the word has a share in",
    },
  },
];

const fixtures: Readonly<Record<ProgramName, { readonly sealed: string; readonly unsealed: string }>> = {
  campaign: { sealed: "ad-network/campaign.dlc", unsealed: "ad-network/campaign-unsealed.dlc" },
  words: { sealed: "word-count/sealed.dlc", unsealed: "word-count/unsealed.dlc" },
};

/** Builds the program into `folder`/out with `dlc build`; resolves to that path. Throws with what dlc said. */
export function buildProgram(root: string, program: ProgramName, way: Way, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const fixture = join(root, "fixtures", fixtures[program][way.seals ? "sealed" : "unsealed"]);
  const source = join(folder, `${program}.dlc`);
  writeFileSync(source, way.change(readFileSync(fixture, "utf8"), program));
  if (program === "words") copyFileSync(join(root, "fixtures", "word-count", "words.ts"), join(folder, "words.ts"));
  const out = join(folder, "out");
  const args = ["build", source, "-o", out, ...(way.strategy === null ? [] : ["--strategy", way.strategy])];
  try {
    execFileSync(process.execPath, [join(root, "bin", "dlc.js"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: Buffer; readonly stderr?: Buffer };
    throw new Error(`dlc build of ${program}, ${way.title}, failed:\n${stdout ?? ""}${stderr ?? ""}`, { cause: error });
  }
  return out;
}
