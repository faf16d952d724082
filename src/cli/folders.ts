/** Events of folders, also of ones that come and go. */
import { existsSync, readdirSync, statSync, watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { join } from "node:path";

export interface Folders {
  /** Watches these and no others: `flat` by themselves, `deep` with all folders below. */
  readonly set: (folders: { readonly flat: ReadonlySet<string>; readonly deep: ReadonlySet<string> }) => void;
  readonly close: () => void;
}

/** How often to look where a file system reports no events, in milliseconds. */
const period = 500;

/** `changed` may be called too often: it says that something in the folders may be different. */
export function watchFolders(changed: () => void): Folders {
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number | null }>();
  let poll: NodeJS.Timeout | null = null;
  let closed = false;
  const open = (folder: string): void => {
    try {
      const watcher = watch(folder, changed);
      watcher.on("error", () => {
        watcher.close();
        watchers.delete(folder);
        changed();
      });
      watchers.set(folder, { watcher, inode: inodeOf(folder) });
    } catch {
      // Too many watches, or a file system without: look now and then.
      if (existsSync(folder)) poll ??= setInterval(changed, period);
    }
  };
  return {
    set({ flat, deep }) {
      if (closed) return;
      const wanted = new Set(flat);
      for (const folder of deep) for (const each of below(folder)) wanted.add(each);
      for (const [folder, { watcher, inode }] of watchers) {
        // One that is there again under the same name is another folder.
        if (wanted.has(folder) && inodeOf(folder) === inode) continue;
        watcher.close();
        watchers.delete(folder);
      }
      const fresh = [...wanted].filter((folder) => !watchers.has(folder) && existsSync(folder));
      fresh.forEach(open);
      // What happened in them before they were watched.
      if (fresh.length > 0) changed();
    },
    close() {
      closed = true;
      for (const { watcher } of watchers.values()) watcher.close();
      if (poll !== null) clearInterval(poll);
    },
  };
}

/** The folder and all below it that programs are looked for in. */
function below(folder: string): readonly string[] {
  const found: string[] = [];
  const queue = existsSync(folder) ? [folder] : [];
  for (const each of queue) {
    found.push(each);
    for (const entry of readdirSync(each, { withFileTypes: true })) {
      if (entry.isDirectory() && entry.name !== "node_modules" && entry.name !== ".git")
        queue.push(join(each, entry.name));
    }
  }
  return found;
}

function inodeOf(folder: string): number | null {
  return statSync(folder, { throwIfNoEntry: false })?.ino ?? null;
}
