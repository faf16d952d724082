/** Roles with rules written by hand, for tests of what stands around an evaluator. */
import type {
  CollectionMeta,
  Environment,
  Evaluator,
  RoleProgram,
  Row,
  SealedMeta,
  StepInput,
  StepOutput,
  TargetMeta,
  TravelMeta,
  ValueType,
} from "../../src/runtime/program.ts";

export type Effects = { -readonly [K in keyof StepOutput]?: StepOutput[K] };

export interface HandRole {
  readonly role: string;
  readonly collections: readonly CollectionMeta[];
  readonly targets?: readonly TargetMeta[];
  readonly travels?: readonly TravelMeta[];
  readonly replicated?: boolean;
  readonly partitionedBy?: readonly string[];
  /** One evaluator's rules: `step` gives what leaves; `pending` the clocks with deferred facts. */
  readonly rules: (env: Environment) => {
    readonly step: (input: StepInput) => Effects;
    readonly pending?: () => readonly (string | null)[];
    readonly held?: Evaluator["held"];
  };
}

export function handRole(hand: HandRole): RoleProgram {
  return {
    meta: {
      role: hand.role,
      count: 1,
      replicated: hand.replicated ?? false,
      partitionedBy: hand.partitionedBy ?? null,
      collections: hand.collections,
      targets: hand.targets ?? [],
      travels: hand.travels ?? [],
    },
    createEvaluator: (env) => {
      const rules = hand.rules(env);
      return {
        step: (input) => ({ sends: [], outputs: [], seals: [], ...rules.step(input) }),
        pending: () => rules.pending?.() ?? [],
        read: () => [],
        held: () => rules.held?.() ?? [],
      };
    },
  };
}

/** `columns({ campaign: "string", n: "int" })` */
export function columns(types: Readonly<Record<string, ValueType>>): CollectionMeta["columns"] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}

export function collection(
  kind: CollectionMeta["kind"],
  name: string,
  types: Readonly<Record<string, ValueType>>,
  more: Partial<CollectionMeta> = {},
): CollectionMeta {
  return { kind, name, columns: columns(types), ...more };
}

export function sealedBy(
  key: readonly number[],
  producers: readonly string[] = [],
  more: Partial<SealedMeta> = {},
): SealedMeta {
  return { key, single: false, deadlineMs: null, producers, deferred: false, ...more };
}

export function target(role: string, meta: CollectionMeta, route: TargetMeta["route"] = { kind: "all" }): TargetMeta {
  return { id: `${role}.${meta.name}`, role, collection: meta, route };
}

/** Rows of one collection in a step. */
export function rowsOf(input: StepInput, name: string): readonly Row[] {
  return input.events.filter((event) => event.collection === name).flatMap((event) => event.rows);
}
