import type { CollectionId, Ir } from "../ir.ts";
import type { Insertion, Stop } from "../plan.ts";
import type { Reached } from "./outputs.ts";

/** Which outputs give no answers while the sequencer, a producer or a replica cannot be reached, because of what is inserted. */
export function stopsOf(ir: Ir, insertions: readonly Insertion[], reached: readonly Reached[]): Stop[] {
  const behind = new Map<Insertion, CollectionId[]>(insertions.map((insertion) => [insertion, []]));
  for (const { output, own } of reached) for (const insertion of own) behind.get(insertion)!.push(output);
  const stops = new Map<string, { stop: Stop; outputs: Set<CollectionId> }>();
  const add = (unreachable: string, what: string, outputs: readonly CollectionId[]): void => {
    const key = `${unreachable} ${what}`;
    const known = stops.get(key);
    if (known) for (const id of outputs) known.outputs.add(id);
    else stops.set(key, { stop: { unreachable, what, outputs: [] }, outputs: new Set(outputs) });
  };
  for (const insertion of insertions) {
    const { mechanism, producers, single, key, epochMs } = insertion;
    const outputs = behind.get(insertion)!;
    if (mechanism === "order" || epochMs !== null)
      add("the sequencer", "nothing is answered that passes through the log", outputs);
    if (mechanism === "seal" || mechanism === "barrier") {
      for (const role of producers ?? []) {
        const values = `of (${key.join(", ")})`;
        const what =
          key.length === 0
            ? "nothing is answered that waits for its end"
            : single
              ? `no value ${values} is answered that it alone produces`
              : `no value ${values} is answered that it has not sealed`;
        add(ir.externals.get(role)?.kind === "source" ? `the source ${role}` : `an instance of ${role}`, what, outputs);
      }
    }
  }
  for (const role of new Set(insertions.filter(({ mechanism }) => mechanism !== "none").map((each) => each.role))) {
    if (ir.roles.get(role)?.replicated) add(`a replica of ${role}`, "the others answer", []);
  }
  return [...stops.values()].map(({ stop, outputs }) => ({ ...stop, outputs: [...outputs] }));
}
