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
const sums = new Map();
const contents = new Map();
const code = await runDlc(
  ["run", program],
  ({ collection, row }) => {
    if (collection !== "result") return;
    const key = `${row.word} ${row.batch}`;
    contents.set(key, (contents.get(key) ?? 0) + 1);
    sums.set(row.word, (sums.get(row.word) ?? 0) + row.n);
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
const found = [...sums]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([word, n]) => `${String(n).padStart(7)} ${word}\n`)
  .join("");
const top = [...sums].sort(([, a], [, b]) => b - a).slice(0, 10);
console.log(
  `\n${sums.size} words in ${contents.size} counts; the most frequent: ${top.map(([word, n]) => `${word} ${n}`).join(", ")}`,
);
const repeated = [...contents.values()].filter((times) => times > 1).length;
if (repeated > 0)
  console.log(
    `${repeated} counts were delivered more than once, with different numbers: not every batch was complete when it was counted.`,
  );
console.log(found === wanted ? "Equal to tr | sort | uniq -c." : "NOT equal to tr | sort | uniq -c.");
if (found !== wanted && form === "sealed") process.exitCode = 1;

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
