/** The picture as a page without a server: what is behind a box is shown where it is clicked. */
import type { Graph } from "./model.ts";
import { escape } from "./svg.ts";

/** `svg`: as `drawGraph` gives it. `stories`: by the id of a rule or collection, in words. */
export function pageOf(graph: Graph, svg: string, stories: ReadonlyMap<string, string>): string {
  const told = JSON.stringify(Object.fromEntries(stories)).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(graph.title)}</title>
<style>
  body { margin: 0; font: 14px/1.45 system-ui, sans-serif; color: #16191d; background: #fff; display: flex; min-height: 100vh }
  main { flex: 1; overflow: auto; min-width: 0 }
  main svg { display: block; margin: 0 auto; max-width: none }
  main.fit svg { max-width: 100%; height: auto }
  aside { width: 27rem; border-left: 1px solid #c3cad3; padding: 1rem; box-sizing: border-box; overflow: auto; max-height: 100vh; position: sticky; top: 0 }
  aside pre { white-space: pre-wrap; font: 12px/1.5 ui-monospace, Menlo, Consolas, monospace; margin: 0 }
  aside h2 { font-size: 1rem; margin: 0 0 .5rem }
  button { font: inherit; padding: .2rem .6rem }
  g.node { cursor: pointer }
  g.node:focus-visible, g.node.chosen { outline: 2px solid #1f4e9e; outline-offset: 2px }
  @media (max-width: 60rem) { body { display: block } aside { width: auto; border-left: 0; border-top: 1px solid #c3cad3; position: static; max-height: none } }
  @media print { aside { display: none } g.node.chosen { outline: none } main svg { max-width: 100%; height: auto } }
</style>
<main class="fit">
${svg}</main>
<aside aria-live="polite">
  <p><button type="button" id="size" aria-pressed="false">Real size</button></p>
  <h2 id="name">What is behind a box</h2>
  <pre id="story">Click a rule, an output or another collection.</pre>
</aside>
<script>
  const stories = ${told};
  const [main, size, name, story] = ["main", "#size", "#name", "#story"].map((one) => document.querySelector(one));
  size.addEventListener("click", () => {
    const isFit = main.classList.toggle("fit");
    size.setAttribute("aria-pressed", String(!isFit));
  });
  for (const node of document.querySelectorAll("g.node")) {
    const id = node.querySelector("title").textContent;
    node.tabIndex = 0;
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", id);
    const tell = () => {
      document.querySelector("g.chosen")?.classList.remove("chosen");
      node.classList.add("chosen");
      name.textContent = id;
      story.textContent = stories[id] ?? "Nothing more is known of it.";
    };
    node.addEventListener("click", tell);
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); tell(); }
    });
  }
</script>
</html>
`;
}
