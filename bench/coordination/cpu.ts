/** CPU time of the nodes of a run so far, from Linux's /proc; nothing is known on other systems. */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds by node (`Report#0`, `log#0`), for the children of the launcher; null where the system does not tell. */
export function cpuByNode(launcher: number): ReadonlyMap<string, number> | null {
  try {
    const used = new Map<string, number>();
    const pids = readFileSync(`/proc/${launcher}/task/${launcher}/children`, "utf8").trim().split(" ");
    for (const pid of pids) {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const main = words.findIndex((word) => word.endsWith("main.js"));
      if (main >= 0) used.set(`${words[main + 1]}#${words[main + 3]}`, cpuOf(pid));
    }
    return used;
  } catch {
    return null;
  }
}

function cpuOf(pid: string): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  }
  return nanoseconds / 1e6;
}
