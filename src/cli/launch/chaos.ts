/** What goes wrong on purpose in a run, from a seed: processes are killed and come back, stand still, lose all connections. */
import { draws } from "../../runtime/transports/delay.ts";
import type { Child } from "./child.ts";

export interface ChaosPlan {
  readonly seed: number;
}

const KINDS = ["kill", "pause", "cut"] as const;
type Kind = (typeof KINDS)[number];
const DONE: Readonly<Record<Kind, string>> = { kill: "killed", pause: "paused", cut: "cut off" };

/** How long after the last mishap the next one comes, and how long a process stands still. Milliseconds. */
const BETWEEN: readonly [number, number] = [60, 450];
const STANDS: readonly [number, number] = [50, 400];

export class Chaos {
  readonly #plan: ChaosPlan;
  /** A number in [0, below). */
  readonly #draw: (below: number) => number;
  /** Those that something can happen to. */
  readonly #victims: () => readonly Child[];
  readonly #counts: Record<Kind, number> = { kill: 0, pause: 0, cut: 0 };
  #timer: NodeJS.Timeout | null = null;

  constructor(plan: ChaosPlan, victims: () => readonly Child[]) {
    this.#plan = plan;
    const draw = draws(plan.seed, "chaos");
    this.#draw = (below) => Math.floor(draw() * below);
    this.#victims = victims;
  }

  start(): void {
    this.#timer = setTimeout(
      () => {
        const victims = this.#victims();
        const [kind, which, forMs] = [
          KINDS[this.#draw(KINDS.length)],
          this.#draw(1 << 20),
          between(this.#draw, STANDS),
        ];
        if (victims.length > 0) this.#strike(kind, victims[which % victims.length], forMs);
        this.start();
      },
      between(this.#draw, BETWEEN),
    );
  }

  #strike(kind: Kind, child: Child, forMs: number): void {
    this.#counts[kind]++;
    if (kind === "kill") child.kill(false);
    else if (kind === "pause") child.pause(forMs);
    else child.send({ type: "cut" });
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** `chaos (--seed 7): 3 killed, 5 paused, 4 cut off`. */
  get told(): string {
    const parts = KINDS.map((kind) => `${this.#counts[kind]} ${DONE[kind]}`);
    return `chaos (--seed ${this.#plan.seed}): ${parts.join(", ")}`;
  }
}

function between(draw: (below: number) => number, [least, most]: readonly [number, number]): number {
  return least + draw(most - least);
}
