/** The extension as a package: built by its own tool, and what is in it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "editors", "vscode");
/** `npm ci --prefix editors/vscode` brings them; the compiler itself needs none of them. */
const hasPackages = existsSync(join(folder, "node_modules", "@vscode", "vsce"));

/** Names and texts of the files of a zip. */
async function unzipped(path: string): Promise<ReadonlyMap<string, string>> {
  const yauzl = createRequire(join(folder, "package.json"))("yauzl");
  const zip = await promisify(yauzl.open)(path, { lazyEntries: true });
  const files = new Map<string, string>();
  return new Promise((done, fail) => {
    zip.on("entry", (entry: { fileName: string }) => {
      zip.openReadStream(entry, async (error: Error | null, stream: AsyncIterable<Buffer>) => {
        if (error) return fail(error);
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk);
        files.set(entry.fileName, Buffer.concat(chunks).toString("utf8"));
        zip.readEntry();
      });
    });
    zip.on("end", () => done(files));
    zip.on("error", fail);
    zip.readEntry();
  });
}

describe.skipIf(!hasPackages)("the extension for Visual Studio Code", () => {
  test("has no type errors", () => {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    execFileSync(process.execPath, [tsc, "--noEmit", "-p", folder], { encoding: "utf8", stdio: "pipe" });
  });

  test("is built into a package that holds what it needs and no more", async () => {
    const place = mkdtempSync(join(tmpdir(), "dlc-vsix-"));
    const path = join(place, "dlc.vsix");
    try {
      const vsce = join(folder, "node_modules", "@vscode", "vsce", "vsce");
      execFileSync(
        process.execPath,
        [vsce, "package", "--no-dependencies", "--allow-missing-repository", "--out", path],
        { cwd: folder, stdio: "pipe" },
      );
      const files = await unzipped(path);
      expect([...files.keys()].sort()).toEqual([
        "[Content_Types].xml",
        "extension.vsixmanifest",
        "extension/LICENSE.txt",
        "extension/changelog.md",
        "extension/dist/extension.js",
        "extension/language-configuration.json",
        "extension/package.json",
        "extension/readme.md",
        "extension/syntaxes/dlc.tmLanguage.json",
      ]);
      expect(files.get("extension.vsixmanifest")).toContain('Id="dlc" Version="0.1.0"');
      const required = new Set(files.get("extension/dist/extension.js")!.match(/\brequire\("[^"]+"\)/g));
      const given = [...required].map((one) => /"(.*)"/.exec(one)![1]!).filter((name) => !name.startsWith("node:"));
      const builtin = new Set<string>(createRequire(import.meta.url)("node:module").builtinModules);
      expect(given.filter((name) => !builtin.has(name) && !name.startsWith("./"))).toEqual(["vscode"]);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
});
