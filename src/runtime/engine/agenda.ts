/** What a step has to look at: the relations that it touched, and the parts of the fixpoint that read them. */
import type { Relation } from "./relation.ts";

export class Agenda {
  /** Relations that were touched, in that order. One that was committed and touched again stands here twice. */
  touched: Relation[] = [];
  /** One for each part of the fixpoint; 1: something that it reads was touched. */
  due: Uint8Array = new Uint8Array(0);

  /** The first row of `relation` was touched. */
  add(relation: Relation): void {
    this.touched.push(relation);
    const { readers } = relation;
    for (let i = 0; i < readers.length; i++) this.due[readers[i]] = 1;
  }
}
