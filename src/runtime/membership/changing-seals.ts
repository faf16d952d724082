/**
 * A sealed channel at a receiver, where its producers change. Whose seals a value needs the registry says, once, when the
 * first producer has sealed it: those who took part then. Who came later sends nothing of it.
 */
import { partKey } from "../partitions.ts";
import type { PartKey } from "../partitions.ts";
import type { Row, SealedMeta } from "../program.ts";
import { ChannelSeals } from "../seals.ts";
import type { Partition } from "../seals.ts";
import type { State } from "../state.ts";

export class ChangingSeals extends ChannelSeals {
  readonly #roles: readonly string[];
  readonly #fixed = new Map<PartKey, readonly string[]>();
  /** Of all values that are not fixed by themselves. */
  #fixedAll: readonly string[] | null = null;

  constructor(meta: SealedMeta, producers: readonly string[]) {
    super(meta, producers);
    this.#roles = meta.producers;
  }

  /** One more from which rows may come. */
  admitProducer(role: string, address: string): void {
    if (this.#roles.includes(role)) this.addProducer(address);
  }

  fix(key: Row | null, producers: readonly string[]): void {
    for (const address of producers) this.addProducer(address);
    if (key !== null && this.columns.length > 0) {
      this.#fixed.set(partKey(key), producers);
      this.settle(this.partitions.at(key));
      return;
    }
    this.#fixedAll = producers;
    this.settleAll();
    if (!this.allComplete) for (const partition of this.partitions.values()) this.settle(partition);
  }

  protected override settle(partition: Partition): void {
    if (this.#fixedOf(partition.part)?.every((address) => this.hasVoted(address, partition.part)))
      this.complete(partition);
  }

  protected override settleAll(): void {
    if (this.#fixedAll?.every((address) => this.hasVoted(address, null))) this.completeAll();
  }

  /** Before it is fixed, all that there have been. */
  protected override needed(part: PartKey | null): Iterable<string> {
    return this.#fixedOf(part) ?? super.needed(part);
  }

  #fixedOf(part: PartKey | null): readonly string[] | null {
    return (part === null ? undefined : this.#fixed.get(part)) ?? this.#fixedAll;
  }

  override persist(state: State): void {
    super.persist(state);
    state.map(this.#fixed);
    this.#fixedAll = state.of(this.#fixedAll);
  }
}
