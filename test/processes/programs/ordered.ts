/** Written by hand: what Sources send reaches every replica through one log; each tells the order in which it took the events. */
import { main } from "../../../src/runtime/main.ts";
import type { CollectionMeta, RoleProgram, Row, TargetMeta } from "../../../src/runtime/program.ts";

const columns = [
  { name: "from", type: "addr" },
  { name: "id", type: "int" },
] as const;
const put: CollectionMeta = { name: "put", kind: "input", columns: [{ name: "id", type: "int" }] };
const event: CollectionMeta = { name: "event", kind: "channel", columns, ordering: { log: "Replica.log", by: [] } };
const taken: CollectionMeta = { name: "taken", kind: "output", columns: [{ name: "place", type: "int" }, ...columns] };
const target: TargetMeta = { id: "Replica.event", role: "Replica", collection: event, route: { kind: "all" } };

const Source: RoleProgram = {
  meta: {
    role: "Source",
    count: 2,
    replicated: false,
    partitionedBy: null,
    collections: [put],
    targets: [target],
    travels: [],
  },
  createEvaluator: ({ self }) => ({
    step: ({ events }) => ({
      sends: events.map(({ rows }) => ({ target: "Replica.event", to: null, rows: rows.map(([id]) => [self, id]) })),
      outputs: [],
      seals: [],
    }),
    pending: () => [],
    read: () => [],
    held: () => [],
  }),
};

const Replica: RoleProgram = {
  meta: {
    role: "Replica",
    count: 3,
    replicated: true,
    partitionedBy: null,
    collections: [event, taken],
    targets: [],
    travels: [],
  },
  createEvaluator: () => {
    let place = 0;
    return {
      step: ({ events }) => {
        const rows: Row[] = events.flatMap((each) => each.rows).map((row) => [place++, ...row]);
        return {
          sends: [],
          outputs: rows.length > 0 ? [{ collection: "taken", retract: false, rows }] : [],
          seals: [],
        };
      },
      pending: () => [],
      read: () => [],
      held: () => [],
    };
  },
};

main({ Source, Replica }, { program: "ordered", version: "1" });
