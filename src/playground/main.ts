/** The playground: a page without a server that checks a program while it is written, draws it, and runs it. */
import { compile, withFixes } from "../compiler/compile.ts";
import type { Compilation } from "../compiler/compile.ts";
import type { Strategy } from "../compiler/plan.ts";
import { unused } from "../compiler/3-analyze/unused.ts";
import { underminesLabels } from "../compiler/diagnostics/firm.ts";
import { inOrder } from "../compiler/diagnostics/lines.ts";
import { detailOf } from "../pictures/dot.ts";
import { graphOf } from "../pictures/model.ts";
import { drawGraph } from "../pictures/layout.ts";
import { Editor } from "./editor.ts";
import { element, make, wireTabs } from "./page.ts";
import { findingsPane, planPane } from "./panes.ts";
import { SimulationPane } from "./simulation.ts";

interface Example {
  readonly title: string;
  readonly program: string;
  readonly events: string;
}

const examples = JSON.parse(element("examples").textContent) as readonly Example[];
const editor = new Editor(() => later());
const simulation = new SimulationPane();
const strategy = element<HTMLSelectElement>("strategy");
let compilation: Compilation | null = null;
let isPictureOld = true;

let timer: ReturnType<typeof setTimeout> | undefined;
/** After a short rest of the typing. */
function later(): void {
  clearTimeout(timer);
  timer = setTimeout(check, 120);
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

function check(): void {
  const options = { strategy: strategy.value as Strategy };
  const compiled = withFixes(compile({ path: "program.dlc", text: editor.text }, options), options);
  compilation = compiled.diagnostics.some(underminesLabels) ? { ...compiled, plan: null } : compiled;
  const { ir, plan } = compilation;
  const isWhole = ir !== null && compilation === compiled;
  const diagnostics = isWhole
    ? inOrder([...compilation.diagnostics, ...unused(ir)], compilation.file)
    : compilation.diagnostics;
  const count = (severity: string): number => diagnostics.filter((one) => one.severity === severity).length;
  const isBroken = plan === null || count("error") > 0;
  editor.mark(diagnostics);
  element("state").textContent = isBroken ? counted(count("error"), "error") : counted(count("warning"), "warning");
  element("findings").replaceChildren(...findingsPane(diagnostics, (start, end) => editor.select(start, end)));
  element("plan").replaceChildren(
    ...(plan === null ? [make("p", "The program has errors, so that there is no plan yet.")] : planPane(plan)),
  );
  simulation.show(isBroken ? null : plan);
  isPictureOld = true;
  if (!element("picture").hidden) void draw();
}

async function draw(): Promise<void> {
  const plan = compilation?.plan ?? null;
  if (!isPictureOld) return;
  isPictureOld = false;
  const picture = element("picture");
  if (plan === null) {
    picture.textContent = "The program has errors, so that there is nothing to draw yet.";
    return;
  }
  const graph = graphOf(plan, "program.dlc");
  const svg = await drawGraph(graph, detailOf(graph));
  // Another one may have been asked for meanwhile.
  if (compilation?.plan === plan) picture.innerHTML = svg;
}

function open({ program, events }: Omit<Example, "title">): void {
  editor.text = program;
  simulation.events = events;
  check();
}

const encode = (text: string): string => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
const decode = (text: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(text), (one) => one.codePointAt(0)!));

/** What a link carries; null where it carries nothing that can be read. */
function linked(): Omit<Example, "title"> | null {
  try {
    const [program, events = ""] = location.hash.slice(1).split(".").map(decode);
    return program === undefined || program === "" ? null : { program, events };
  } catch {
    return null;
  }
}

const select = element<HTMLSelectElement>("example");
examples.forEach(({ title }, i) => {
  const option = make("option", title);
  option.value = String(i);
  select.append(option);
});
select.addEventListener("change", () => open(examples[Number(select.value)]!));
strategy.addEventListener("change", check);
element("share").addEventListener("click", () => {
  const events = element<HTMLTextAreaElement>("events").value;
  location.hash = `${encode(editor.text)}.${encode(events)}`;
  void navigator.clipboard?.writeText(location.href).catch(() => {});
  element("state").textContent = "The address of this page is the link.";
});
wireTabs((id) => {
  if (id === "picture") void draw();
});
open(linked() ?? examples[0]!);
