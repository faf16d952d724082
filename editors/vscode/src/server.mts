/** Which dlc is started. */
import { dirname, isAbsolute, join } from "node:path";

/** A JavaScript file that Node runs, or a command. */
export type Server =
  { readonly kind: "module"; readonly path: string } | { readonly kind: "command"; readonly command: string };

export interface Surroundings {
  /** Absolute; the first one counts first. */
  readonly folders: readonly string[];
  /** The setting `dlc.path`; "" where it says nothing. */
  readonly setting: string;
  /** The folders of the path on which commands are looked for. */
  readonly path: readonly string[];
  readonly windows: boolean;
  readonly exists: (path: string) => boolean;
}

/** A string says why there is none. */
export function serverOf({ folders, setting, path, windows, exists }: Surroundings): Server | string {
  const [first] = folders;
  if (setting !== "") {
    const named = isAbsolute(setting) || first === undefined ? setting : join(first, setting);
    if (/\.[cm]?js$/.test(setting)) {
      return exists(named)
        ? { kind: "module", path: named }
        : `"dlc.path" names ${setting}, and there is no such file.`;
    }
    const isPath = /[\\/]/.test(setting);
    if (isPath && !exists(named)) return `"dlc.path" names ${setting}, and there is no such file.`;
    return { kind: "command", command: isPath ? named : setting };
  }
  for (const folder of folders) {
    for (let at = folder; ; at = dirname(at)) {
      const module = join(at, "node_modules", "dlc", "bin", "dlc.js");
      if (exists(module)) return { kind: "module", path: module };
      if (dirname(at) === at) break;
    }
  }
  const name = windows ? "dlc.cmd" : "dlc";
  for (const folder of path) if (exists(join(folder, name))) return { kind: "command", command: join(folder, name) };
  return 'dlc is neither in node_modules of the workspace nor on the path. Install it with `npm i -D dlc`, or set "dlc.path".';
}
