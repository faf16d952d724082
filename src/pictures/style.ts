/** Colours and words of the pictures: light enough to print, apart in lightness for those who see no hue. */
import type { LabelName, Reason } from "../compiler/analysis.ts";

export interface Tint {
  readonly fill: string;
  readonly line: string;
}

export const labelTints: Readonly<Record<LabelName, Tint>> = {
  Seal: { fill: "#d3ede4", line: "#11795b" },
  Async: { fill: "#e1f3da", line: "#3c7d20" },
  Run: { fill: "#fff1bd", line: "#8a6500" },
  Inst: { fill: "#ffd9b0", line: "#a84b00" },
  Diverge: { fill: "#f6b9b3", line: "#9e1b12" },
};

export const plainTint: Tint = { fill: "#ffffff", line: "#8d96a3" };
export const logTint: Tint = { fill: "#d6e4fb", line: "#1f4e9e" };
/** A rule whose order somebody takes care of, and one that is left as it is. */
export const ruleTints = {
  kept: { fill: "#eef3fc", line: "#1f4e9e" },
  open: { fill: "#fde7e5", line: "#9e1b12" },
} as const;
export const ink = {
  text: "#16191d",
  faint: "#5c6570",
  box: "#c3cad3",
  boxFill: "#f7f8fa",
  message: "#1f4e9e",
  flow: "#6d7681",
} as const;

export const labelMeaning: Readonly<Record<LabelName, string>> = {
  Seal: "Seal: final, partition by partition",
  Async: "Async: the same in every run",
  Run: "Run: replicas agree, runs may differ",
  Inst: "Inst: replicas differ for a while",
  Diverge: "Diverge: replicas may differ for ever",
};

export const reasonTexts: Readonly<Record<Reason, string>> = {
  negation: "asks what is absent",
  aggregate: "sums up a group",
  rendezvous: "two things meet in a step",
  deletion: "takes facts away",
  upsert: "replaces a value",
  "key-conflict": "the first value of a key stays",
  reveal: "reads what still grows",
  choice: "shows when a timer fired",
  opaque: "hands it to imported code",
  local: "stems from one replica",
  promise: "may break its own seal",
};
