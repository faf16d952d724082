/**
 * What an object remembers, written and read by the same lines: each value is handed in, and what comes back is taken. While
 * it is saved that is the value itself, while it is loaded what stood at that place when it was saved.
 *
 *     this.size = state.of(this.size);
 *
 * Objects that stand in several places are one object again.
 */
export class State {
  /** Plain data, typed arrays, maps and sets: what can be cloned. */
  readonly values: unknown[];
  readonly isLoading: boolean;
  /** Something could not be saved: nothing of it is to be loaded. */
  isRefused = false;
  #at = 0;

  /** `values`: what is loaded; null: something is saved. */
  constructor(values: unknown[] | null) {
    this.values = values ?? [];
    this.isLoading = values !== null;
  }

  of<T>(value: T): T {
    if (this.isLoading) return this.values[this.#at++] as T;
    this.values.push(value);
    return value;
  }

  /** A map that stays the same object. */
  map<K, V>(map: Map<K, V>): void {
    const saved = this.of(map);
    if (!this.isLoading) return;
    map.clear();
    for (const [key, value] of saved) map.set(key, value);
  }

  /** Likewise a set, */
  set<T>(set: Set<T>): void {
    const saved = this.of(set);
    if (!this.isLoading) return;
    set.clear();
    for (const value of saved) set.add(value);
  }

  /** and an array. */
  list<T>(list: T[]): void {
    const saved = this.of(list);
    if (!this.isLoading) return;
    list.length = 0;
    for (const value of saved) list.push(value);
  }
}

/** Something that can be saved, and loaded into one that has just been made in the same way. */
export interface Persistent {
  persist(state: State): void;
}
