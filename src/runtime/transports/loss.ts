/** A network that loses: a seeded share of the rows of lossy channels never leaves its sender, each row by itself. */
import { canonicalText } from "../canonical.ts";
import type { Envelope, Part } from "../messages.ts";
import type { TargetMeta } from "../program.ts";
import { draws } from "./delay.ts";

export interface Loss {
  /** Of each row, 0 ≤ share < 1. */
  readonly share: number;
  readonly seed: number;
}

/** `50%`. null: not of this form, or a network that brings nothing. */
export function parseLoss(text: string, seed: number): Loss | null {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text.trim());
  const share = match === null ? 1 : Number(match[1]) / 100;
  return share < 1 ? { share, seed } : null;
}

/** What one sender loses; the same for the same seed, sender and order of messages. */
export class Losses {
  /** Rows that it could have lost, so far: the time of what is said below. */
  drawn = 0;
  readonly #share: number;
  readonly #draw: () => number;
  readonly #lossy: ReadonlySet<string>;
  /** Facts with their receivers, and when they last came to grief or to their receiver; the latest last. */
  readonly #lost = new Map<string, number>();
  readonly #arrived = new Map<string, number>();

  constructor({ share, seed }: Loss, self: string, targets: readonly TargetMeta[]) {
    this.#share = share;
    this.#draw = draws(seed, self);
    this.#lossy = new Set(targets.filter(({ collection }) => collection.lossy).map(({ id }) => id));
  }

  /** The envelope without what is lost of it; it keeps its number, and seals and the rest of it arrive. */
  thin(envelope: Envelope): Envelope {
    if (!envelope.parts.some((part) => this.#isLossy(part))) return envelope;
    const parts = envelope.parts.map((part) => (this.#isLossy(part) ? this.#lose(envelope.to, part) : part));
    return { ...envelope, parts };
  }

  /** How many facts have been lost after `time` and not come to their receiver after it. Forgets what was before. */
  missing(time: number): number {
    forget(this.#lost, time);
    forget(this.#arrived, time);
    let count = 0;
    for (const fact of this.#lost.keys()) if (!this.#arrived.has(fact)) count++;
    return count;
  }

  #isLossy(part: Part): part is Part & { kind: "rows" } {
    return part.kind === "rows" && this.#lossy.has(part.target);
  }

  #lose(to: string, part: Part & { kind: "rows" }): Part {
    const rows = part.rows.filter((row) => {
      const fact = `${to} ${part.target} ${canonicalText(row)}`;
      const isLost = this.#draw() < this.#share;
      const when = isLost ? this.#lost : this.#arrived;
      when.delete(fact);
      when.set(fact, ++this.drawn);
      return !isLost;
    });
    return { ...part, rows };
  }
}

function forget(when: Map<string, number>, time: number): void {
  for (const [fact, at] of when) {
    if (at > time) return;
    when.delete(fact);
  }
}
