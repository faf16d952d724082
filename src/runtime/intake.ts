/**
 * What an instance makes of an arriving part: decoded rows are checked against the declared types,
 * counted for their seals and queued. What does not fit is refused with a fault naming the sender,
 * never thrown.
 */
import type { Inbox, Local } from "./inbox.ts";
import type { Logs } from "./logs.ts";
import type { LogEntry, Part } from "./messages.ts";
import type { Fault, Row } from "./program.ts";
import { LOG } from "./routing.ts";
import { ChannelSeals, type InputSeals } from "./seals.ts";

/** What a seal promises: `its campaign`. */
export function promise(local: Local): string {
  const names = (local.seals as InputSeals).columns.map((column) => local.meta.columns[column].name);
  return names.length === 0 ? "the stream" : `its ${names.join(", ")}`;
}

function factsOf(number: number, id: string): string {
  return `${number} fact${number === 1 ? "" : "s"} of ${id}`;
}

export class Intake {
  readonly #address: string;
  readonly #locals: ReadonlyMap<string, Local>;
  readonly #inbox: Inbox;
  readonly #logs: Logs;
  readonly #logNames: ReadonlySet<string>;

  /** `locals` by `Report.click`. */
  constructor(address: string, locals: ReadonlyMap<string, Local>, inbox: Inbox, logs: Logs) {
    this.#address = address;
    this.#locals = locals;
    this.#inbox = inbox;
    this.#logs = logs;
    this.#logNames = new Set([...locals.values()].flatMap((local) => (local.meta.ordering ? [local.meta.ordering.log] : [])));
  }

  receive(from: string, part: Part, faults: Fault[]): void {
    const refuse = (code: string, what: string, why: string): void =>
      void faults.push({ code, message: `${this.#address} refused ${what} from ${from}: ${why}` });
    switch (part.kind) {
      case "rows":
      case "seal": {
        const local = this.#locals.get(part.target);
        if (local?.meta.kind !== "channel") {
          const what = part.kind === "seal" ? `a seal of ${part.target}` : factsOf(part.rows.length, part.target);
          refuse("DLC901", what, "there is no such channel here");
        } else if (part.kind === "seal") {
          this.#seal(from, local, part, refuse);
        } else {
          this.#rows(from, local, part.rows, refuse);
        }
        break;
      }
      case "batch":
        if (from !== LOG) refuse("DLC909", `a batch of ${part.log}`, "only the sequencer sends batches");
        else if (!this.#logNames.has(part.log)) refuse("DLC909", `a batch of ${part.log}`, "no collection here passes through this log");
        else this.#batch(part, faults);
        break;
      case "append":
      case "tick":
        refuse("DLC909", part.kind === "append" ? `entries for ${part.log}` : `a tick for ${part.log}`, "only the sequencer takes them");
    }
  }

  #rows(from: string, local: Local, rows: readonly Row[], refuse: Refuse): void {
    if (local.meta.ordering || from === LOG) {
      refuse("DLC909", factsOf(rows.length, local.id), local.meta.ordering ? "they have to come through the log" : "the sequencer sends batches only");
      return;
    }
    const seals = local.seals instanceof ChannelSeals ? local.seals : null;
    if (seals !== null && !seals.isProducer(from)) {
      refuse("DLC908", factsOf(rows.length, local.id), "no rule of its role sends to it, so that nobody would wait for its seal");
      return;
    }
    const { type } = local;
    // The array as it came, as long as every row is taken as it came.
    let taken: Row[] | null = null;
    let wrong = 0;
    let firstProblem = "";
    let late = 0;
    let firstLate: Row = [];
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const problem = type.problem(row);
      let kept: Row | null = null;
      if (problem !== null) {
        if (wrong++ === 0) firstProblem = problem;
        seals?.countRefused(from, row);
      } else if (seals !== null && !seals.admit(from, row)) {
        if (late++ === 0) firstLate = row;
      } else {
        kept = type.formed(row);
      }
      if (kept !== row && taken === null) taken = rows.slice(0, i);
      if (kept !== null && taken !== null) taken.push(kept);
    }
    if (wrong > 0) refuse("DLC902", factsOf(wrong, local.id), firstProblem);
    if (late > 0) refuse("DLC904", factsOf(late, local.id), `${promise(local)} has been sealed before: ${local.text(firstLate)}`);
    local.arrived += (taken ?? rows).length;
    if (taken === null || taken.length > 0) this.#inbox.add(local, taken ?? rows);
  }

  #seal(from: string, local: Local, seal: Extract<Part, { kind: "seal" }>, refuse: Refuse): void {
    const seals = local.seals instanceof ChannelSeals ? local.seals : null;
    // A promise that nobody waits for here.
    if (seals === null) return;
    if (!seals.isProducer(from)) {
      refuse("DLC908", `a seal of ${local.id}`, "no rule of its role sends to it");
      return;
    }
    const problem = seal.key === null ? null : local.type.keyProblem(seals.columns, seal.key);
    if (problem !== null || !Number.isSafeInteger(seal.count) || seal.count < 0) {
      refuse("DLC902", `a seal of ${local.id}`, problem ?? `its count is ${seal.count}`);
      return;
    }
    seals.seal(from, seal.key, seal.count);
  }

  /** A batch out of turn waits in the log. */
  #batch(batch: Extract<Part, { kind: "batch" }>, faults: Fault[]): void {
    const entries: LogEntry[] = [];
    for (const entry of batch.entries) {
      const local = this.#locals.get(entry.target);
      const problem = local?.meta.ordering?.log === batch.log ? local.type.problem(entry.row) : `it does not pass through ${batch.log}`;
      if (problem === null) {
        const row = (local as Local).type.formed(entry.row);
        // What this host gave was counted when it did.
        if (local!.meta.kind === "channel") local!.arrived++;
        entries.push(row === entry.row ? entry : { target: entry.target, to: entry.to, from: entry.from, row });
      } else faults.push({ code: "DLC902", message: `${this.#address} refused a fact of ${entry.target} from ${entry.from}: ${problem}` });
    }
    this.#logs.receive({ ...batch, entries });
  }
}

type Refuse = (code: string, what: string, why: string) => void;
