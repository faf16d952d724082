/** What `dlc explain` writes: text with headings and items. */
import type { Ir } from "../../compiler/ir.ts";
import type { Insertion, Plan } from "../../compiler/plan.ts";
import { wrap } from "./diagnostics.ts";
import { drawFrame, gutterOf } from "./frame.ts";
import type { Mark } from "./frame.ts";
import { describe } from "./insertion.ts";
import type { Paint } from "./paint.ts";
import { reaches } from "./rules.ts";
import { mechanismWords } from "./words.ts";

function kindOf({ mechanism, epochMs, role, protects }: Insertion, ir: Ir): keyof typeof mechanismWords {
  if (epochMs !== null) return "epochs";
  return mechanism === "order" && protects.every((id) => ir.rules.get(id)!.role !== role) ? "downstream" : mechanism;
}

/** Wrapped. */
export class Page {
  readonly #paint: Paint;
  readonly #width: number;
  readonly #room: number;
  #text = "";

  constructor(paint: Paint, width: number) {
    this.#paint = paint;
    this.#width = width;
    this.#room = Math.min(width, 100);
  }

  title(text: string, where: string): void {
    this.#text += `${this.#paint.strong(text)}  ${this.#paint.faint(where)}\n`;
  }

  head(text: string): void {
    this.#text += `\n${this.#paint.strong(text)}\n`;
  }

  text(text: string, indent = 2): void {
    for (const line of wrap(text, this.#room - indent)) this.#text += `${" ".repeat(indent)}${line}\n`;
  }

  item(text: string): void {
    wrap(text, this.#room - 4).forEach((line, index) => (this.#text += `  ${index === 0 ? "-" : " "} ${line}\n`));
  }

  line(text: string): void {
    this.#text += `${text}\n`;
  }

  frame(mark: Mark): void {
    for (const line of drawFrame(mark, gutterOf([mark]), this.#paint, (text) => this.#paint.frame(text), this.#width))
      this.#text += `${line}\n`;
  }

  /** What is inserted, what it does, costs and makes unavailable. */
  insertion(insertion: Insertion, plan: Plan): void {
    const words = mechanismWords[kindOf(insertion, plan.analysis.ir)];
    this.#text += `  ${this.#paint.inserted("+")} ${describe(insertion, plan.analysis.ir)}\n`;
    if (insertion.mechanism !== "none") this.text(`Why this: ${insertion.why}`, 4);
    this.text(`What happens: ${words.does}`, 4);
    const behind = plan.outputs.filter(({ output }) => insertion.protects.some((rule) => reaches(plan, rule, output)));
    if (
      behind.length > 0 &&
      behind.every(({ before, after, achieved }) => achieved === false && before.name === after.name)
    ) {
      const names = behind.map(({ output }) => output).join(", ");
      this.text(
        `What it is for: ${names} would be no other without it, but then no run could be told again. Who does not need that declares ${behind.length === 1 ? "it" : "them"} \`agreed\`.`,
        4,
      );
    }
    this.text(`What it costs: ${words.costs}`, 4);
    this.text(`What can stop it: ${words.stops}`, 4);
  }

  done(): string {
    return this.#text;
  }
}
