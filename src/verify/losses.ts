/** Rows on lossy channels, each of which may be lost on its way. */
import { factText } from "../runtime/codec.ts";
import type { Part } from "../runtime/messages.ts";
import type { RoleProgram } from "../runtime/program.ts";
import type { Chance } from "./schedule.ts";

export class Losses {
  readonly #channels: ReadonlySet<string>;
  readonly #share: number;
  readonly #random: Chance;
  /** Facts with their receivers, since something was last said that was new: what was lost, what came. */
  readonly #lost = new Set<string>();
  readonly #arrived = new Set<string>();

  constructor(programs: readonly RoleProgram[], share: number, random: Chance) {
    this.#channels = new Set(
      programs.flatMap(({ meta }) =>
        meta.collections.flatMap(({ name, lossy }) => (lossy ? [`${meta.role}.${name}`] : [])),
      ),
    );
    this.#share = share;
    this.#random = random;
  }

  /** What is left of a part on its way to `to`. */
  on(to: string, part: Part): Part {
    if (part.kind !== "rows" || !this.#channels.has(part.target)) return part;
    const rows = part.rows.filter((row) => {
      const fact = `${to} ${factText(part.target, row)}`;
      const isLost = this.#random.chance(this.#share);
      (isLost ? this.#lost : this.#arrived).add(fact);
      return !isLost;
    });
    return { ...part, rows };
  }

  forget(): void {
    this.#lost.clear();
    this.#arrived.clear();
  }

  /** Whatever was lost has been sent again, and has come. */
  get haveComeAfterAll(): boolean {
    return [...this.#lost].every((fact) => this.#arrived.has(fact));
  }
}
