/**
 * Values as 32-bit codes: equal values have equal codes, so that relations hold and compare integers.
 *
 *   integers in [-2^30, 2^30)   stand for themselves (a float with such a value too)
 *   false, true                 0 and 1 where the declared type is bool
 *   everything else             an entry of this table: codes from 2^30 on
 *   sets and maps of lattices   a node of a trie: codes below -2^30
 *   FAILED                      no value: a derivation that could not be finished
 *
 * Which of the readings a code has follows from the declared type. Inside `json` the values true,
 * false and null are entries of their own.
 */
import { createLattice } from "../../lattices/index.run.ts";
import type { Lattice, Lattices, LatticeType } from "../../lattices/index.run.ts";
import { compareValues } from "../canonical.ts";
import { typeText } from "../codec.ts";
import type { ImportedLattice, Value, ValueType } from "../program.ts";
import type { State } from "../state.ts";
import { FAILED, isMap, LIMIT } from "./codes.ts";
import { Texts } from "./texts.ts";
import { Tries } from "./tries.ts";

/** A list or tuple: the codes of its elements. */
class Sequence {
  readonly codes: readonly number[];
  constructor(codes: readonly number[]) {
    this.codes = codes;
  }
}

/** A json object: its keys, sorted, and the codes of their values. */
class Members {
  readonly keys: readonly string[];
  readonly codes: readonly number[];
  constructor(keys: readonly string[], codes: readonly number[]) {
    this.keys = keys;
    this.codes = codes;
  }
}

type Composite = Uint8Array | Sequence | Members;
/** One that can be cloned. */
type PlainComposite = Uint8Array | { readonly keys: readonly string[] | null; readonly codes: readonly number[] };

function isComposite(entry: Entry | undefined): entry is Composite {
  return typeof entry === "object" && entry !== null;
}

function plainOf(entry: Composite): PlainComposite {
  if (entry instanceof Uint8Array) return entry;
  return { keys: entry instanceof Members ? entry.keys : null, codes: entry.codes };
}

function entryOf(plain: PlainComposite): Composite {
  if (plain instanceof Uint8Array) return plain;
  return plain.keys === null ? new Sequence(plain.codes) : new Members(plain.keys, plain.codes);
}

type Entry = string | number | boolean | null | Uint8Array | Sequence | Members;

export class Values {
  /** Entry of code LIMIT + i. */
  readonly #entries: (Entry | undefined)[] = [null, false, true];
  readonly #texts = new Texts(this.#entries);
  readonly #numbers = new Map<number, number>();
  /** Bytes, sequences and json objects by a text that only equal ones share. */
  readonly #composites = new Map<string, number>();
  /** The distinct elements of lists that a rule has ranged over. */
  readonly #distinct = new Map<number, readonly number[]>();
  #free: number[] = [];
  /** Entries below it are constants of the program and stay. */
  #pinned = 3;
  /** The sets and maps of lattices. */
  readonly maps = new Tries((code) => this.toNumber(code));
  /** By the text of their type. */
  readonly #lattices = new Map<string, Lattice>();
  readonly #latticeOf = new WeakMap<LatticeType, Lattice>();
  readonly #imported = new Map<string, ImportedLattice>();
  /** Why the last join that gave FAILED did: a sentence without its final stop. Who reports it empties it. */
  failure = "";

  /** Number of entries and nodes, dead ones not yet reclaimed included. */
  get size(): number {
    return this.#entries.length - this.#free.length + this.maps.nodes;
  }

  // --- lattices

  /** The operations of a lattice type. */
  lattice<N extends keyof Lattices>(type: { readonly lattice: N; readonly args: readonly ValueType[] }): Lattices[N];
  lattice(type: LatticeType): Lattice;
  lattice(type: LatticeType): Lattice {
    let lattice = this.#latticeOf.get(type);
    if (lattice === undefined) {
      const text = typeText(type);
      lattice = this.#lattices.get(text);
      if (lattice === undefined) this.#lattices.set(text, (lattice = createLattice(this, type)));
      this.#latticeOf.set(type, lattice);
    }
    return lattice;
  }

  /** The join of decoded values; where it fails, `a`. */
  joined(type: LatticeType, a: Value, b: Value): Value {
    const lattice = this.lattice(type);
    const joined = lattice.join(lattice.encode(a), lattice.encode(b));
    return joined === FAILED ? a : lattice.decode(joined);
  }

  /** What the program's module exports under that name. */
  importLattice(name: string, of: ImportedLattice): void {
    if (typeof of?.join !== "function") throw new TypeError(`the lattice ${name} is not exported by its module`);
    this.#imported.set(name, of);
  }

  imported(name: string): ImportedLattice {
    const known = this.#imported.get(name);
    if (known === undefined) throw new Error(`the lattice ${name} is not imported`);
    return known;
  }

  #enter(entry: Entry): number {
    const slot = this.#free.pop() ?? this.#entries.length;
    this.#entries[slot] = entry;
    return LIMIT + slot;
  }

  // --- from values to codes

  string(text: string): number {
    const found = this.#texts.find(text);
    if (found >= 0) return LIMIT + found;
    const code = this.#enter(text);
    this.#texts.add(code - LIMIT);
    return code;
  }

  number(n: number): number {
    return (n | 0) === n && n >= -LIMIT && n < LIMIT ? n | 0 : this.#largeNumber(n);
  }

  #largeNumber(n: number): number {
    if (n === 0) return 0;
    let code = this.#numbers.get(n);
    if (code === undefined) {
      code = this.#enter(n);
      this.#numbers.set(n, code);
    }
    return code;
  }

  /** The list or tuple of these elements. The array is kept: do not change it. */
  sequence(codes: readonly number[]): number {
    const text = `[${codes.join()}`;
    let code = this.#composites.get(text);
    if (code === undefined) {
      code = this.#enter(new Sequence(codes));
      this.#composites.set(text, code);
    }
    return code;
  }

  #bytes(bytes: Uint8Array): number {
    let text = "b";
    for (const byte of bytes) text += String.fromCharCode(byte);
    let code = this.#composites.get(text);
    if (code === undefined) {
      code = this.#enter(bytes);
      this.#composites.set(text, code);
    }
    return code;
  }

  #json(value: Value): number {
    switch (typeof value) {
      case "string":
        return this.string(value);
      case "number":
        return this.number(value);
      case "boolean":
        return value ? LIMIT + 2 : LIMIT + 1;
      default:
        if (value === null) return LIMIT;
        if (value instanceof Uint8Array) return this.#bytes(value);
        if (Array.isArray(value)) return this.sequence(value.map((of) => this.#json(of)));
        return this.#members(value as Readonly<Record<string, Value>>);
    }
  }

  #members(value: Readonly<Record<string, Value>>): number {
    const keys = Object.keys(value).sort();
    const codes = keys.map((key) => this.#json(value[key]));
    const text = `{${keys.map((key, i) => `${JSON.stringify(key)}${codes[i]}`).join()}`;
    let code = this.#composites.get(text);
    if (code === undefined) {
      code = this.#enter(new Members(keys, codes));
      this.#composites.set(text, code);
    }
    return code;
  }

  /** `value` must be of the type. */
  encode(type: ValueType, value: Value): number {
    switch (type) {
      case "int":
      case "nat":
      case "float":
        return this.number(value as number);
      case "string":
      case "addr":
        return this.string(value as string);
      case "bool":
        return value === true ? 1 : 0;
      case "bytes":
        return this.#bytes(value as Uint8Array);
      case "json":
        return this.#json(value);
      default:
        if ("list" in type) return this.sequence((value as readonly Value[]).map((of) => this.encode(type.list, of)));
        if ("lattice" in type) return this.lattice(type).encode(value);
        return this.sequence((value as readonly Value[]).map((of, i) => this.encode(type.tuple[i], of)));
    }
  }

  // --- from codes to values

  decode(type: ValueType, code: number): Value {
    switch (type) {
      case "bool":
        return code === 1;
      case "int":
      case "nat":
      case "float":
        return this.toNumber(code);
      case "string":
      case "addr":
        return this.toText(code);
      case "bytes":
        return this.#entries[code - LIMIT] as Uint8Array;
      case "json":
        return this.#toJson(code);
      default: {
        if ("lattice" in type) return this.lattice(type).decode(code);
        const codes = this.elements(code);
        return Object.freeze(
          "list" in type
            ? codes.map((of) => this.decode(type.list, of))
            : codes.map((of, i) => this.decode(type.tuple[i], of)),
        );
      }
    }
  }

  toNumber(code: number): number {
    return code < LIMIT ? code : (this.#entries[code - LIMIT] as number);
  }

  toText(code: number): string {
    return this.#entries[code - LIMIT] as string;
  }

  /** Codes of the elements of a list or tuple. */
  elements(code: number): readonly number[] {
    return (this.#entries[code - LIMIT] as Sequence).codes;
  }

  /** The same, each once. */
  distinct(code: number): readonly number[] {
    let codes = this.#distinct.get(code);
    if (codes === undefined) {
      const all = this.elements(code);
      const once = new Set(all);
      codes = once.size === all.length ? all : [...once];
      this.#distinct.set(code, codes);
    }
    return codes;
  }

  #toJson(code: number): Value {
    if (code < LIMIT) return code;
    const entry = this.#entries[code - LIMIT]!;
    if (entry instanceof Sequence) return Object.freeze(entry.codes.map((of) => this.#toJson(of)));
    if (entry instanceof Members) {
      // fromEntries defines properties, so that a key `__proto__` stays a key.
      return Object.freeze(Object.fromEntries(entry.keys.map((key, i) => [key, this.#toJson(entry.codes[i])])));
    }
    return entry;
  }

  /** A code of one type as the code of the same value in another (`bool` in `json`, `list<bool>` in `json`). */
  convert(from: ValueType, to: ValueType, code: number): number {
    return this.encode(to, this.decode(from, code));
  }

  /** The canonical total order. */
  compare(type: ValueType, a: number, b: number): number {
    if (a === b) return 0;
    if (a < LIMIT && b < LIMIT && typeof type === "string") return a < b ? -1 : 1;
    return compareValues(this.decode(type, a), this.decode(type, b));
  }

  /** Codes of one type in the canonical order. */
  sorted(type: ValueType, codes: readonly number[]): readonly number[] {
    const decoded = codes.map((code) => ({ code, value: this.decode(type, code) }));
    return decoded.sort((a, b) => compareValues(a.value, b.value)).map(({ code }) => code);
  }

  persist(state: State): void {
    const saved = state.of(this.#entries.map((entry) => (isComposite(entry) ? plainOf(entry) : entry)));
    this.#texts.persist(state);
    state.map(this.#numbers);
    state.map(this.#composites);
    this.#free = state.of(this.#free);
    this.maps.persist(state);
    if (!state.isLoading) return;
    this.#distinct.clear();
    this.#entries.length = 0;
    for (const entry of saved) this.#entries.push(typeof entry === "object" && entry !== null ? entryOf(entry) : entry);
  }

  // --- reclaiming

  /** All entries there are now are constants of the program: they are never reclaimed. */
  pin(): void {
    this.#pinned = this.#entries.length;
    this.maps.pin();
  }

  /** Forgets every entry that is neither pinned nor reached from `roots` (arrays of codes of whatever type, with their lengths). */
  reclaim(roots: readonly { readonly codes: Int32Array; readonly length: number }[]): void {
    const live = new Uint8Array(this.#entries.length);
    const liveNodes = this.maps.marks();
    const reach = (code: number): void => {
      if (isMap(code)) return this.maps.reach(code, liveNodes, reach);
      const slot = code - LIMIT;
      if (slot < 0 || slot >= live.length || live[slot] === 1) return;
      live[slot] = 1;
      const entry = this.#entries[slot];
      if (entry instanceof Sequence || entry instanceof Members) entry.codes.forEach(reach);
    };
    for (let slot = 0; slot < this.#pinned; slot++) reach(LIMIT + slot);
    this.maps.reachPinned(liveNodes, reach);
    for (const { codes, length } of roots) {
      for (let i = 0; i < length; i++) if (codes[i] >= LIMIT || codes[i] < -LIMIT) reach(codes[i]);
    }
    this.maps.reclaim(liveNodes);
    const isDead = (code: number): boolean => live[code - LIMIT] === 0;
    const give = (slot: number): void => {
      this.#entries[slot] = undefined;
      this.#free.push(slot);
    };
    const forget = <K>(map: Map<K, number>): void => {
      for (const [key, code] of map) {
        if (!isDead(code)) continue;
        map.delete(key);
        give(code - LIMIT);
      }
    };
    this.#texts.keep((slot) => live[slot] === 1, give);
    forget<number>(this.#numbers);
    forget<string>(this.#composites);
    for (const code of this.#distinct.keys()) if (isDead(code)) this.#distinct.delete(code);
  }
}
