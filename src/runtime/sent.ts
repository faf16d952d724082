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

function count(sent: Sent, receiver: number | null, rows: number): void {
  if (receiver === null) sent.common += rows;
  else {
    sent.each ??= [];
    sent.each[receiver] = (sent.each[receiver] ?? 0) + rows;
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

  /** Counts rows to the receiver's index, or to all (null). The rows whose partition this sender has sealed; null: none. */
  admit(rows: readonly Row[], receiver: number | null): readonly Row[] | null {
    if (this.#total.sealed) return rows;
    let refused: Row[] | null = null;
    // Rows of one partition often come in a row: they are counted together.
    let last: PartKey | undefined;
    let sent: Sent | null = null;
    let run = 0;
    for (const row of rows) {
      const part = rowPartKey(this.columns, row);
      if (sent === null || part !== last) {
        if (run > 0) count(sent!, receiver, run);
        run = 0;
        last = part;
        sent = this.#partition(part);
      }
      if (sent.sealed) (refused ??= []).push(row);
      else run++;
    }
    if (run > 0) count(sent!, receiver, run);
    count(this.#total, receiver, rows.length - (refused?.length ?? 0));
    return refused;
  }

  #partition(part: PartKey): Sent {
    let sent = this.#partitions.get(part);
    if (sent === undefined) {
      sent = { sealed: false, common: 0, each: null };
      this.#partitions.set(part, sent);
    }
    return sent;
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
