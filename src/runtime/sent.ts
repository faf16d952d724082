/** Seals where they are sent: how many rows of each partition went to whom, and which are sealed. */
import type { Row } from "./program.ts";
import type { State } from "./state.ts";
import { ByPartition, partKey, runEnd } from "./partitions.ts";

interface Sent {
  sealed: boolean;
  /** Rows that went to every instance. */
  common: number;
  /** Further rows by receiver's index; null while there are none. */
  each: number[] | null;
}

function nothing(): Sent {
  return { sealed: false, common: 0, each: null };
}

/** A sealed channel at a sender: what it has sent of each partition to each instance of the receiving role. */
export class SentSeals {
  readonly columns: readonly number[];
  #receivers: number;
  readonly #partitions: ByPartition<Sent>;
  readonly #total = nothing();

  /** `receivers`: instances of the receiving role. */
  constructor(columns: readonly number[], receivers: number) {
    this.columns = columns;
    this.#receivers = receivers;
    this.#partitions = new ByPartition(columns, nothing);
  }

  persist(state: State): void {
    this.#partitions.persist(state);
    Object.assign(this.#total, state.of(this.#total));
  }

  /** One more receiver, to which as much has gone as to that one: it begins with what that one has. */
  add(like: number): void {
    this.#receivers++;
    for (const { each } of this.#all()) each?.push(each[like]);
  }

  remove(receiver: number): void {
    this.#receivers--;
    for (const { each } of this.#all()) each?.splice(receiver, 1);
  }

  *#all(): Iterable<Sent> {
    yield this.#total;
    yield* this.#partitions.values();
  }

  #eachOf(sent: Sent): number[] {
    return (sent.each ??= new Array<number>(this.#receivers).fill(0));
  }

  /** Counts rows to the receiver's index, or to all (null). The rows whose partition this sender has sealed; null: none. */
  admit(rows: readonly Row[], receiver: number | null): readonly Row[] | null {
    const total = this.#total;
    if (total.sealed) return rows;
    let refused: Row[] | null = null;
    for (let at = 0, end = 0; at < rows.length; at = end) {
      end = runEnd(this.columns, rows, at);
      const sent = this.#partitions.of(rows[at]);
      if (sent.sealed) for (let i = at; i < end; i++) (refused ??= []).push(rows[i]);
      else if (receiver === null) sent.common += end - at;
      else this.#eachOf(sent)[receiver] += end - at;
    }
    const admitted = rows.length - (refused?.length ?? 0);
    if (receiver === null) total.common += admitted;
    else this.#eachOf(total)[receiver] += admitted;
    return refused;
  }

  /** Whether any row of the partition was sent to anyone. */
  hasSent(key: Row): boolean {
    const sent = this.#partitions.get(partKey(key));
    return sent !== undefined && (sent.common > 0 || sent.each !== null);
  }

  /** The rows counted for each instance, by index; null where it was sealed before. */
  seal(key: Row | null): readonly number[] | null {
    const total = this.#total;
    if (total.sealed) return null;
    const sent = key === null || this.columns.length === 0 ? total : this.#partitions.at(key);
    if (sent.sealed) return null;
    sent.sealed = true;
    return Array.from({ length: this.#receivers }, (_, receiver) => sent.common + (sent.each?.[receiver] ?? 0));
  }
}
