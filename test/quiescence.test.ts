import { describe, expect, test } from "vitest";
import type { Status } from "../src/runtime/control.ts";
import { Quiescence } from "../src/cli/launch/quiescence.ts";
import { awaitedLine, awaitedSeals } from "../src/cli/launch/report.ts";

const counts = { steps: 0, rowsIn: 0, rowsSent: 0, sealsSent: 0, envelopesSent: 0, outputs: 0, faults: 0 };
function status(name: string, some: Partial<Status> = {}): Status {
  return {
    name,
    ended: true,
    idle: true,
    sentTo: {},
    receivedFrom: {},
    written: {},
    read: {},
    fired: {},
    changes: 0,
    drawn: 0,
    missing: 0,
    counts,
    duplicates: 0,
    badRows: 0,
    ...some,
  };
}

describe("a run is over", () => {
  test("when what was written into a log has been read by all of its readers", () => {
    const round = (read: number): Status[] => [
      status("A#0", { written: { "R.log": 9 } }),
      status("B#0", { written: { "R.log": 4 } }),
      status("R#0", { read: { "R.log": 12 } }),
      status("R#1", { read: { "R.log": read } }),
    ];
    const quiescence = new Quiescence();
    for (const read of [8, 8, 8]) expect(quiescence.take(round(read))).toBe("busy");
    expect([9, 12, 12].map((read) => quiescence.take(round(read)))).toEqual(["calm", "calm", "done"]);
  });

  test("after two rounds that agree, not after one", () => {
    const quiescence = new Quiescence();
    const round = [status("A#0", { sentTo: { "B#0": 3 } }), status("B#0", { receivedFrom: { "A#0": 3 } })];
    expect(quiescence.take(round)).toBe("calm");
    expect(quiescence.take(round)).toBe("done");
  });

  test("not while an input is open, an instance has work, or a message is on its way", () => {
    for (const busy of [{ ended: false }, { idle: false }, { sentTo: { "B#0": 1 } }, { receivedFrom: { "B#0": 1 } }]) {
      const quiescence = new Quiescence();
      const round = [status("A#0", busy), status("B#0")];
      expect(quiescence.take(round)).toBe("busy");
      expect(quiescence.take(round)).toBe("busy");
    }
  });

  test("not when a message passed between the two rounds, though each looked calm", () => {
    // A was asked before it sent, B after it had received: every count of one round agrees with some moment.
    const quiescence = new Quiescence();
    expect(quiescence.take([status("A#0"), status("B#0")])).toBe("calm");
    expect(
      quiescence.take([status("A#0", { sentTo: { "B#0": 1 } }), status("B#0", { receivedFrom: { "A#0": 1 } })]),
    ).toBe("calm");
    expect(
      quiescence.take([status("A#0", { sentTo: { "B#0": 1 } }), status("B#0", { receivedFrom: { "A#0": 1 } })]),
    ).toBe("done");
  });

  test("without the messages to and from instances that died", () => {
    const quiescence = new Quiescence();
    const round = [status("A#0", { sentTo: { "B#0": 3 }, receivedFrom: { "B#0": 9 } })];
    quiescence.take(round);
    expect(quiescence.take(round)).toBe("done");
  });

  test("when every timer has fired once more and changed nothing", () => {
    const quiescence = new Quiescence();
    const at = (a: number, b: number, changes: number): Status[] => [
      status("A#0", { fired: { t: a }, changes }),
      status("B#0", { fired: { t: b } }),
    ];
    quiescence.take(at(1, 1, 5));
    expect(quiescence.take(at(1, 1, 5))).toBe("quiet");
    expect(quiescence.take(at(2, 1, 5))).toBe("quiet");
    // The firing of A changed something: from the beginning.
    expect(quiescence.take(at(2, 2, 6))).toBe("quiet");
    expect(quiescence.take(at(3, 2, 6))).toBe("quiet");
    expect(quiescence.take(at(3, 3, 6))).toBe("done");
  });

  test("not while a message is missing that was lost since the last change", () => {
    const quiescence = new Quiescence();
    const at = (fired: number, drawn: number, missing: number): Status[] => [
      status("A#0", { fired: { t: fired }, drawn, missing }),
    ];
    expect(quiescence.since("A#0")).toBeNull();
    quiescence.take(at(1, 5, 2));
    expect(quiescence.take(at(1, 5, 2))).toBe("quiet");
    expect(quiescence.since("A#0")).toBe(5);
    expect(quiescence.take(at(2, 7, 1))).toBe("quiet");
    expect(quiescence.take(at(3, 8, 0))).toBe("done");
  });
});

test("awaited seals are told by waiting role and producer, replicas' partitions counted once", () => {
  const click = (campaigns: readonly string[]) =>
    campaigns.map((campaign) => ({ collection: "click", key: [campaign], producers: ["AdServer#2"], held: 4 }));
  const awaited = awaitedSeals(
    [
      status("Report#0", { awaited: click(["a", "b", "c", "d"]) }),
      status("Report#1", { awaited: click(["a", "b"]) }),
      status("Analyst#0", { awaited: [] }),
    ],
    new Map([["Report.click", ["campaign"]]]),
  );
  expect(awaited.map(awaitedLine)).toEqual([
    `Report is waiting for the seal of click(campaign) from AdServer#2: 4 partitions ("a"; "b"; "c"; ...), 24 rows held back at 2 instances`,
  ]);
});
