/** The playground in a real browser, as one file without a server. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "puppeteer-core";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { root } from "../support/library.ts";

const chromium = ["chromium", "chromium-browser", "google-chrome", "chrome"]
  .map((name) => spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim())
  .find((path) => path !== "");
if (chromium === undefined)
  console.warn("The playground is not tested: there is no Chromium. On Debian: apt-get install chromium");

describe.skipIf(chromium === undefined)("the playground", () => {
  let browser: Browser;
  let page: Page;
  let wrong: string[];

  beforeAll(async () => {
    browser = await launch({ executablePath: chromium!, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    await page?.close();
    page = await browser.newPage();
    wrong = [];
    page.on("pageerror", (error) => void wrong.push((error as Error).message));
    page.on("console", (message) => void (message.type() === "error" && wrong.push(message.text())));
    await page.setViewport({ width: 1400, height: 900 });
    await page.goto(pathToFileURL(join(root, "dist", "playground.html")).href);
    await page.waitForSelector(".finding");
  }, 60_000);

  const text = (selector: string): Promise<string> => page.$eval(selector, (found) => found.textContent ?? "");
  const choose = async (id: string, title: string): Promise<void> => {
    const value = await page.$eval(
      `#${id}`,
      (select, of) => [...(select as HTMLSelectElement).options].find((one) => one.textContent === of)!.value,
      title,
    );
    await page.select(`#${id}`, value);
  };
  const write = async (program: string): Promise<void> => {
    await page.$eval(
      "#text",
      (area, value) => {
        (area as HTMLTextAreaElement).value = value;
        area.dispatchEvent(new Event("input"));
      },
      program,
    );
  };

  test("checks a program while it is written, and marks what it finds", async () => {
    expect(await text("#findings")).toContain("poor#1 depends on the order of messages");
    expect(await text("mark.warning")).toContain("poor(i, count())");
    await write("role A { input x(n: int); output o(n: int); o(m) <= x(n); }");
    await page.waitForFunction(() => document.querySelector("#state")?.textContent === "1 error");
    expect(await text("#findings")).toContain("`m`");
    await page.click(".finding");
    expect(
      await page.$eval("#text", (area) =>
        (area as HTMLTextAreaElement).value.slice(
          (area as HTMLTextAreaElement).selectionStart,
          (area as HTMLTextAreaElement).selectionEnd,
        ),
      ),
    ).toBe("m");
    await page.click("#tab-run");
    expect(await page.$eval("#start", (button) => (button as HTMLButtonElement).disabled)).toBe(true);
    await write("role A { input x(n: int); output o(n: int); o(n) <= x(n); }");
    await page.waitForFunction(() => document.querySelector("#state")?.textContent === "0 warnings");
    expect(wrong).toEqual([]);
  });

  test("says nothing of outputs beside a statement that it cannot read", async () => {
    await write("role A { input x(n: int); output o(n: int); o(n) <= x(n); o(m) <= x(m) x(m); }");
    await page.waitForFunction(() => document.querySelector("#state")?.textContent === "1 error");
    await page.click("#tab-plan");
    expect(await text("#plan")).toBe("The program has errors, so that there is no plan yet.");
  });

  test("fits into a narrow window, and shows no bar of steps before there are any", async () => {
    await page.setViewport({ width: 500, height: 900 });
    for (const tab of ["findings", "plan", "picture", "run"]) {
      await page.click(`#tab-${tab}`);
      if (tab === "picture") await page.waitForSelector("#picture svg");
      expect([tab, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([tab, 500]);
    }
    expect(await page.$eval("#steps", (bar) => getComputedStyle(bar).display)).toBe("none");
  });

  test("shows labels, what is inserted, and the picture", async () => {
    await choose("example", "The same, sealed by campaign");
    await page.click("#tab-plan");
    expect(await text("#plan")).toContain("seal at Report.click by (campaign), votes of AdServer, for poor#1");
    expect(await page.$$eval("#plan .label", (all) => all.map((one) => one.textContent))).toEqual(["Inst", "Async"]);
    await page.click("#tab-picture");
    await page.waitForSelector("#picture svg");
    expect(await text("#picture")).toContain("waits for the seal of (campaign)");
    await choose("strategy", "none");
    await page.waitForFunction(() => document.querySelector("#picture")?.textContent?.includes("nothing is inserted"));
    expect(wrong).toEqual([]);
  });

  test("runs a schedule step by step, and finds two runs that contradict each other", async () => {
    await choose("strategy", "none");
    await page.click("#tab-run");
    await page.click("#start");
    await page.waitForSelector("#diagram svg");
    expect(await text("#contents")).toContain('answered("a", 2)');
    const boxes = (): Promise<number> => page.$$eval("#diagram rect[rx]", (all) => all.length);
    const all = await boxes();
    await page.click("#back");
    expect(await boxes()).toBe(all - 1);
    expect(await text("#contents")).toBe("");
    await page.click("#next");
    expect(await boxes()).toBe(all);
    await page.click("#hunt");
    await page.waitForFunction(() => document.querySelector("#told")?.textContent?.startsWith("Found"), {
      timeout: 60_000,
    });
    expect(await text("#diagram")).toMatch(/First run: [^]*Second run: /);
    await page.$eval("#events", (area) => void ((area as HTMLTextAreaElement).value = '{"role":"Nobody"}'));
    await page.click("#start");
    expect(await text("#told")).toBe("line 1 of the events: there is no role Nobody");
    expect(wrong).toEqual([]);
  });

  test("every example is a program that runs", async () => {
    const titles = await page.$$eval("#example option", (all) => all.map((one) => one.textContent!));
    expect(titles.length).toBeGreaterThan(4);
    await page.click("#tab-run");
    for (const title of titles) {
      await choose("example", title);
      await page.click("#start");
      expect([title, await text("#told")]).toEqual([title, expect.stringMatching(/^\d+ steps that show something\.$/)]);
    }
    expect(wrong).toEqual([]);
  });

  test("a link brings the program back", async () => {
    await write("// ünï\nrole A { input x(n: int); output o(n: int); o(n) <= x(n); }");
    await page.click("#share");
    const { hash } = new URL(page.url());
    await page.goto("about:blank");
    await page.goto(pathToFileURL(join(root, "dist", "playground.html")).href + hash);
    await page.waitForSelector("#findings p");
    expect(await page.$eval("#text", (area) => (area as HTMLTextAreaElement).value)).toMatch(/^\/\/ ünï\nrole A/);
  });
});
