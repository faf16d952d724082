/** Whether a checkout's build is one of its sources. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** No source is newer than the build. */
export function isFresh(root) {
  const stamp = join(root, "dist", "cli.cjs");
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const sources = [
    ...walk(join(root, "src")),
    ...walk(join(root, "scripts")),
    join(root, "package.json"),
    join(root, "package-lock.json"),
  ];
  return sources.every((path) => statSync(path).mtimeMs <= built);
}

/** All files below a folder. */
export function walk(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
