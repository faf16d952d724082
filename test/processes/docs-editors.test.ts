/** What docs/editors.md tells Neovim and Helix: read as they read it, and the server started as it says. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parse } from "smol-toml";
import { LuaFactory } from "wasmoon";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePlace } from "../place-of-tests.ts";
import { blocksOf, root } from "../support/pages.ts";

const place = makePlace();
beforeAll(() => {
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"]);
  // `dlc` on the path.
  place.write({ "bin/dlc": `#!/bin/sh\nexec "${process.execPath}" "${join(root, "bin/dlc.js")}" "$@"\n` });
  chmodSync(join(place.folder, "bin/dlc"), 0o755);
}, 180_000);
afterAll(() => place.remove());

const only = (language: string): string => {
  const [block, ...more] = blocksOf("editor").filter((each) => each.language === language);
  expect(more).toEqual([]);
  return block.text;
};

/** The name that a language server says of itself. */
async function serverOf([command, ...args]: readonly string[]): Promise<string> {
  const path = `${join(place.folder, "bin")}${delimiter}${process.env["PATH"]}`;
  const server = spawn(command, args, { stdio: "pipe", env: { ...process.env, PATH: path } });
  try {
    const params = { processId: null, rootUri: null, capabilities: {} };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    server.stdin.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
    let heard = "";
    for await (const chunk of server.stdout.setEncoding("utf8")) {
      heard += chunk;
      const [, name] = /"serverInfo":\{"name":"(\w+)"/.exec(heard) ?? [];
      if (name !== undefined) return name;
    }
    return heard;
  } finally {
    server.kill("SIGKILL");
  }
}

test("Neovim's init.lua tells it of files that end in .dlc, and of their server", async () => {
  const lua = await new LuaFactory().createEngine();
  try {
    // Of Neovim there is what the page uses: each call is kept.
    await lua.doString(`
      told = {}
      vim = { filetype = { add = function(of) told.filetype = of end }, lsp = {} }
      vim.lsp.config = function(name, of) told[name] = of end
      vim.lsp.enable = function(name) told.enabled = name end
    `);
    await lua.doString(only("lua"));
    const told = lua.global.get("told");
    expect(told.filetype).toEqual({ extension: { dlc: "dlc" } });
    expect(told.enabled).toBe("dlc");
    expect(told.dlc).toMatchObject({ filetypes: ["dlc"], root_markers: ["dlc.config.json", ".git"] });
    expect(await serverOf(told.dlc.cmd)).toBe("dlc");
  } finally {
    lua.global.close();
  }
});

test("Helix's languages.toml does the same, and its comments and indents are those of the language", async () => {
  const read = parse(only("toml")) as {
    "language-server": Record<string, { command: string; args: string[] }>;
    language: Record<string, unknown>[];
  };
  const [language] = read.language;
  expect(language["file-types"]).toEqual(["dlc"]);
  const [name] = language["language-servers"] as string[];
  const { command, args } = read["language-server"][name];
  expect(await serverOf([command, ...args])).toBe("dlc");
  const settings = JSON.parse(readFileSync(join(root, "editors/vscode/language-configuration.json"), "utf8"));
  expect(language["comment-token"]).toBe(settings.comments.lineComment);
  const grammar = JSON.parse(readFileSync(join(root, "editors/vscode/syntaxes/dlc.tmLanguage.json"), "utf8"));
  expect(language["scope"]).toBe(grammar.scopeName);
  expect(language["indent"]).toEqual({ "tab-width": 2, unit: "  " });
});
