/** Who takes part in a deployment: the instances of each role, and the sequencer. */
import { addressOf, LOG, parseAddress } from "./routing.ts";

export class Members {
  readonly #of = new Map<string, string[]>();
  readonly #all = new Set<string>([LOG]);
  readonly #left = new Set<string>();

  readonly #dynamic: ReadonlySet<string>;

  /** `counts`: instances per role at the start; `dynamic`: roles that may get others. */
  constructor(counts: Readonly<Record<string, number>>, dynamic: ReadonlySet<string> = new Set()) {
    this.#dynamic = dynamic;
    for (const [role, count] of Object.entries(counts)) {
      this.#of.set(role, []);
      for (let index = 0; index < count; index++) this.add(addressOf(role, index));
    }
  }

  /** By their numbers, then those that came later in the order in which they came. */
  of(role: string): readonly string[] {
    return this.#of.get(role) ?? [];
  }

  isDynamic(role: string): boolean {
    return this.#dynamic.has(role);
  }

  /** All instances of all roles. */
  *all(): Iterable<string> {
    for (const addresses of this.#of.values()) yield* addresses;
  }

  has(address: string): boolean {
    return this.#all.has(address);
  }

  /** It takes part, or has taken part: what it sent while it did may still come. */
  knows(address: string): boolean {
    return this.#all.has(address) || this.#left.has(address);
  }

  add(address: string): void {
    if (this.#all.has(address)) return;
    this.#all.add(address);
    this.#of.get(parseAddress(address)!.role)?.push(address);
  }

  remove(address: string): void {
    if (!this.#all.delete(address)) return;
    this.#left.add(address);
    const addresses = this.#of.get(parseAddress(address)!.role)!;
    addresses.splice(addresses.indexOf(address), 1);
  }
}
