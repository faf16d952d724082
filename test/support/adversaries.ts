/**
 * Components that do all that their declared paths allow: a confluent path gives the same in any order, an
 * order-sensitive one shows whatever has come before within its gate, and what is kept remembers it.
 */
import { createName } from "../../src/compiler/5-emit/components.ts";
import type { Component, Ir, Rule } from "../../src/compiler/ir.ts";
import { portName } from "../../src/compiler/print.ts";

type Row = Readonly<Record<string, unknown>>;
type Out = Readonly<Record<string, (row: Row) => void>>;

interface Kept {
  readonly from: string;
  readonly row: Row;
  /** What it shows to those that meet it; where its path depends on order, also what had come before it within the gate. */
  readonly digest: string;
}

/** By the export's name: `createReport`. */
export function adversaries(ir: Ir): Readonly<Record<string, Function>> {
  const out: Record<string, Function> = {};
  for (const external of ir.externals.values()) {
    if (external.kind === "component")
      out[createName(external.name)] = (receiver: Out, settled: (listener: () => void) => void) => {
        const adversary = new Adversary(ir, external, receiver);
        settled(() => adversary.settle());
        return adversary.inputs();
      };
  }
  return out;
}

class Adversary {
  readonly #ir: Ir;
  readonly #component: Component;
  readonly #out: Out;
  readonly #rules: readonly Rule[];
  readonly #kept: Kept[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(ir: Ir, component: Component, out: Out) {
    this.#ir = ir;
    this.#component = component;
    this.#out = out;
    this.#rules = [...ir.rules.values()].filter((rule) => rule.role === component.name && rule.path !== undefined);
  }

  inputs(): Readonly<Record<string, (row: Row) => void>> {
    return Object.fromEntries(
      [...this.#component.ins.values()].map((name) => [name, (row: Row) => this.#take(name, row)]),
    );
  }

  settle(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }

  #take(from: string, row: Row): void {
    const paths = this.#rules.filter((rule) => rule.path!.from === from);
    let digest: string | null = null;
    for (const rule of paths) {
      const { word, gate } = rule.path!;
      if (word === "CR") this.#give(rule, row, textOf(from, row), true);
      else if (word === "CW") {
        this.#give(rule, row, textOf(from, row), true);
        this.#join(rule, from, row);
      } else {
        const seen = this.#seen(gate, row);
        // Some answer when all that came together is there.
        if (parseInt(hash(`${rule.id} ${gate?.join()}`), 36) % 3 === 0)
          this.#waiting.push(() => this.#give(rule, row, `${textOf(from, row)} with ${this.#seen(gate, row)}`, false));
        else this.#give(rule, row, `${textOf(from, row)} after ${seen}`, false);
        if (word === "OW") digest = `${digest ?? ""}${textOf(from, row)} after ${seen}`;
      }
    }
    if (paths.some(({ path }) => path!.word.endsWith("W")))
      this.#kept.push({ from, row, digest: hash(digest ?? textOf(from, row)) });
  }

  /** Two confluent inputs meet whichever comes first, where they agree on what both say of the answer. */
  #join(rule: Rule, from: string, row: Row): void {
    const others = new Set(
      this.#rules
        .filter(
          ({ path, head }) => path!.word === "CW" && path!.from !== from && head.collection === rule.head.collection,
        )
        .map(({ path }) => path!.from),
    );
    const columns = this.#columns(rule).map(({ name }) => name);
    for (const kept of this.#kept) {
      if (
        !others.has(kept.from) ||
        columns.some((name) => name in row && name in kept.row && row[name] !== kept.row[name])
      )
        continue;
      // Only what both have is determined by either.
      if (columns.some((name) => Object.hasOwn(row, name) !== Object.hasOwn(kept.row, name))) continue;
      this.#give(rule, row, [textOf(from, row), textOf(kept.from, kept.row)].sort().join(), true);
    }
  }

  /** All that is kept within the gate's value. Writes of different values of their own gates commute. */
  #seen(gate: readonly string[] | null, row: Row): string {
    const met = this.#kept.filter((kept) =>
      (gate ?? []).every((name) => !(name in kept.row) || !(name in row) || kept.row[name] === row[name]),
    );
    return met
      .map((kept) => kept.digest)
      .sort()
      .join();
  }

  #columns(rule: Rule): readonly { readonly name: string; readonly type: { readonly kind: string } }[] {
    return this.#ir.collections.get(rule.head.collection)!.columns;
  }

  /** What is new in the answer is made of `seed`; where nothing is new, whether there is one. */
  #give(rule: Rule, row: Row, seed: string, always: boolean): void {
    const columns = this.#columns(rule);
    const isNew = columns.some(({ name }) => !(name in row));
    if (!isNew && !always && parseInt(hash(seed), 36) % 2 === 0) return;
    const made = (kind: string): unknown => (kind === "int" ? parseInt(hash(seed), 36) % 1000 : hash(seed).slice(0, 3));
    this.#out[portName(rule.head.collection, this.#ir)](
      Object.fromEntries(columns.map(({ name, type }) => [name, name in row ? row[name] : made(type.kind)])),
    );
  }
}

function textOf(from: string, row: Row): string {
  return `${from}${JSON.stringify(Object.entries(row).sort())}`;
}

function hash(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return ((h ^ (h >>> 13)) >>> 0).toString(36);
}
