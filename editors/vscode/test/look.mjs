/**
 * The packaged extension in a real Visual Studio Code: code-server in a headless Chromium. By hand, since code-server is
 * large and is built where it is installed:
 *
 *   npm i --prefix /tmp/code-server code-server
 *   npm run build && npm run package --prefix editors/vscode
 *   node editors/vscode/test/look.mjs /tmp/code-server/node_modules/code-server out/vscode
 *
 * It looks for what the editor shows of each service of the language server, and leaves a picture of each in the second folder.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "puppeteer-core";

const [codeServer, pictures = "out/vscode"] = process.argv.slice(2);
if (codeServer === undefined) throw new Error("which code-server? node editors/vscode/test/look.mjs FOLDER [PICTURES]");
const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const place = mkdtempSync(join(tmpdir(), "dlc-vscode-"));
const [user, extensions, workspace] = ["user", "extensions", "workspace"].map((name) => join(place, name));
mkdirSync(join(user, "User"), { recursive: true });
mkdirSync(workspace);
mkdirSync(pictures, { recursive: true });

const poll = `role Desk x3 {
  input vote(ward: string, voter: string) sealed by (ward);
    Board.vote(w, v) <~ vote(w, v);
}

role Board replicated x2 {
  channel vote(ward: string, voter: string);
  table votes(ward: string, voter: string);
  output tally(ward: string, n: int);
  votes(w, v) <= vote(w, v)
  tally(w, count()) <= votes(w, _);
}
`;
cpSync(join(root, "fixtures/ad-network/campaign.dlc"), join(workspace, "campaign.dlc"));
writeFileSync(join(workspace, "poll.dlc"), poll);
const settings = {
  "dlc.path": join(root, "bin/dlc.js"),
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Default Light Modern",
  "editor.minimap.enabled": false,
  "files.autoSave": "off",
};
writeFileSync(join(user, "User", "settings.json"), JSON.stringify(settings));

const port = await new Promise((done) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port: free } = server.address();
    server.close(() => done(free));
  });
});
const own = [codeServer, "--user-data-dir", user, "--extensions-dir", extensions];
const installed = spawnSync(process.execPath, [...own, "--install-extension", join(root, "editors/vscode/dlc.vsix")]);
if (installed.status !== 0)
  throw new Error(`the extension cannot be installed: ${installed.stderr}${installed.stdout}`);
const options = [
  "--auth",
  "none",
  "--bind-addr",
  `127.0.0.1:${port}`,
  "--disable-workspace-trust",
  "--disable-telemetry",
];
const server = spawn(process.execPath, [...own, ...options, workspace], { stdio: "ignore" });
const browser = await launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
let failed = 0;
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 860 });
  for (let tries = 0; ; tries++) {
    try {
      await page.goto(`http://127.0.0.1:${port}/?folder=${workspace}`, { waitUntil: "domcontentloaded" });
      break;
    } catch (error) {
      if (tries > 40) throw error;
      await new Promise((done) => setTimeout(done, 500));
    }
  }

  /** Spaces of the editor are not ordinary ones. */
  const shows = (selector, text) =>
    page.waitForFunction(
      (where, wanted) =>
        [...document.querySelectorAll(where)].some((one) => one.textContent.replaceAll("\u00a0", " ").includes(wanted)),
      { timeout: 30_000 },
      selector,
      text,
    );
  const press = async (...keys) => {
    for (const key of keys.slice(0, -1)) await page.keyboard.down(key);
    await page.keyboard.press(keys.at(-1));
    for (const key of keys.slice(0, -1)) await page.keyboard.up(key);
  };
  const open = async (name) => {
    const entry = await page.waitForSelector(`.explorer-folders-view [aria-label^="${name}"]`, { timeout: 60_000 });
    await entry.click({ count: 2 });
    await shows(".tab.active", name);
  };
  const goTo = async (line, column) => {
    await press("Control", "g");
    await page.waitForSelector(".quick-input-widget input:focus");
    await page.keyboard.type(`${line}:${column}`);
    await page.keyboard.press("Enter");
    await shows(".statusbar", `Ln ${line}, Col ${column}`);
  };
  const look = async (what, see) => {
    try {
      await see();
      console.log(`ok      ${what}`);
    } catch (error) {
      failed++;
      console.log(`FAILED  ${what}: ${error.message}`);
    }
    await page.screenshot({ path: join(pictures, `${what.replaceAll(" ", "-")}.png`) });
  };

  await open("campaign.dlc");
  await look("diagnostics", () => page.waitForSelector(".squiggly-warning", { timeout: 60_000 }));
  await look("inlays", () => shows(".view-line", "Inst → Async, seal (campaign)"));
  await look("colours", async () => {
    const kinds = await page.$$eval(
      ".view-line span[class^=mtk]",
      (spans) => new Set(spans.map((one) => one.className)).size,
    );
    if (kinds < 5) throw new Error(`${kinds} colours`);
  });
  await look("hover", async () => {
    await goTo(16, 4);
    await press("Control", "k");
    await press("Control", "i");
    await shows(".monaco-hover", "It sums up a group to which facts may still come.");
  });
  await look("definition", async () => {
    await page.keyboard.press("Escape");
    await goTo(17, 33);
    await page.keyboard.press("F12");
    await shows(".statusbar", "Ln 11, Col 11");
  });
  await look("rename", async () => {
    await goTo(10, 13);
    await page.keyboard.press("F2");
    await page.waitForSelector(".rename-box input:focus");
    await press("Control", "a");
    await page.keyboard.type("received");
    await page.keyboard.press("Enter");
    await shows(".view-line", "poor(c, i, count()) <= received(c, i, _)");
  });

  await open("poll.dlc");
  await look("fix", async () => {
    await page.waitForSelector(".squiggly-error");
    await goTo(10, 28);
    await press("Control", ".");
    await shows(".action-widget", "Insert `;`");
    await page.keyboard.press("Enter");
    await shows(".view-line", "votes(w, v) <= vote(w, v);");
  });
  await look("formatting", async () => {
    await press("Control", "Shift", "i");
    await shows(".view-line", "  table   votes(ward: string, voter: string);");
  });
  await look("completion", async () => {
    await goTo(11, 36);
    await page.keyboard.press("Enter");
    await page.keyboard.type("ta");
    await shows(".suggest-widget .monaco-list-row", "tally");
  });
} finally {
  await browser.close();
  server.kill();
  rmSync(place, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
