/** Written by hand: counts the first five ticks of a timer; a message to itself leaves with every tick. */
import { main } from "../../../src/runtime/main.ts";
import type { CollectionMeta, RoleProgram, TargetMeta } from "../../../src/runtime/program.ts";

const tick: CollectionMeta = { name: "tick", kind: "timer", columns: [], periodMs: 30 };
const gossip: CollectionMeta = { name: "gossip", kind: "channel", columns: [{ name: "n", type: "int" }] };
const count: CollectionMeta = { name: "count", kind: "output", columns: [{ name: "n", type: "int" }] };
const target: TargetMeta = { id: "Clock.gossip", role: "Clock", collection: gossip, route: { kind: "all" } };

const Clock: RoleProgram = {
  meta: {
    role: "Clock",
    count: 2,
    replicated: true,
    partitionedBy: null,
    collections: [tick, gossip, count],
    targets: [target],
    travels: [],
  },
  createEvaluator: () => {
    let ticks = 0;
    return {
      step: ({ events }) => {
        if (!events.some(({ collection }) => collection === "tick")) return { sends: [], outputs: [], seals: [] };
        const isNew = ticks < 5;
        if (isNew) ticks++;
        return {
          sends: [{ target: "Clock.gossip", to: null, rows: [[ticks]] }],
          outputs: isNew ? [{ collection: "count", retract: false, rows: [[ticks]] }] : [],
          seals: [],
        };
      },
      pending: () => [],
      read: () => [],
      held: () => [],
      changes: () => ticks,
    };
  },
};

main({ Clock }, { program: "clock", version: "1" });
