import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bench, quick } from "../../bench/coordination.ts";
import { tableOf } from "../../bench/coordination/table.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

test("every way of coordination runs and gives the answers that its label promises", async () => {
  expect(existsSync(join(root, "dist", "cli.cjs")), "npm run build comes first").toBe(true);
  const { lines, sequencer } = await bench(root, { ...quick, say: () => {} });
  const rows = lines.map(({ program, way, producers, delayMs }) => `${program} ${way} ${producers} ${delayMs}`);
  expect(rows).toEqual(
    ["campaign", "words"].flatMap((program) =>
      ["none", "none dealt", "seal", "single", "order", "order by"].map((way) => `${program} ${way} 2 5`),
    ),
  );
  for (const line of lines) {
    expect(line.problem, `${line.program}, ${line.title}`).toBeNull();
    // Two hops of five milliseconds each, three with a log; timers are not exact.
    expect(line.latencyMs).toBeGreaterThan(line.way.startsWith("order") ? 13 : 8);
    expect(line.rowsPerSecond).toBeGreaterThan(0);
    expect(line.messages).toBeGreaterThan(0);
    if (line.way === "seal" || line.way === "single") expect(line.passing).toBe(0);
  }
  // Otherwise nothing shows what coordination is for.
  for (const { way, passing } of lines) if (way === "none") expect(passing).toBeGreaterThan(0);
  expect(sequencer.rowsPerSecond).toBeGreaterThan(0);
  expect(tableOf(lines, "markdown").split("\n")).toHaveLength(lines.length + 2);
});
