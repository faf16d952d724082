import { expect, test } from "vitest";
import { fileOf, run } from "./programs.ts";

const words = (count: number, offset = 0): string =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ id: i + offset, word: `w${(i * 7919) % 50}` })).join("\n") + "\n";

function countsOf(ran: Awaited<ReturnType<typeof run>>): Map<string, number> {
  return new Map(ran.rows.filter(({ collection }) => collection === "count").map(({ row }) => [row["word"] as string, row["n"] as number]));
}

test("messages go to and fro between processes until they rest", async () => {
  const serve = [0, 1, 2].map((id) => JSON.stringify({ role: "Ping", collection: "serve", row: { id, turns: 5 } })).join("\n");
  const ran = await run("pingpong", {}, serve);
  expect(ran.stderr).not.toContain("died");
  expect(ran.code).toBe(0);
  expect(ran.rows.map(({ role, node, collection, row }) => `${role}#${node}.${collection} ${row["from"]} ${row["id"]}`).sort()).toEqual([
    "Ping#0.done Pong#0 0", "Ping#0.done Pong#0 1", "Ping#0.done Pong#0 2",
    "Ping#0.done Pong#1 0", "Ping#0.done Pong#1 1", "Ping#0.done Pong#1 2",
  ]);
});

test("input files are dealt to all instances, and counts come when all have sealed", async () => {
  const path = fileOf("words.ndjson", words(20_000));
  const ran = await run("counter", { input: [`Source[*].word=${path}`] });
  expect(ran.code).toBe(0);
  const counts = countsOf(ran);
  expect(counts.size).toBe(50);
  expect([...counts.values()].reduce((a, b) => a + b)).toBe(20_000);
  expect(ran.stderr).toMatch(/Source#1\s+\S+\s+10,000/);
});
