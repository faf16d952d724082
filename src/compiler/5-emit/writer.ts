/**
 * Writes a module twice, as TypeScript and as JavaScript, line by line. What stands between `type(` and its end
 * is left out of the JavaScript, and so are lines that have nothing else.
 */
const OPEN = "\u0001";
const CLOSE = "\u0002";

/** Text of the TypeScript only: ``const x${type(": number")} = 1``. */
export function type(text: string): string {
  return OPEN + text + CLOSE;
}

const erased = /\u0001[^\u0001\u0002]*\u0002/g;
const marks = /[\u0001\u0002]/g;

/** Where a line of JavaScript comes from. */
export interface Origin {
  /** Line of the TypeScript, from 0. */
  readonly line: number;
  /** Line of the `.dlc` file, from 0; null: no rule's code. */
  readonly rule: { readonly file: string; readonly line: number } | null;
}

export interface Written {
  readonly typed: string;
  readonly plain: string;
  /** One for each line of `plain`. */
  readonly origins: readonly Origin[];
}

export class Writer {
  readonly #typed: string[] = [];
  readonly #plain: string[] = [];
  readonly #origins: Origin[] = [];
  #indent = "";
  #rule: Origin["rule"] = null;

  /** Lines, without indentation and final newline. */
  line(text = ""): void {
    for (const one of text.split("\n")) {
      const line = one === "" ? "" : this.#indent + one;
      const plain = line.replace(erased, "").trimEnd();
      if (one === "" || plain.trim() !== "" || !one.includes(OPEN)) {
        this.#plain.push(plain);
        this.#origins.push({ line: this.#typed.length, rule: this.#rule });
      }
      this.#typed.push(line.replace(marks, "").trimEnd());
    }
  }

  /** `// …`, line by line; null: none. Such text is safe already. */
  comment(text: string | null): void {
    for (const one of text?.split("\n") ?? []) this.line(`// ${one}`.trimEnd());
  }

  /** A documentation comment: a sentence of ours, and what the program says with `///`. */
  doc(sentence: string | null, doc: string | null, wrap: (text: string) => string = (text) => text): void {
    const lines = [
      ...(doc?.split("\n") ?? []),
      ...(sentence === null ? [] : [...(doc === null ? [] : [""]), sentence]),
    ].map(commentText);
    if (lines.length === 1) this.line(wrap(`/** ${lines[0]} */`));
    else for (const one of ["/**", ...lines.map((line) => ` * ${line}`.trimEnd()), " */"]) this.line(wrap(one));
  }

  open(text: string): void {
    this.line(text);
    this.#indent += "  ";
  }

  close(text: string): void {
    this.#indent = this.#indent.slice(2);
    this.line(text);
  }

  /** After `close("} else {")`. */
  deepen(): void {
    this.#indent += "  ";
  }

  /** Lines of which a stack trace names the rule's line. */
  from(rule: Origin["rule"], write: () => void): void {
    this.#rule = rule;
    write();
    this.#rule = null;
  }

  written(): Written {
    return { typed: `${this.#typed.join("\n")}\n`, plain: `${this.#plain.join("\n")}\n`, origins: this.#origins };
  }
}

/** Safe inside a block comment, and without characters that the writer uses. */
export function commentText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f]/g, " ").replaceAll("*/", "* /");
}

export const quoted = (text: string): string => JSON.stringify(text);
