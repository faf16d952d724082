/**
 * Written by hand, the shape of a word count: every Source sends its words to the Counter that owns them; a Counter gives its
 * counts away when every Source has sealed the whole stream. `seen` tells each word as it comes.
 */
import { main } from "../../../src/runtime/main.ts";
import type { CollectionMeta, RoleProgram, Row, TargetMeta } from "../../../src/runtime/program.ts";

const whole = (producers: string[]) => ({ key: [], single: false, deadlineMs: null, producers, deferred: false });
const line = [
  { name: "id", type: "int" },
  { name: "word", type: "string" },
] as const;
const input: CollectionMeta = { name: "word", kind: "input", columns: line, sealed: whole([]) };
const word: CollectionMeta = { name: "word", kind: "channel", columns: line, sealed: whole(["Source"]) };
const count: CollectionMeta = {
  name: "count",
  kind: "output",
  columns: [
    { name: "word", type: "string" },
    { name: "n", type: "int" },
  ],
};
const seen: CollectionMeta = { name: "seen", kind: "output", columns: line };
const target: TargetMeta = {
  id: "Counter.word",
  role: "Counter",
  collection: word,
  route: { kind: "owner", columns: [1] },
};

const Source: RoleProgram = {
  meta: {
    role: "Source",
    count: 2,
    replicated: false,
    partitionedBy: null,
    collections: [input],
    targets: [target],
    travels: [{ target: "Counter.word", parts: [{ source: "word", map: (key) => key }], deferred: false }],
  },
  createEvaluator: () => ({
    step: ({ events }) => ({
      sends: events.map(({ rows }) => ({ target: "Counter.word", to: null, rows })),
      outputs: [],
      seals: [],
    }),
    pending: () => [],
    read: () => [],
    held: () => [],
  }),
};

const Counter: RoleProgram = {
  meta: {
    role: "Counter",
    count: 2,
    replicated: false,
    partitionedBy: ["word"],
    collections: [word, count, seen],
    targets: [],
    travels: [],
  },
  createEvaluator: (env) => {
    const counts = new Map<string, number>();
    let rows = 0;
    let isGiven = false;
    return {
      step: ({ events }) => {
        const fresh = events.flatMap((event) => event.rows);
        for (const [, text] of fresh) counts.set(text as string, (counts.get(text as string) ?? 0) + 1);
        rows += fresh.length;
        const outputs: { collection: string; retract: boolean; rows: Row[] }[] = [];
        if (process.env["SHOW_SEEN"] && fresh.length > 0)
          outputs.push({ collection: "seen", retract: false, rows: fresh });
        if (!isGiven && env.isClosed("word", [])) {
          isGiven = true;
          outputs.push({ collection: "count", retract: false, rows: [...counts].sort().map(([text, n]) => [text, n]) });
        }
        return { sends: [], outputs, seals: [] };
      },
      pending: () => [],
      read: () => [],
      held: () => (isGiven || rows === 0 ? [] : [{ rule: "count#1", source: "word", rows }]),
    };
  },
};

main({ Source, Counter }, { program: "counter", version: "1" });
