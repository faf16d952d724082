/** What the host of an instance gives it: rows of inputs, their seals and their ends, and the firings of timers. */
import type { Inbox, Local } from "./inbox.ts";
import { promise } from "./intake.ts";
import type { Outbox } from "./outbox.ts";
import type { Fault, Row } from "./program.ts";
import { InputSeals } from "./seals.ts";
import type { Closure } from "./seals.ts";

export interface InputsOptions {
  readonly role: string;
  /** Of the instance. */
  readonly address: string;
  /** By their names. */
  readonly locals: ReadonlyMap<string, Local>;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
}

export class Inputs {
  readonly #role: string;
  readonly #address: string;
  readonly #locals: ReadonlyMap<string, Local>;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;

  constructor({ role, address, locals, inbox, outbox }: InputsOptions) {
    this.#role = role;
    this.#address = address;
    this.#locals = locals;
    this.#inbox = inbox;
    this.#outbox = outbox;
  }

  /** Type-checked; refused (with the fault) after its seal or its end. */
  offer(collection: string, row: Row): Fault | null {
    const local = this.#locals.get(collection);
    if (local?.meta.kind !== "input") return this.#noInput(collection);
    const problem = local.type.problem(row);
    if (problem !== null)
      return { code: "DLC902", message: `${this.#address} refused a row of input ${collection}: ${problem}` };
    if (local.ended) {
      return { code: "DLC903", message: `${this.#address} refused ${local.text(row)}: the input has ended` };
    }
    if (local.seals instanceof InputSeals && !local.seals.admit(row)) {
      return {
        code: "DLC904",
        message: `${this.#address} refused ${local.text(row)}: ${promise(local)} has been sealed before`,
      };
    }
    const formed = local.type.formed(row);
    local.arrived++;
    const { ordering } = local.meta;
    if (ordering) this.#append(ordering.log, local, formed);
    else this.#inbox.addInput(local, formed);
    return null;
  }

  #noInput(collection: string): Fault {
    const inputs = [...this.#locals.values()]
      .filter((local) => local.meta.kind === "input")
      .map((local) => local.meta.name);
    const known = inputs.length === 0 ? "it has none" : `its inputs are ${inputs.join(", ")}`;
    return { code: "DLC901", message: `role ${this.#role} has no input ${collection}; ${known}` };
  }

  #append(log: string, local: Local, row: Row): void {
    this.#outbox.append(log, local.id, this.#address, [row]);
  }

  seal(collection: string, key: Row): Fault | null {
    const local = this.#locals.get(collection);
    if (local?.meta.kind !== "input") return this.#noInput(collection);
    if (!(local.seals instanceof InputSeals)) return null;
    const problem = local.type.keyProblem(local.seals.columns, key);
    if (problem !== null)
      return { code: "DLC902", message: `${this.#address} refused a seal of input ${collection}: ${problem}` };
    this.close(local, local.seals.seal(key));
    return null;
  }

  /** Rows and seals of an input take effect in the host's order, also where its rows go through a log. */
  close(local: Local, closure: Closure | null): void {
    if (closure === null) return;
    const due = local.meta.ordering ? (local.seals as InputSeals).afterLog(closure) : [closure];
    for (const each of due) this.#inbox.addSeal(local, each);
  }

  /** Ends one or all inputs: seals every partition. */
  end(collection?: string): void {
    const local = collection === undefined ? null : this.#locals.get(collection);
    if (local === undefined || (local !== null && local.meta.kind !== "input"))
      throw new Error(this.#noInput(collection as string).message);
    for (const each of local === null ? this.#locals.values() : [local]) {
      if (each.meta.kind !== "input" || each.ended) continue;
      each.ended = true;
      if (each.seals instanceof InputSeals) this.close(each, each.seals.seal(null));
    }
  }

  fire(timer: string): void {
    const local = this.#locals.get(timer);
    if (local?.meta.kind !== "timer") throw new Error(`role ${this.#role} has no timer ${timer}`);
    if (local.meta.ordering) this.#append(local.meta.ordering.log, local, []);
    else this.#inbox.add(local, [[]]);
  }
}
