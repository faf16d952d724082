/** Logs that every reader puts in order by itself, as they stand in streams. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FollowedLogs } from "../src/runtime/followed-logs.ts";
import type { Envelope, LogRun } from "../src/runtime/messages.ts";
import { LOG_SHARES, ownerOf } from "../src/runtime/routing.ts";
import { Sequencer } from "../src/runtime/sequencer.ts";
import { collection, handRole } from "./support/roles.ts";

fc.configureGlobal({ seed: 19 });

const counts = { R: 2, P: 2 };
const click = collection(
  "channel",
  "click",
  { campaign: "string", id: "int" },
  { ordering: { log: "R.log", by: [0] } },
);
const { meta } = handRole({ role: "R", replicated: true, collections: [click], rules: () => ({ step: () => ({}) }) });

/** What one step of a producer appends. */
const appended = (from: string, seq: number, rows: LogRun["rows"]): Envelope => ({
  from,
  to: "log",
  epoch: 1,
  seq,
  parts: [{ kind: "append", log: "R.log", runs: [{ target: "R.click", to: null, from, rows }] }],
});

/** `share number: rows` of each batch for R#0. */
const batchesIn = (envelopes: readonly Envelope[]): readonly string[] =>
  envelopes
    .filter(({ to }) => to === "R#0")
    .flatMap(({ parts }) =>
      parts.flatMap((part) =>
        part.kind === "batch"
          ? [`${part.value.join()} ${part.index}: ${JSON.stringify(part.runs.map(({ rows }) => rows))}`]
          : [],
      ),
    );

describe("a log by key in one stream", () => {
  const steps = fc.array(
    fc.array(fc.tuple(fc.constantFrom("hats", "shoes", "ties", "caps", "gloves"), fc.nat(99)), { minLength: 1 }),
    { maxLength: 12 },
  );

  test("is the sixteen logs that a sequencer makes of the same, each with numbers of its own", () => {
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat(2)), (all, sizes) => {
        const [followed, sequencer] = [
          new FollowedLogs({ counts }, meta, "R#0", 5),
          new Sequencer({ counts }, [meta], 5),
        ];
        const last = new Map<string, number>();
        const waiting = all.map((rows, step) => appended("P#0", step + 1, rows));
        for (let place = 1; waiting.length > 0; place++) {
          // Under load several steps share an entry.
          const envelopes = waiting.splice(0, 1 + sizes.next().value!);
          const { batches, faults } = followed.take({
            kind: "appended",
            log: "R.log",
            upTo: place,
            from: "P#0",
            epoch: 1,
            first: envelopes[0].seq,
            envelopes,
          });
          for (const envelope of envelopes) sequencer.take(envelope);
          const brought = batchesIn(batches);
          expect(brought).toEqual(batchesIn(sequencer.flush()));
          expect(faults).toEqual([]);
          // No share is in it of which the entry has no row, and none has left out a number.
          const named = new Set(
            envelopes.flatMap(({ parts }) =>
              parts.flatMap((part) =>
                part.kind === "append"
                  ? part.runs.flatMap(({ rows }) => rows.map(([campaign]) => `${ownerOf([campaign], LOG_SHARES)}`))
                  : [],
              ),
            ),
          );
          expect(new Set(brought.map((batch) => batch.split(" ")[0]))).toEqual(named);
          for (const batch of brought) {
            const [share, number] = batch.split(/[ :]/);
            expect(Number(number)).toBe((last.get(share) ?? 0) + 1);
            last.set(share, Number(number));
          }
        }
      }),
    );
  });
});
