/** `dlc graph`: what is in the picture, in each of its forms. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { detailOf } from "../src/pictures/dot.ts";
import { drawGraph, layOut } from "../src/pictures/layout.ts";
import { mermaidOf } from "../src/pictures/mermaid.ts";
import { graphOf } from "../src/pictures/model.ts";
import type { Graph } from "../src/pictures/model.ts";
import { titlesOnTop } from "../src/pictures/titles.ts";
import { ads, makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";
import { check } from "./support/check.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

const graph = (text: string): Graph => graphOf(check(text).plan, "test.dlc");
const arrows = ({ edges }: Graph): string[] => edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`);

/** Tags close in the order in which they open; entities are those of XML. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  for (const [tag, closing, name, self] of xml.matchAll(/<(\/?)([a-zA-Z][\w:]*)[^<>]*?(\/?)>/g)) {
    if (closing === "/") expect(open.pop(), tag).toBe(name);
    else if (self === "") open.push(name!);
  }
  expect(open).toEqual([]);
  expect(xml.replaceAll(/&(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);/gi, "")).not.toContain("&");
}

describe("a graph", () => {
  test("has a rule that waits for a seal, and says at the channel who votes", () => {
    const { roles, logs } = graph(ads());
    const report = roles.find(({ name }) => name === "Report")!;
    expect(report.instances).toBe("replicated x3");
    expect(report.rules).toEqual([
      {
        id: "Report/poor#1",
        label: "poor#1",
        declared: null,
        reasons: ["aggregate"],
        mechanisms: ["seal"],
        waits: "waits for the seal of (campaign)",
      },
    ]);
    expect(report.collections.find(({ name }) => name === "click")!.seal).toBe(
      "sealed by (campaign), votes of every AdServer",
    );
    expect(
      roles.find(({ name }) => name === "Analyst")!.collections.find(({ name }) => name === "result"),
    ).toMatchObject({
      label: "Async",
      output: { before: "Inst", level: "deterministic", isReached: true },
    });
    expect(logs).toEqual([]);
  });

  test("leads messages into an ordered channel by way of its log", () => {
    const one = graph(ads(""));
    expect(one.logs.map(({ text, at }) => [text, at])).toEqual([
      ["a log for each campaign", ["Report.click", "Report.request"]],
    ]);
    expect(arrows(one)).toEqual(
      expect.arrayContaining([
        "AdServer.click message log 1",
        "Analyst.ask message log 1",
        "log 1 message Report.click",
        "log 1 message Report.request",
      ]),
    );
    expect(arrows(one)).not.toContain("AdServer.click message Report.click");
  });

  test("says of a log that it is cut into epochs, and nothing of seals", () => {
    const one = graph(ads("").replace("poor(c, i, count())", "@coordinate(barrier) poor(c, i, count())"));
    expect(one.logs.map(({ text, at }) => [text, at])).toEqual([
      ["epochs of 100ms", ["Report.click", "Report.request"]],
    ]);
    const report = one.roles.find(({ name }) => name === "Report")!;
    expect(report.rules.find(({ label }) => label === "poor#1")!.waits).toBe("waits for the end of the epoch");
    expect(report.collections.every(({ seal }) => seal === null)).toBe(true);
  });

  test("shows what a rule asks the absence of, what comes a step later, and what is deleted", () => {
    const one =
      graph(`role A { input x(n: int); input y(n: int); input z(n: int); table t(n: int); table u(n: int); output o(n: int) any;
      t(n) <+ x(n); t(n) <- z(n); u(n) <= x(n), not t(n); o(n) <= u(n); }`);
    expect(arrows(one)).toEqual(
      expect.arrayContaining(["A.x later A.t", "A.t absent A/u#1", "A/u#1 now A.u", "A.u now A.o"]),
    );
    expect(arrows(one).some((arrow) => arrow.endsWith(" deletes A.t"))).toBe(true);
  });

  test("names the paths of components by what they declare", () => {
    const text = readFileSync("fixtures/components/ad-network.dlc", "utf8");
    const report = graph(text).roles.find(({ name }) => name === "Report")!;
    expect(report.kind).toBe("component");
    expect(report.rules.map(({ label, declared }) => `${label}: ${declared}`)).toEqual([
      "request -> response: OR(campaign, id)",
    ]);
    expect(report.collections.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "in click",
      "in request",
      "out response",
    ]);
  });
});

describe("the picture", () => {
  const programs = ["ad-network", "bloom", "components", "library", "rendezvous", "word-count"].flatMap((folder) =>
    readdirSync(join("fixtures", folder)).flatMap((name) =>
      name.endsWith(".dlc") ? [`fixtures/${folder}/${name}`] : [],
    ),
  );

  test.each(programs.filter((path) => !path.includes("library")))(
    "of %s has every collection, every marked rule and every label",
    async (path) => {
      const one = graph(readFileSync(path, "utf8"));
      for (const { from, to } of one.edges) {
        const known = new Set([
          ...one.roles.flatMap(({ collections, rules }) => [...collections, ...rules].map(({ id }) => id)),
          ...one.logs.map(({ id }) => id),
        ]);
        expect([known.has(from), known.has(to)], `${from} -> ${to}`).toEqual([true, true]);
      }
      const svg = await drawGraph(one, "rules");
      expectWellFormed(svg);
      for (const { name, collections, rules } of one.roles) {
        expect(svg).toContain(`>${name}</text>`);
        for (const each of collections) expect(svg).toContain(`<title>${each.id}</title>`);
        for (const each of collections)
          if (each.output !== null)
            expect(svg).toContain(
              each.output.before === each.label ? `>${each.label}<` : `>${each.output.before} → ${each.label}<`,
            );
        for (const each of rules) expect(svg).toContain(`<title>${each.id}</title>`);
      }
    },
  );

  test("of many roles has one box for each", async () => {
    const roles = Array.from(
      { length: 50 },
      (_, i) =>
        `role S${i} { channel c(k: string); table t(k: string); t(k) <= c(k); ${i === 49 ? "output n(x: nat); n(count()) <= t(_);" : `S${i + 1}.c(k) <~ t(k);`} ${i === 0 ? "input x(k: string); t(k) <= x(k);" : ""} }`,
    );
    const one = graph(roles.join("\n"));
    expect(detailOf(one)).toBe("roles");
    expect(detailOf(graph(ads()))).toBe("rules");
    const svg = await drawGraph(one, "roles");
    expectWellFormed(svg);
    expect(Array.from({ length: 50 }, (_, i) => svg.includes(`<title>S${i}</title>`)).every(Boolean)).toBe(true);
    expect(svg).toContain("aggregate, order");
    // A chain of fifty, one below the other, would be longer than fifty side by side.
    const sizeOf = (text: string): number[] => /viewBox="0 0 (\d+) (\d+)"/.exec(text)!.slice(1).map(Number);
    const fan =
      graph(`role Hub { input x(k: string); ${Array.from({ length: 50 }, (_, i) => `R${i}.c(k) <~ x(k);`).join(" ")} }
      ${Array.from({ length: 50 }, (_, i) => `role R${i} { channel c(k: string); output o(k: string); o(k) <= c(k); }`).join("\n")}`);
    const [width, height] = sizeOf(await drawGraph(fan, "roles"));
    expect(Math.max(width, height)).toBeLessThan(3000);
    expect(svg).toContain("one log");
    expect(svg).not.toContain("same step");
  });

  test("and Mermaid write names that hold their own signs", async () => {
    const one = { ...graph(ads()), title: 'a "b" <c> & d' };
    expectWellFormed(await drawGraph(one, "rules"));
    const text = mermaidOf(one);
    expect(text).toContain('[["rule poor#35;1<br/>aggregate<br/>waits for the seal of (campaign)"]]');
    const declared = new Set([...text.matchAll(/^ +(n\d+)[([]/gm)].map(([, name]) => name));
    for (const [, from, to] of text.matchAll(/^ +(n\d+) \S.* (n\d+)$/gm))
      expect([declared.has(from), declared.has(to)]).toEqual([true, true]);
  });
});

describe("dlc graph", () => {
  test("writes the picture of the pages", async () => {
    place.write({ "campaign.dlc": readFileSync("fixtures/ad-network/campaign.dlc", "utf8") });
    expect(await place.dlc("graph", "campaign.dlc", "-o", "campaign.svg")).toEqual({ code: 0, out: "", err: "" });
    await expect(readFileSync(join(place.folder, "campaign.svg"), "utf8")).toMatchFileSnapshot(
      "../docs/pictures/campaign.svg",
    );
  });

  test("writes a page in which a box tells what explain tells of it", async () => {
    place.write({ "ads.dlc": ads() });
    await place.dlc("graph", "ads.dlc", "-o", "ads.html");
    const page = readFileSync(join(place.folder, "ads.html"), "utf8");
    const stories = JSON.parse(/const stories = (\{.*\});/.exec(page)![1]!) as Record<string, string>;
    expect(stories["Report/poor#1"]).toContain("It sums up a group");
    expect(stories["Analyst.result"]).toContain("deterministic");
    // A text of the program does not end the script.
    place.write({
      "odd.dlc": `/// </script><b>
role A { input x(s: string); output o(s: string); o(s) <= x(s), s == "</script>"; }`,
    });
    await place.dlc("graph", "odd.dlc", "-o", "odd.html");
    expect(readFileSync(join(place.folder, "odd.html"), "utf8").match(/<\/script>/g)).toHaveLength(1);
  });

  test("writes DOT without a file, and Mermaid", async () => {
    place.write({ "ads.dlc": ads() });
    const { out } = await place.dlc("graph", "ads.dlc");
    expect(await layOut(out)).toContain("<svg");
    await place.dlc("graph", "ads.dlc", "-o", "ads.mmd");
    expect(readFileSync(join(place.folder, "ads.mmd"), "utf8")).toMatch(/^flowchart TD\n/);
  });

  test("says which forms there are, and what is wrong with the program", async () => {
    place.write({ "ads.dlc": ads(), "bad.dlc": "role A { o(x) <= y(x); }" });
    expect(await place.dlc("graph", "ads.dlc", "-o", "ads.png")).toEqual({
      code: 2,
      out: "",
      err: expect.stringContaining(
        "the ending of ads.png says no form that dlc writes: .svg, .html, .dot, .mmd",
      ) as string,
    });
    const lost = await place.dlc("graph", "ads.dlc", "-o", "nowhere/ads.svg");
    expect([lost.code, lost.err]).toEqual([
      2,
      expect.stringContaining("dlc: cannot write nowhere/ads.svg: there is no such file or folder"),
    ]);
    const { code, err } = await place.dlc("graph", "bad.dlc", "-o", "bad.svg");
    expect([code, /DLC20\d/.test(err), err.includes("nothing to draw yet")]).toEqual([1, true, true]);
  });
});

describe("titles of roles", () => {
  const box = (width: number): string =>
    `<g id="clust1" class="cluster">\n<path d="M10,-100C10,-100 ${width},-100 ${width},-100"/>\n<text x="18" y="-80" font-size="10.00">role</text>\n<text x="46" y="-80" font-size="10.00">Report</text>\n</g>\n`;
  const arrow = (x: number): string =>
    `<g id="edge1" class="edge">\n<path fill="none" d="M${x},-120C${x},-100 ${x},-70 ${x},-50"/>\n</g>\n`;
  const places = (width: number, x: number | null): number[] =>
    Array.from(
      titlesOnTop(`<g>\n${box(width)}${x === null ? "" : arrow(x)}</g>`).matchAll(/<text x="([\d.]+)"/g),
      ([, at]) => Number(at),
    );

  test("stand beside an arrow that passes there, together, and no further than they have to", () => {
    expect(places(300, null)).toEqual([18, 46]);
    expect(places(300, 200)).toEqual([18, 46]);
    const [first, second] = places(300, 50);
    expect(second - first).toBe(28);
    expect(first).toBeGreaterThan(50);
    expect(first).toBeLessThan(65);
  });

  test("stay where there is no other place, over the arrow", () => {
    expect(places(100, 50)).toEqual([18, 46]);
    const drawn = titlesOnTop(`<g>\n${box(100)}${arrow(50)}</g>`);
    expect(drawn.indexOf("<text")).toBeGreaterThan(drawn.indexOf('class="edge"'));
  });
});
