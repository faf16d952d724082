/** The words of the language, by where they stand, with what they say. */
import { pathWords } from "../compiler/1-parse/components.ts";
import { claims, levels, modifierWords } from "../compiler/1-parse/declarations.ts";
import { blockKinds, collectionKinds, interfaceKinds, itemKinds } from "../compiler/1-parse/words.ts";
import { strategies } from "../compiler/1-parse/rules.ts";
import { kindsOf } from "../compiler/2-lower/collection.ts";
import { infix } from "../compiler/1-parse/scan.ts";

/** With which a statement begins. */
export const outside: readonly string[] = [...blockKinds, ...itemKinds, "use"];
export const inRole: readonly string[] = [...collectionKinds, "seal", "use"];
export const inModule: readonly string[] = [...interfaceKinds, ...inRole];
export const inComponent: readonly string[] = [...interfaceKinds, "path"];
export const annotations: readonly string[] = ["coordinate", "allow"];

export const headerWords: readonly string[] = ["replicated", "partitioned"];
/** Behind the columns of a collection; `every` behind the name of a timer. */
export const modifiers: readonly string[] = modifierWords;
export const joining: readonly string[] = ["by", "every", "from", "as"];
export const claimWords: readonly string[] = claims;
export const mechanisms: readonly string[] = strategies;
/** Of the paths of components. */
export const paths: readonly string[] = pathWords;
/** In rules. `distinct` stands in an aggregate. */
export const ruleWords: readonly string[] = [...infix];
export const constants: readonly string[] = ["true", "false", "self"];

/** Every word that means something somewhere. */
export const allWords: ReadonlySet<string> = new Set([
  ...outside,
  ...inModule,
  ...inComponent,
  ...paths,
  ...annotations,
  ...headerWords,
  ...modifiers,
  ...joining,
  ...claimWords,
  ...mechanisms,
  ...ruleWords,
  ...constants,
  "weaker",
]);

/** Words that can stand behind a declaration of this kind. */
export function modifiersOf(kind: string): readonly string[] {
  const on = kind === "source" ? "input" : kind;
  const found = Object.entries(kindsOf).filter(([, kinds]) => (kinds as readonly string[]).includes(on));
  return found.flatMap(([word]) => (word === "level" ? [...levels, "strict"] : [word]));
}

export const wordDocs: Readonly<Record<string, string>> = {
  role: "A kind of process. `role A x5`, `role A replicated x3`, `role A partitioned by (k)`.",
  module: "Collections and rules that can be copied into roles.",
  import: "Brings the roles and modules of another file.",
  use: "Puts a copy of a module into a role.",
  function: "A pure function written in TypeScript.",
  aggregate: "An aggregate written in TypeScript.",
  lattice: "A lattice written in TypeScript.",
  input: "Facts that the host gives, each for one step.",
  output: "Facts that are handed to the host as they become true.",
  channel: "Messages of other instances, each for one step.",
  table: "Facts that stay until they are deleted.",
  scratch: "Facts of one step, or as long as what they are derived from.",
  timer: "A fact each time that it fires: `timer t every 500ms`.",
  source: "An input of the host that belongs to no role.",
  component: "A service that is written elsewhere, by what is declared of it.",
  connect: "Sends all facts of a source, an output or a collection to a component or a role.",
  path: "How an output of a component depends on an input.",
  CR: "In other order it gives the same, and keeps nothing.",
  CW: "In other order it gives the same in the end; it keeps something.",
  OR: "In other order it gives something else; it keeps nothing.",
  OW: "In other order it gives something else; it keeps something.",
  rate: "Facts a second at each instance.",
  seal: "Says that no more facts of a value will come.",
  in: "Of a module's interface: written by the role that uses it.",
  out: "Of a module's interface: written by the module.",
  sealed: "A promise: after the seal of a value no more facts of it are sent.",
  lossy: "Messages may get lost.",
  durable: "Survives a restart.",
  deterministic: "The same facts in every run of the same inputs.",
  agreed: "Replicas of one run agree; runs may differ.",
  eventual: "Replicas may differ for a while, then agree.",
  any: "No promise.",
  strict: "Not reaching the promise is an error.",
  replicated: "Every instance is meant to agree; messages go to all.",
  partitioned: "A message goes to the instance that owns a column's value.",
  coordinate: "Fixes by hand how a rule is coordinated.",
  allow: "Accepts a weaker source than the output promises.",
  having: "Conditions on groups.",
  not: "No fact matches.",
  self: "The instance's own address.",
};
