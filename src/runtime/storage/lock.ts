/** One process at a time writes a file: a second one beside it would spoil both. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { IN_USE, StorageError, UNWRITABLE } from "./storage-error.ts";

/** Those of this process. */
const held = new Set<string>();

/** Takes the lock file, or that of a process that has died. Throws a StorageError where its owner lives. */
export function takeLock(path: string): void {
  if (held.has(resolve(path))) throw inUse(process.pid, path);
  claim(path);
  held.add(resolve(path));
}

function inUse(pid: number, path: string): StorageError {
  return new StorageError(IN_USE, `process ${pid} has ${path}: two processes must not keep their data in one place`);
}

function claim(path: string): void {
  try {
    writeFileSync(path, identityOf(process.pid), { flag: "wx" });
    return;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") throw new StorageError(UNWRITABLE, `${path} cannot be written: ${message}`);
  }
  const owner = readFileSync(path, "utf8");
  const pid = Number.parseInt(owner, 10);
  // One with the number of this process was another, before.
  if (pid !== process.pid && isAlive(pid) && identityOf(pid) === owner) throw inUse(pid, path);
  writeFileSync(path, identityOf(process.pid));
}

export function giveLock(path: string): void {
  held.delete(resolve(path));
  rmSync(path, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has died stays, with its number, until its parent looks: in a container perhaps for ever.
    return !/^[ZX]/.test(statOf(pid)?.[0] ?? "");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Its number, and (where the system tells) when it was started: numbers are given again. */
function identityOf(pid: number): string {
  const stat = statOf(pid);
  return stat === null ? `${pid}\n` : `${pid} ${stat[19]}\n`;
}

/** What the system tells of a process, from its state on; null: nothing. */
function statOf(pid: number): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
