/** Which numbered things have come from one life of a sender: all up to `contiguous`, and those of `ahead`. */
export class Received {
  readonly epoch: number;
  contiguous: number;
  /** All up to here may be acknowledged to the sender. */
  acknowledged: number;
  readonly #ahead = new Set<number>();

  /** `first`: number of the first that will come. */
  constructor(epoch: number, first: number) {
    this.epoch = epoch;
    this.contiguous = first - 1;
    this.acknowledged = first - 1;
  }

  has(seq: number): boolean {
    return seq <= this.contiguous || this.#ahead.has(seq);
  }

  note(seq: number): void {
    if (seq !== this.contiguous + 1) {
      if (seq > this.contiguous) this.#ahead.add(seq);
      return;
    }
    this.contiguous = seq;
    this.#close();
  }

  /** What is below `first` and has not come will never come, or never again. */
  skipTo(first: number): void {
    if (first - 1 <= this.contiguous) return;
    this.contiguous = first - 1;
    for (const seq of this.#ahead) if (seq <= this.contiguous) this.#ahead.delete(seq);
    this.#close();
  }

  #close(): void {
    while (this.#ahead.delete(this.contiguous + 1)) this.contiguous++;
  }
}
