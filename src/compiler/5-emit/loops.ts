import type { ExprScope } from "./expressions.ts";
import type { Writer } from "./writer.ts";

/** Open loops, to be closed at the end. */
export class Loops {
  readonly #writer: Writer;
  readonly #scope: ExprScope;
  #open = 0;

  constructor(writer: Writer, scope: ExprScope) {
    this.#writer = writer;
    this.#scope = scope;
  }

  open(text: string): void {
    this.#writer.open(text);
    this.#open++;
    this.#scope.locals.depth = this.#open;
    this.#scope.escape = "continue;";
  }

  /** Gives their number. */
  closeAll(): number {
    const open = this.#open;
    for (; this.#open > 0; this.#open--) this.#writer.close("}");
    return open;
  }
}
