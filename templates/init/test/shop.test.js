import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** One JSON object a line. */
const rows = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("the totals are those of one loop over all sales, however late the messages are", () => {
  const expected = new Map();
  for (const { day, product, amount } of rows(readFileSync("data/sales.ndjson", "utf8"))) {
    const key = `${day} ${product}`;
    expected.set(key, (expected.get(key) ?? 0) + amount);
  }

  const command = 'dlc run shop.dlc --input "Till[*].sale=data/sales.ndjson" --delay 0ms..20ms --seed 1 --quiet';
  const { status, stdout, stderr } = spawnSync(command, { shell: true, encoding: "utf8" });
  assert.equal(status, 0, stderr);

  const totals = rows(stdout).map(({ row }) => [`${row.day} ${row.product}`, row.amount]);
  assert.equal(totals.length, expected.size);
  assert.deepEqual(new Map(totals), expected);
});
