/** Written by hand: Ping sends each of its balls to every Pong, which sends it back until it has flown `turns` times. */
import { main } from "../../../src/runtime/main.ts";
import type {
  CollectionMeta,
  Row,
  RoleProgram,
  StepInput,
  StepOutput,
  TargetMeta,
} from "../../../src/runtime/program.ts";

const ball = [
  { name: "from", type: "addr" },
  { name: "id", type: "int" },
  { name: "turns", type: "int" },
] as const;
const serve: CollectionMeta = {
  name: "serve",
  kind: "input",
  columns: [
    { name: "id", type: "int" },
    { name: "turns", type: "int" },
  ],
};
const back: CollectionMeta = { name: "back", kind: "channel", columns: ball };
const there: CollectionMeta = { name: "there", kind: "channel", columns: ball };
const done: CollectionMeta = {
  name: "done",
  kind: "output",
  columns: [
    { name: "from", type: "addr" },
    { name: "id", type: "int" },
  ],
};

const toPong: TargetMeta = { id: "Pong.there", role: "Pong", collection: there, route: { kind: "all" } };
const toPing: TargetMeta = { id: "Ping.back", role: "Ping", collection: back, route: { kind: "one" } };

function rowsOf(input: StepInput, collection: string): Row[] {
  return input.events.filter((event) => event.collection === collection).flatMap(({ rows }) => rows);
}

const none: StepOutput = { sends: [], outputs: [], seals: [] };

const Ping: RoleProgram = {
  meta: {
    role: "Ping",
    count: 1,
    replicated: false,
    partitionedBy: null,
    collections: [serve, back, done],
    targets: [toPong],
    travels: [],
  },
  createEvaluator: (env) => ({
    step(input) {
      const served = rowsOf(input, "serve").map(([id, turns]) => [env.self, id, turns]);
      const returned = rowsOf(input, "back");
      const again = returned.filter(([, , turns]) => (turns as number) > 0);
      const over = returned.filter(([, , turns]) => turns === 0);
      return {
        ...none,
        sends: [
          ...(served.length > 0 ? [{ target: "Pong.there", to: "*", rows: served }] : []),
          ...again.map(([from, id, turns]) => ({
            target: "Pong.there",
            to: from as string,
            rows: [[env.self, id, turns]],
          })),
        ],
        outputs:
          over.length > 0 ? [{ collection: "done", retract: false, rows: over.map(([from, id]) => [from, id]) }] : [],
      };
    },
    pending: () => [],
    read: () => [],
    held: () => [],
  }),
};

const Pong: RoleProgram = {
  meta: {
    role: "Pong",
    count: 2,
    replicated: true,
    partitionedBy: null,
    collections: [there],
    targets: [toPing],
    travels: [],
  },
  createEvaluator: (env) => ({
    step(input) {
      const rows = rowsOf(input, "there");
      return {
        ...none,
        sends: rows.map(([from, id, turns]) => ({
          target: "Ping.back",
          to: from as string,
          rows: [[env.self, id, (turns as number) - 1]],
        })),
      };
    },
    pending: () => [],
    read: () => [],
    held: () => [],
  }),
};

main({ Ping, Pong }, { program: "pingpong", version: "1" });
