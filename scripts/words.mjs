/**
 * Word count over a book, end to end: deals the lines of fixtures/word-count/text.txt to three sources in sealed batches,
 * runs the program, sums the counts, and compares them with those of `tr`, `sort` and `uniq -c`.
 *
 *   node scripts/words.mjs [sealed|unsealed]
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, root, runDlc } from "./run-dlc.mjs";

const form = process.argv[2] ?? "sealed";
const program = `fixtures/word-count/${form}.dlc`;
if (!existsSync(join(root, program))) fail(`usage: node scripts/words.mjs [sealed|unsealed]`);
const book = join(root, "fixtures", "word-count", "text.txt");
const linesPerBatch = 250;
const sources = 3;

const folder = join(root, "out", "word-count");
mkdirSync(folder, { recursive: true });
const events = join(folder, `${form}.ndjson`);
writeFileSync(
  events,
  makeEvents(readFileSync(book, "utf8").split("\n"))
    .map((event) => `${JSON.stringify(event)}\n`)
    .join(""),
);

console.log(`$ dlc run ${program} < out/word-count/${form}.ndjson\n`);
/** "word batch" to the counts delivered for it: one where every batch was complete when it was counted. */
const counts = new Map();
const code = await runDlc(
  ["run", program],
  ({ collection, row }) => {
    if (collection !== "result") return;
    const key = `${row.word} ${row.batch}`;
    if (!counts.has(key)) counts.set(key, []);
    counts.get(key).push(row.n);
  },
  events,
);
if (code !== 0) fail(`dlc run ended with ${code}`);

const pipeline = "tr -cs 'A-Za-z' '\\n' | tr 'A-Z' 'a-z' | grep . | sort | uniq -c";
const wanted = execFileSync("sh", ["-c", pipeline], {
  input: readFileSync(book),
  env: { ...process.env, LC_ALL: "C" },
  maxBuffer: 1 << 28,
  encoding: "utf8",
});
const text = (sums) =>
  [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, n]) => `${String(n).padStart(7)} ${word}\n`)
    .join("");
const sums = sumOf((all) => all.reduce((sum, n) => sum + n, 0));
const top = [...sumOf((all) => Math.max(...all))].sort(([, a], [, b]) => b - a).slice(0, 8);
console.log(
  `\n${sums.size} words in ${counts.size} counts; the most frequent: ${top.map(([word, n]) => `${word} ${n}`).join(", ")}`,
);
const repeated = [...counts.values()].filter((all) => all.length > 1).length;
if (repeated === 0) {
  const same = text(sums) === wanted;
  console.log(`Every count was delivered once. ${same ? "Equal" : "NOT equal"} to tr | sort | uniq -c.`);
  if (!same) process.exitCode = 1;
} else {
  const same = text(sumOf((all) => Math.max(...all))) === wanted;
  console.log(`${repeated} counts were delivered before their batch was complete, and again after.`);
  console.log(`The greatest of each are ${same ? "equal" : "NOT equal"} to tr | sort | uniq -c.`);
  if (!same || form === "sealed") process.exitCode = 1;
}

/** Sums over all batches, by word. */
function sumOf(one) {
  const all = new Map();
  for (const [key, delivered] of counts) {
    const word = key.slice(0, key.indexOf(" "));
    all.set(word, (all.get(word) ?? 0) + one(delivered));
  }
  return all;
}

/** Lines in turn to the sources; after each batch every source seals it, since each may have sent some of it. */
function makeEvents(lines) {
  const all = [];
  for (let start = 0, batch = 0; start < lines.length; start += linesPerBatch, batch++) {
    lines.slice(start, start + linesPerBatch).forEach((text, index) => {
      all.push({
        role: "Source",
        node: index % sources,
        collection: "line",
        row: { batch, line: start + index, text },
      });
    });
    if (form === "sealed")
      for (let node = 0; node < sources; node++)
        all.push({ role: "Source", node, collection: "line", seal: { batch } });
  }
  return all;
}
