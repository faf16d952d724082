/** Seals where they are sent: how many rows of each partition went to whom, and which are sealed. */
import type { Row } from "./program.ts";
import { type PartKey, partKey, rowPartKey } from "./seals.ts";

interface Sent {
  sealed: boolean;
  /** Rows that went to every instance. */
  common: number;
  /** Further rows by receiver's index; null while there are none. */
  each: number[] | null;
}

function counted(sent: Sent | undefined, receiver: number): number {
  return sent === undefined ? 0 : sent.common + (sent.each?.[receiver] ?? 0);
}

function count(sent: Sent, receiver: number | null): void {
  if (receiver === null) sent.common++;
  else {
    sent.each ??= [];
    sent.each[receiver] = (sent.each[receiver] ?? 0) + 1;
  }
}

/** A sealed channel at a sender: what it has sent of each partition to each instance of the receiving role. */
export class SentSeals {
  readonly columns: readonly number[];
  readonly #partitions = new Map<PartKey, Sent>();
  readonly #total: Sent = { sealed: false, common: 0, each: null };

  constructor(columns: readonly number[]) {
    this.columns = columns;
  }

  /** Counts a row to the receiver's index, or to all (null). False: this sender has sealed its partition. */
  admit(row: Row, receiver: number | null): boolean {
    if (this.#total.sealed) return false;
    const part = rowPartKey(this.columns, row);
    let sent = this.#partitions.get(part);
    if (sent === undefined) {
      sent = { sealed: false, common: 0, each: null };
      this.#partitions.set(part, sent);
    }
    if (sent.sealed) return false;
    count(sent, receiver);
    count(this.#total, receiver);
    return true;
  }

  /** Whether any row of the partition was sent to anyone. */
  hasSent(key: Row): boolean {
    const sent = this.#partitions.get(partKey(key));
    return sent !== undefined && (sent.common > 0 || sent.each !== null);
  }

  /** The rows counted for each of `receivers` instances, by index; null where it was sealed before. */
  seal(key: Row | null, receivers: number): readonly number[] | null {
    if (this.#total.sealed) return null;
    let sent: Sent | undefined = this.#total;
    if (key === null || this.columns.length === 0) {
      this.#total.sealed = true;
    } else {
      const part = partKey(key);
      sent = this.#partitions.get(part);
      if (sent?.sealed) return null;
      if (sent === undefined) this.#partitions.set(part, { sealed: true, common: 0, each: null });
      else sent.sealed = true;
    }
    return Array.from({ length: receivers }, (_, receiver) => counted(sent, receiver));
  }
}
