/**
 * What an instance makes of an arriving part: decoded rows are checked against the declared types,
 * counted for their seals and queued. What does not fit is refused with a fault naming the sender,
 * never thrown.
 */
import type { Inbox, Local } from "./inbox.ts";
import { ChangingSeals } from "./membership/changing-seals.ts";
import type { Logs } from "./logs.ts";
import type { LogRun, Part } from "./messages.ts";
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
    this.#logNames = new Set(
      [...locals.values()].flatMap((local) => (local.meta.ordering ? [local.meta.ordering.log] : [])),
    );
  }

  receive(from: string, part: Part, faults: Fault[]): void {
    const refuse = refusal(this.#address, from, faults);
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
        else if (!this.#logNames.has(part.log))
          refuse("DLC909", `a batch of ${part.log}`, "no collection here passes through this log");
        else this.#batch(part, faults);
        break;
      case "trace":
        break;
      case "fix": {
        const seals = this.#locals.get(part.target)?.seals;
        if (from === LOG && seals instanceof ChangingSeals) seals.fix(part.key, part.producers);
        else
          refuse("DLC909", `who seals ${part.target}`, "only the registry says it, of channels whose producers change");
        break;
      }
      case "append":
      case "tick":
        refuse(
          "DLC909",
          part.kind === "append" ? `rows for ${part.log}` : `a tick for ${part.log}`,
          "only the sequencer takes them",
        );
        break;
      default:
        refuse("DLC909", `a part of kind ${part.kind}`, "the members of this deployment are fixed");
    }
  }

  #rows(from: string, local: Local, rows: readonly Row[], refuse: Refuse): void {
    if (local.meta.ordering || from === LOG) {
      refuse(
        "DLC909",
        factsOf(rows.length, local.id),
        local.meta.ordering ? "they have to come through the log" : "the sequencer sends batches only",
      );
      return;
    }
    const seals = local.seals instanceof ChannelSeals ? local.seals : null;
    if (seals !== null && !seals.isProducer(from)) {
      refuse(
        "DLC908",
        factsOf(rows.length, local.id),
        "no rule of its role sends to it, so that nobody would wait for its seal",
      );
      return;
    }
    const taken = admitted(local, from, this.#fitting(from, local, rows, refuse), refuse);
    local.arrived += taken.length;
    if (taken.length > 0) this.#inbox.add(local, taken);
  }

  /** The rows that are of the declared types, in their one form. The others are refused, and counted for their seals all the same. */
  #fitting(from: string, local: Local, rows: readonly Row[], refuse: Refuse): readonly Row[] {
    let wrong = 0;
    let firstProblem = "";
    const fitting = local.type.fitting(rows, (row, problem) => {
      if (wrong++ === 0) firstProblem = problem;
      if (local.seals instanceof ChannelSeals) local.seals.countRefused(from, row);
    });
    if (wrong > 0) refuse("DLC902", factsOf(wrong, local.id), firstProblem);
    return fitting;
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

  /** A batch out of turn waits in the log. Its rows are counted when its turn comes. */
  #batch(batch: Extract<Part, { kind: "batch" }>, faults: Fault[]): void {
    const runs: LogRun[] = [];
    for (const run of batch.runs) {
      const refuse = refusal(this.#address, run.from, faults);
      const local = this.#locals.get(run.target);
      if (local?.meta.ordering?.log !== batch.log) {
        refuse("DLC902", factsOf(run.rows.length, run.target), `they do not pass through ${batch.log}`);
        continue;
      }
      const rows = this.#fitting(run.from, local, run.rows, refuse);
      // What this host gave was counted when it did.
      if (local.meta.kind === "channel") local.arrived += rows.length;
      if (rows.length > 0)
        runs.push(rows === run.rows ? run : { target: run.target, to: run.to, from: run.from, rows });
    }
    this.#logs.receive({ ...batch, runs });
  }
}

/** Counts rows of a channel for its seals. Those that come after their seal are refused. */
export function admitted(local: Local, from: string, rows: readonly Row[], refuse: Refuse): readonly Row[] {
  const late = local.seals instanceof ChannelSeals ? local.seals.admit(from, rows) : null;
  if (late === null) return rows;
  refuse("DLC904", factsOf(late.length, local.id), `${promise(local)} has been sealed before: ${local.text(late[0])}`);
  const out = new Set(late);
  return rows.filter((row) => !out.has(row));
}

/** Says of the instance at `address` that it has refused something that stems from another. */
export function refusal(address: string, from: string, faults: Fault[]): Refuse {
  return (code, what, why) => void faults.push({ code, message: `${address} refused ${what} from ${from}: ${why}` });
}

type Refuse = (code: string, what: string, why: string) => void;
