/** Written by hand: role Weak throws when it is told to, which its runtime does not expect; role Strong echoes. */
import { main } from "../../../src/runtime/main.ts";
import type { CollectionMeta, RoleProgram } from "../../../src/runtime/program.ts";

const word: CollectionMeta = { name: "word", kind: "input", columns: [{ name: "word", type: "string" }] };
const echo: CollectionMeta = { name: "echo", kind: "output", columns: [{ name: "word", type: "string" }] };

function role(name: string): RoleProgram {
  return {
    meta: {
      role: name,
      count: 1,
      replicated: false,
      partitionedBy: null,
      collections: [word, echo],
      targets: [],
      travels: [],
    },
    createEvaluator: () => ({
      step: ({ events }) => {
        const rows = events.flatMap((event) => event.rows);
        if (name === "Weak" && rows.some(([text]) => text === "throw")) throw new Error("a rule that nobody expected");
        return { sends: [], outputs: [{ collection: "echo", retract: false, rows }], seals: [] };
      },
      pending: () => [],
      read: () => [],
      held: () => [],
    }),
  };
}

main({ Weak: role("Weak"), Strong: role("Strong") }, { program: "crash", version: "1" });
