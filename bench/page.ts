/** Keeps one measured part of docs/measurements.md, between two marker lines; what stands around it is written by hand. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** `text` makes the part of what it was. Throws when the page lacks the part's markers. */
export function writeMeasured(root: string, name: string, text: string | ((before: string) => string)): void {
  const path = join(root, "docs", "measurements.md");
  const page = readFileSync(path, "utf8");
  const begins = `<!-- measured: ${name}, begin (npm run bench:${name}) -->`;
  const ends = `<!-- measured: ${name}, end -->`;
  const begin = page.indexOf(begins);
  const end = page.indexOf(ends);
  if (begin < 0 || end < begin) throw new Error(`${path} lacks the lines ${begins} and ${ends}`);
  const from = begin + begins.length;
  const part = typeof text === "string" ? text : text(page.slice(from, end));
  writeFileSync(path, `${page.slice(0, from)}\n\n${part}\n\n${page.slice(end)}`);
}

/** `Node 20.20.2, linux, 2 × Intel …`. */
export function machine(): string {
  const processors = cpus();
  return `Node ${process.versions.node}, ${process.platform}, ${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}`;
}
