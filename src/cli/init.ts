/** `dlc init [dir]`: a project that checks, tests and runs at once. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { checkProgram } from "./check.ts";
import { findConfig } from "./config.ts";
import { count } from "./draw/count.ts";
import { createFolder, readProgram, whyNot } from "./files.ts";
import type { Io } from "./io.ts";
import { WrongUse } from "./io.ts";
import { packageRoot, version } from "./root.ts";

/** Where a file of the template belongs in a project, if not under its own name: a package cannot hold these. */
const places: Readonly<Record<string, string>> = {
  gitignore: ".gitignore",
  "workflow.yml": ".github/workflows/dlc.yml",
};

export async function initCommand(folder: string, io: Io): Promise<number> {
  const target = resolve(io.cwd, folder);
  if (existsSync(target) && !statSync(target).isDirectory()) throw new WrongUse(`${folder} is not a folder`);
  const files = filesOf({ PROJECT: projectName(target), SOURCE: dependency(target) });
  const there = [...files.keys(), "coordination.json"].filter((path) => existsSync(join(target, path)));
  if (there.length > 0) {
    throw new WrongUse(`${folder} already has ${there.join(", ")}; dlc init overwrites nothing: choose another folder`);
  }
  for (const [path, text] of files) {
    try {
      createFolder(dirname(join(target, path)));
      writeFileSync(join(target, path), text);
    } catch (error) {
      throw new WrongUse(`cannot write ${join(folder, path)}: ${whyNot(error)}`);
    }
  }
  const inside: Io = { ...io, cwd: target, err: () => {} };
  await checkProgram(readProgram("shop.dlc", target), { lock: true, cache: false }, findConfig(target), inside);
  io.out(nextSteps(folder, files.size + 1));
  return 0;
}

/** Texts of the new project by their paths in it, with these words written out. */
function filesOf(words: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const root = join(packageRoot(), "templates", "init");
  const files = new Map<string, string>();
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = relative(root, join(entry.parentPath ?? entry.path, entry.name))
      .split(sep)
      .join("/");
    const text = readFileSync(join(root, path), "utf8").replace(/\b[A-Z]+\b/g, (word) => words[word] ?? word);
    files.set(places[path] ?? path, text);
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The folder's name as a package may be called. */
function projectName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name === "" ? "shop" : name;
}

/** This dlc, as a project in `target` names it: from where it was installed, which need not be a registry. */
function dependency(target: string): string {
  const root = packageRoot();
  const at = (path: string): string => `file:${relative(target, path).split(sep).join("/")}`;
  if (basename(dirname(root)) !== "node_modules") return at(root);
  const user = resolve(root, "../..");
  const said = dependencyIn(join(user, "package.json"));
  if (said.startsWith("file:")) return at(resolve(user, said.slice("file:".length)));
  return /^https?:/.test(said) ? said : `^${version()}`;
}

function dependencyIn(path: string): string {
  if (!existsSync(path)) return "";
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path, "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
  };
  return devDependencies?.["dlc"] ?? dependencies?.["dlc"] ?? "";
}

function nextSteps(folder: string, files: number): string {
  const enter = folder === "." ? "" : `  cd ${/\s/.test(folder) ? JSON.stringify(folder) : folder}\n`;
  return (
    `A project with ${count(files, "file")} in ${folder}. Next:\n\n${enter}` +
    "  npm install\n" +
    "  npm run check   # what depends on the order of messages, and what is done about it\n" +
    "  npm test\n" +
    "  npm start       # three processes, and the totals that they agree on\n"
  );
}
