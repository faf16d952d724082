/**
 * The language server on a program of 10,000 lines: from an edit until its answer is shown. The answer is what is wrong
 * with syntax, names and types; the check of the whole program comes later, from another thread.
 *
 *   npm run bench:lsp                     50 edits, at places all over the program
 *   npm run bench:lsp -- --lines 2000
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Editor, positionAt } from "../test/support/editor.ts";
import { generateProgram } from "./programs.ts";

const edits = 50;
/** Ticks of /proc in a second. */
const ticks = 100;

/** CPU time of the thread that answers, in milliseconds; null where the system does not tell. */
function cpuOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks;
  } catch {
    return null;
  }
}

export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { lines: { type: "string", default: "10000" } } });
  const folder = mkdtempSync(join(tmpdir(), "dlc-bench-"));
  const editor = await Editor.start(folder, {}, root);
  const text = generateProgram(Number(values.lines), 1);
  await editor.open("a.dlc", text);
  await editor.until(() => editor.codes("a.dlc").length > 0);
  const walls: number[] = [];
  const cpuBefore = cpuOf(editor.process.pid!);
  for (let i = 0; i < edits; i++) {
    // The first variable of a head, another one each time, wrong and right again.
    const place = (((i * 7) % edits) / edits) * text.length * 0.98;
    const at = text.indexOf("(k, x, n) <= ", Math.floor(place));
    const start = positionAt(text, at + 1);
    const wrong = `${text.slice(0, at + 1)}q${text.slice(at + 1)}`;
    const begin = performance.now();
    editor.shown.delete(editor.uri("a.dlc"));
    await editor.change("a.dlc", [{ range: { start, end: start }, text: "q" }], wrong);
    await editor.until(() => editor.codes("a.dlc").includes("DLC240"));
    walls.push(performance.now() - begin);
    editor.shown.delete(editor.uri("a.dlc"));
    const end = { ...start, character: start.character + 1 };
    await editor.change("a.dlc", [{ range: { start, end }, text: "" }], text);
    await editor.until(() => editor.shown.has(editor.uri("a.dlc")));
  }
  const cpuAfter = cpuOf(editor.process.pid!);
  walls.sort((a, b) => a - b);
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  console.log(`${values.lines} lines, ${edits} edits: until an error is shown`);
  console.log(
    `  shortest ${ms(walls[0])}, median ${ms(walls[edits >> 1])}, nine of ten ${ms(walls[Math.floor(edits * 0.9)])}, longest ${ms(walls[edits - 1])}`,
  );
  if (cpuBefore !== null && cpuAfter !== null)
    console.log(`  CPU of the thread that answers: ${ms((cpuAfter - cpuBefore) / (2 * edits))} an edit`);
  await editor.stop();
  rmSync(folder, { recursive: true, force: true });
  return 0;
}
