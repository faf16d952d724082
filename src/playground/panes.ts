/** What was found in a program and what is put into it, as tables. */
import type { Label } from "../compiler/analysis.ts";
import { codes } from "../compiler/diagnostics/codes.ts";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import { positionOf } from "../compiler/diagnostics/lines.ts";
import type { Ir } from "../compiler/ir.ts";
import type { Plan } from "../compiler/plan.ts";
import { describe, drawLabel } from "../cli/draw/insertion.ts";
import { labelTints } from "../pictures/style.ts";
import { make } from "./page.ts";

/** `go`: to a place in the text. */
export function findingsPane(
  diagnostics: readonly Diagnostic[],
  go: (start: number, end: number) => void,
): readonly Node[] {
  if (diagnostics.length === 0)
    return [make("p", "Nothing to say: no rule's answer depends on the order of messages.")];
  return diagnostics.map((one) => {
    const { code, severity, message, mend, file, span } = one;
    const { line, column } = positionOf(file, span.start);
    const button = make("button", make("b", `${severity}[${code}]`), ` ${line}:${column} `, message);
    button.type = "button";
    button.className = `finding ${severity}`;
    button.title = codes[code].title;
    if (mend !== undefined) button.append(make("br"), make("small", `do: ${mend}`));
    button.addEventListener("click", () => go(span.start, span.end));
    return button;
  });
}

export function planPane(plan: Plan): readonly Node[] {
  const { ir } = plan.analysis;
  const outputs = plan.outputs.map((one) =>
    make(
      "tr",
      make("td", make("code", one.output)),
      make("td", one.target),
      make("td", labelled(one.before, one.output, ir)),
      make("td", labelled(one.after, one.output, ir)),
      make("td", one.achieved === true ? "reached" : one.achieved === "assumed" ? "trusted" : "not reached"),
      make("td", make("code", one.pacelc)),
    ),
  );
  const titles = ["output", "promises", "without coordination", "with it", "", "what happens when parts are cut off"];
  const table = make(
    "table",
    make("thead", make("tr", ...titles.map((title) => make("th", title)))),
    make("tbody", ...outputs),
  );
  const inserted = plan.insertions.map((insertion) =>
    make("li", make("code", describe(insertion, ir)), make("br"), make("span", insertion.why)),
  );
  const rests = [...new Set(plan.outputs.flatMap(({ assumptions }) => assumptions))];
  return [
    make("h2", "Outputs"),
    table,
    make("h2", "What is inserted"),
    inserted.length === 0 ? make("p", "Nothing.") : make("ul", ...inserted),
    ...(rests.length === 0
      ? []
      : [make("h2", "What this rests on"), make("ul", ...rests.map((text) => make("li", text)))]),
  ];
}

function labelled(label: Label, output: string, ir: Ir): Node {
  const made = make("span", drawLabel(label, ir.collections.get(output)));
  const { fill, line } = labelTints[label.name];
  made.className = "label";
  made.style.background = fill;
  made.style.borderColor = line;
  return made;
}
