/** The programs that people read first: each has the reason, the labels and the plan that it is there to show. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import { describe as describeInsertion, drawLabel } from "../src/cli/draw/insertion.ts";

const folder = fileURLToPath(new URL("../fixtures", import.meta.url));

interface Expected {
  /** `rule reason (gate)`. */
  readonly marked: readonly string[];
  /** `output before -> after`. */
  readonly outputs: readonly string[];
  readonly plan: readonly string[];
}

const orderAds = "order at Report.click and Report.request";
const expected: Readonly<Record<string, Expected>> = {
  "ad-network/thresh.dlc": {
    marked: [],
    outputs: ["Report.answered Async -> Async", "Analyst.result Async -> Async"],
    plan: [],
  },
  "ad-network/poor.dlc": {
    marked: ["poor#1 aggregate (i)"],
    outputs: ["Report.answered Inst -> Run", "Analyst.result Inst -> Run"],
    plan: [`${orderAds} by (id)`],
  },
  "ad-network/poor-sealed.dlc": {
    marked: ["poor#1 aggregate (i)"],
    outputs: ["Report.answered Inst -> Async", "Analyst.result Inst -> Async"],
    plan: ["seal at Report.click by (id), votes of AdServer"],
  },
  "ad-network/window.dlc": {
    marked: ["poor#1 aggregate (w, i)"],
    outputs: ["Report.answered Inst -> Async", "Analyst.result Inst -> Async"],
    plan: ["seal at Report.click by (window), votes of AdServer"],
  },
  "ad-network/window-by-id.dlc": {
    marked: ["poor#1 aggregate (w, i)"],
    outputs: ["Report.answered Inst -> Async", "Analyst.result Inst -> Async"],
    plan: ["seal at Report.click by (id), votes of AdServer"],
  },
  "ad-network/window-unsealed.dlc": {
    marked: ["poor#1 aggregate (w, i)"],
    outputs: ["Report.answered Inst -> Run", "Analyst.result Inst -> Run"],
    plan: [`${orderAds} by (window, id)`],
  },
  "ad-network/campaign.dlc": {
    marked: ["poor#1 aggregate (c, i)"],
    outputs: ["Analyst.result Inst -> Async"],
    plan: ["seal at Report.click by (campaign), votes of AdServer"],
  },
  "ad-network/campaign-unsealed.dlc": {
    marked: ["poor#1 aggregate (c, i)"],
    outputs: ["Analyst.result Inst -> Run"],
    plan: [`${orderAds} by (campaign)`],
  },
  "word-count/sealed.dlc": {
    marked: ["counts#1 aggregate (w, b)"],
    outputs: ["Sink.result Run -> Async"],
    plan: ["seal at Counter.word by (batch), votes of Source"],
  },
  "word-count/unsealed.dlc": {
    marked: ["counts#1 aggregate (w, b)"],
    outputs: ["Sink.result Run -> Run"],
    plan: ["order at Counter.word by (word, batch)"],
  },
  "negation/program.dlc": {
    marked: ["o#1 negation (x)"],
    outputs: ["R.o Run -> Run"],
    plan: ["order at R.c1 and R.c2 by (x)"],
  },
  "aggregate/program.dlc": {
    marked: ["o#1 aggregate (v)"],
    outputs: ["R.o Run -> Run"],
    plan: ["order at R.c1 by (v)"],
  },
  "growing-join/program.dlc": { marked: [], outputs: ["R.o Async -> Async"], plan: [] },
  "deletion/program.dlc": {
    marked: ["t2#2 deletion (x, y)"],
    outputs: ["R.o Run -> Run"],
    plan: ["order at R.c1, R.c2 and R.c3 by (x)"],
  },
  "rendezvous/program.dlc": {
    marked: ["o#1 rendezvous (x)"],
    outputs: ["R.o Run -> Run"],
    plan: ["order at R.c1 and R.c2 by (x)"],
  },
  "functions/program.dlc": {
    marked: ["volume#1 aggregate (t, s)"],
    outputs: ["Desk.volume Inst -> Async"],
    plan: ["seal at Desk.trade by (ticker, slot), votes of Exchange"],
  },
  "ballot/program.dlc": {
    marked: [],
    outputs: ["Count.decided Async -> Async", "Count.voted Async -> Async"],
    plan: [],
  },
  "statistics/program.dlc": {
    marked: ["middle#1 aggregate (h)", "trend#1 aggregate (h)"],
    outputs: ["Desk.middle Inst -> Async", "Desk.trend Inst -> Async", "Desk.covered Async -> Seal(hour)"],
    plan: ["seal at Desk.reading by (hour), votes of Station"],
  },
  "components/word-count.dlc": {
    marked: ["counts#1 opaque (word, batch)"],
    outputs: ["Splitter.words Async -> Seal(batch)", "Count.counts Run -> Async", "Commit.db Run -> Async"],
    plan: ["seal at Count.words by (batch), votes of Splitter"],
  },
  "components/word-count-unsealed.dlc": {
    marked: ["counts#1 opaque (word, batch)"],
    outputs: ["Splitter.words Async -> Async", "Count.counts Run -> Run", "Commit.db Run -> Run"],
    plan: ["order at Count.words by (word, batch)"],
  },
  "components/ad-network.dlc": {
    marked: ["response#2 opaque (campaign, id)"],
    outputs: ["Report.response Inst -> Async", "Cache.response Diverge -> Async", "Cache.request Async -> Async"],
    plan: ["seal at Report.click by (campaign), votes of click"],
  },
  "components/ad-network-poor.dlc": {
    marked: ["response#2 opaque (id)"],
    outputs: ["Report.response Inst -> Run", "Cache.response Diverge -> Run", "Cache.request Async -> Async"],
    plan: [`${orderAds} by (id)`],
  },
  "closure/program.dlc": { marked: [], outputs: ["R.o Async -> Async"], plan: [] },
};

describe("fixtures", () => {
  const programs = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".dlc"));

  test("each of these is there, and each that is there is one of these or another test's", () => {
    expect(programs).toEqual(expect.arrayContaining(Object.keys(expected)));
  });

  test.each(Object.entries(expected))("%s", (path, want) => {
    const file = { path, text: readFileSync(join(folder, path), "utf8") };
    const { plan, diagnostics } = compile(file);
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    const { analysis, outputs, insertions } = plan!;
    const { ir } = analysis;
    const label = (rule: string): string => ir.rules.get(rule)!.label;
    expect(
      analysis.findings.map(({ rule, reason, gate }) => `${label(rule)} ${reason} (${gate?.join(", ") ?? "*"})`),
    ).toEqual(want.marked);
    expect(
      outputs.map(
        ({ output, before, after }) =>
          `${output} ${drawLabel(before, ir.collections.get(output))} -> ${drawLabel(after, ir.collections.get(output))}`,
      ),
    ).toEqual(want.outputs);
    expect(
      insertions.map((insertion) =>
        describeInsertion(insertion, ir).replace(/, for .*$|: (?:one log|a log for each value).*$/, ""),
      ),
    ).toEqual(want.plan);
  });
});
