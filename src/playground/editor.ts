/** A text field over a copy of its text, in which what is found is marked. */
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import { element, make } from "./page.ts";

export class Editor {
  readonly #text = element<HTMLTextAreaElement>("text");
  readonly #marks = element("marks");
  readonly #gutter = element("gutter");

  constructor(changed: () => void) {
    this.#text.addEventListener("input", () => {
      this.#copy([]);
      changed();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey) return;
      event.preventDefault();
      this.#text.setRangeText("  ", this.#text.selectionStart, this.#text.selectionEnd, "end");
      this.#text.dispatchEvent(new Event("input"));
    });
  }

  get text(): string {
    return this.#text.value;
  }

  set text(text: string) {
    this.#text.value = text;
    this.#copy([]);
  }

  mark(diagnostics: readonly Diagnostic[]): void {
    this.#copy(diagnostics);
  }

  select(start: number, end: number): void {
    this.#text.focus();
    this.#text.setSelectionRange(start, end);
    const line = this.#text.value.slice(0, start).split("\n").length;
    element("editor").scrollTop = Math.max(0, (line - 6) * 19.5);
  }

  #copy(diagnostics: readonly Diagnostic[]): void {
    const { value } = this.#text;
    const parts: (string | Node)[] = [];
    let at = 0;
    for (const { span, severity } of diagnostics.toSorted((a, b) => a.span.start - b.span.start)) {
      if (span.start < at || span.end <= span.start) continue;
      const mark = make("mark", value.slice(span.start, span.end));
      mark.className = severity;
      parts.push(value.slice(at, span.start), mark);
      at = span.end;
    }
    this.#marks.replaceChildren(...parts, `${value.slice(at)}\n`);
    this.#gutter.textContent = value
      .split("\n")
      .map((_, i) => `${i + 1}\n`)
      .join("");
  }
}
