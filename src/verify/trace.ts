/** What happens in a simulated run, event by event. */
import { factText } from "../runtime/codec.ts";
import { canonicalText } from "../runtime/canonical.ts";
import type { LogRun, Part } from "../runtime/messages.ts";
import type { Fault, Row, StepInput } from "../runtime/program.ts";
import type { Happening } from "./breakage.ts";

/** `at` is an instance's address, or `log`. */
export type TraceEvent =
  | { readonly kind: "input" | "seal"; readonly at: string; readonly collection: string; readonly row: Row }
  | { readonly kind: "end" | "timer"; readonly at: string; readonly collection: string }
  /** An envelope leaves; `to` and `seq` name it with its sender. */
  | {
      readonly kind: "send";
      readonly at: string;
      readonly to: string;
      readonly seq: number;
      readonly parts: readonly Part[];
    }
  | {
      readonly kind: "receive";
      readonly at: string;
      readonly from: string;
      readonly seq: number;
      readonly parts: readonly Part[];
    }
  /** `how`: a log, or what of the waiting events it was to take; `takes` are those that it took. */
  | { readonly kind: "step"; readonly at: string; readonly how: string; readonly takes: StepInput["events"] }
  | {
      readonly kind: "deliver";
      readonly at: string;
      readonly collection: string;
      readonly row: Row;
      readonly retract: boolean;
    }
  | { readonly kind: "fault"; readonly at: string; readonly fault: Fault }
  | Happening;

export function traceLine(event: TraceEvent): string {
  const { at } = event;
  switch (event.kind) {
    case "input":
      return `${at} input ${factText(event.collection, event.row)}`;
    case "seal":
      return `${at} seal ${factText(event.collection, event.row)}`;
    case "end":
      return `${at} end of ${event.collection}`;
    case "cut":
      return `the network falls apart: ${event.apart.join(", ") || "nobody"} on one side`;
    case "healed":
      return "the network is whole again";
    case "crash":
      return `${at} dies`;
    case "restart":
      return `${at} starts again`;
    case "timer":
      return `${at} timer ${event.collection} fires`;
    case "send":
      return `${at} sends ${event.seq} to ${event.to}: ${event.parts.map(partText).join("; ")}`;
    case "receive":
      return `${at} receives ${event.seq} from ${event.from}: ${event.parts.map(partText).join("; ")}`;
    case "step":
      return `${at} steps (${event.how})`;
    case "deliver":
      return `${at} ${event.retract ? "takes back" : "delivers"} ${factText(event.collection, event.row)}`;
    case "fault":
      return `${at} fault ${event.fault.code} ${event.fault.message}`;
  }
}

export function partText(part: Part): string {
  switch (part.kind) {
    case "rows":
      return part.rows.map((row) => factText(part.target, row)).join(", ") || `nothing of ${part.target}`;
    case "seal":
      return `seal ${part.target} ${part.key === null ? "entirely" : canonicalText(part.key)} after ${part.count}`;
    case "append":
      return `append to ${part.log}: ${runsText(part.runs)}`;
    case "tick":
      return `tick ${part.log} ${canonicalText(part.value)} after ${part.after}`;
    case "batch":
      return `batch ${part.index} of ${part.log} ${canonicalText(part.value)}: ${runsText(part.runs)}`;
    case "trace":
      return `trace ${part.parent}`;
    default:
      return part.kind;
  }
}

function runsText(runs: readonly LogRun[]): string {
  return runs.flatMap(({ target, rows }) => rows.map((row) => factText(target, row))).join(", ");
}
