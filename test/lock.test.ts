/** Who may write a file: one process at a time, and whoever comes after one that has died. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { giveLock, takeLock } from "../src/runtime/storage/lock.ts";

const folder = mkdtempSync(join(tmpdir(), "dlc-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** As the process of that number would have left it. */
function lockOf(pid: number): string {
  const path = join(folder, `${pid}.lock`);
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  writeFileSync(path, `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}\n`);
  return path;
}

test.skipIf(!existsSync("/proc/self/stat"))(
  "one that lives has it, and one that has died has not, though its parent has not looked",
  async () => {
    // The shell becomes a program that looks after no child.
    const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const child = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
      const path = lockOf(child);
      expect(() => takeLock(path)).toThrow(`process ${child} has ${path}`);
      while (!/\) Z /.test(readFileSync(`/proc/${child}/stat`, "utf8"))) await new Promise((r) => setTimeout(r, 10));
      takeLock(path);
      expect(() => takeLock(path)).toThrow(`process ${process.pid} has ${path}`);
      giveLock(path);
      expect(existsSync(path)).toBe(false);
    } finally {
      parent.kill("SIGKILL");
    }
  },
);

test("a number that was given again is another process", () => {
  const path = join(folder, "again.lock");
  writeFileSync(path, `${process.ppid} 1\n`);
  takeLock(path);
  giveLock(path);
});
