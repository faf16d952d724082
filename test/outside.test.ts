/** Values of lattices as hosts, files, functions and other instances have them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Engine } from "../src/runtime/engine/engine.ts";
import { joinOf } from "../src/runtime/engine/join-of.ts";
import { decodeField, decodeRecord, RowType } from "../src/runtime/codec.ts";
import { Feed } from "../src/runtime/feed.ts";
import { lineWriter, objectOf } from "../src/runtime/lines.ts";
import { startNode } from "../src/runtime/node.ts";
import type { DlcNode } from "../src/runtime/node.ts";
import type { Fault, RoleProgram, Value, ValueType } from "../src/runtime/program.ts";
import { handed } from "../src/runtime/outside.ts";
import { WireFormat } from "../src/runtime/transports/wire.ts";
import { collection, columns } from "./support/roles.ts";

const of = (lattice: string, ...args: readonly ValueType[]) => ({ lattice, args });

interface Case {
  readonly type: ValueType;
  /** As a host gives it in JSON; undefined: none can be given. */
  readonly given: unknown;
  readonly decoded: Value;
  /** As a host sees it, in memory. */
  readonly shown: unknown;
  /** As a function gets it. */
  readonly got: unknown;
}

const bytes = new Uint8Array([1, 2]);
const cases: readonly Case[] = [
  { type: of("lmax", "int"), given: 3, decoded: 3, shown: 3, got: 3 },
  { type: of("lmin", "float"), given: "-Infinity", decoded: -Infinity, shown: -Infinity, got: -Infinity },
  { type: of("lbool"), given: true, decoded: true, shown: true, got: true },
  {
    type: of("lset", "string"),
    given: ["b", "a", "b"],
    decoded: ["a", "b"],
    shown: ["a", "b"],
    got: new Set(["a", "b"]),
  },
  { type: of("lset", "bytes"), given: ["AQI="], decoded: [bytes], shown: [bytes], got: new Set([bytes]) },
  { type: of("lpset", "nat"), given: [2, 1], decoded: [1, 2], shown: [1, 2], got: new Set([1, 2]) },
  {
    type: of("lbag", "string"),
    given: ["b", "a", "b"],
    decoded: [
      ["a", 1],
      ["b", 2],
    ],
    shown: ["a", "b", "b"],
    got: ["a", "b", "b"],
  },
  {
    type: of("lmap", "string", of("lset", "int")),
    given: { y: [2, 1], x: [] },
    decoded: [
      ["x", []],
      ["y", [1, 2]],
    ],
    shown: { x: [], y: [1, 2] },
    got: new Map([
      ["x", new Set()],
      ["y", new Set([1, 2])],
    ]),
  },
  {
    type: of("lmap", "int", of("lmap", "addr", of("lbag", "int"))),
    given: [[2, { "R#0": [7, 7] }]],
    decoded: [[2, [["R#0", [[7, 2]]]]]],
    shown: [[2, { "R#0": [7, 7] }]],
    got: new Map([[2, new Map([["R#0", [7, 7]]])]]),
  },
  {
    type: of("gcounter"),
    given: undefined,
    decoded: [
      ["a", 2],
      ["b", 3],
    ],
    shown: 5,
    got: 5,
  },
  {
    type: of("pncounter"),
    given: undefined,
    decoded: [
      ["a", 2],
      ["b", -3],
    ],
    shown: -1,
    got: -1,
  },
  { type: of("lww", "string"), given: { stamp: 3, value: "x" }, decoded: [3, "x"], shown: "x", got: "x" },
  {
    type: of("mvreg", "string"),
    given: undefined,
    decoded: [
      [[["R#0", 1]], "y"],
      [[["R#1", 1]], "x"],
      [[["R#2", 1]], "x"],
    ],
    shown: ["x", "y"],
    got: new Set(["x", "y"]),
  },
  {
    type: of("orset", "string"),
    given: undefined,
    decoded: [
      ["a", [["1", true]]],
      [
        "b",
        [
          ["1", true],
          ["2", false],
        ],
      ],
    ],
    shown: ["b"],
    got: new Set(["b"]),
  },
  {
    type: of("dompair", of("lmax", "int"), of("lset", "int")),
    given: [3, [2, 1]],
    decoded: [[3, [1, 2]]],
    shown: [3, [1, 2]],
    got: [3, new Set([1, 2])],
  },
  {
    type: of("dompair", of("vclock"), of("Ballot")),
    given: undefined,
    decoded: [
      [[["R#0", 1]], { n: 1 }],
      [[["R#1", 2]], { n: 2 }],
    ],
    shown: [{ "R#0": 1, "R#1": 2 }, { n: 2 }],
    got: [
      new Map([
        ["R#0", 1],
        ["R#1", 2],
      ]),
      { n: 2 },
    ],
  },
  {
    type: of("vclock"),
    given: { "R#1": 2, "R#0": 0 },
    decoded: [["R#1", 2]],
    shown: { "R#1": 2 },
    got: new Map([["R#1", 2]]),
  },
  { type: of("Ballot"), given: { n: 1 }, decoded: { n: 1 }, shown: { n: 1 }, got: { n: 1 } },
  {
    type: { tuple: ["int", of("lset", "int")] },
    given: [1, [2]],
    decoded: [1, [2]],
    shown: [1, [2]],
    got: [1, new Set([2])],
  },
];

const lattices = { Ballot: { bottom: { n: 0 }, join: (a: { n: number }, b: { n: number }) => (a.n < b.n ? b : a) } };
const joined = joinOf(lattices);

describe.each(cases.map((one) => [JSON.stringify(one.type), one] as const))(
  "%s",
  (_, { type, given, decoded, shown, got }) => {
    const out = collection("output", "o", { v: type });

    test("comes from a host, and goes to one", () => {
      expect(new RowType(columns({ v: type })).problem([decoded])).toBeNull();
      if (given !== undefined) {
        expect(decodeRecord(columns({ v: type }), { v: given })).toEqual({ ok: true, value: [decoded] });
        expect(decodeField({ name: "v", type }, JSON.stringify(given))).toEqual({ ok: true, value: decoded });
      }
      expect(objectOf(out.columns, [decoded], joined)).toEqual({ v: shown });
      const line = JSON.parse(lineWriter("R", 0, out, joined)([decoded], false)) as { row: { v: unknown } };
      const text = JSON.stringify(shown, (_key, one: unknown) =>
        one instanceof Uint8Array ? "AQI=" : one === -Infinity ? "-Infinity" : one,
      );
      expect(line.row.v).toEqual(JSON.parse(text));
    });

    test("goes to functions, and comes from them", () => {
      expect(handed(type, decoded, "function", joined)).toEqual(got);
      const engine = new Engine({ self: "R#0", nodes: () => [], isClosed: () => false, report: () => {} });
      engine.importLattice("Ballot", lattices.Ballot);
      let seen: unknown;
      const call = engine.callable(
        "f",
        (value: unknown) => ((seen = value), value),
        [type],
        given === undefined ? "json" : type,
      );
      const result = call.call([engine.values.encode(type, decoded)]);
      expect(seen).toEqual(got);
      const isLww = JSON.stringify(type).includes("lww");
      if (given !== undefined && !isLww) expect(engine.values.decode(type, result as number)).toEqual(decoded);
    });

    test("goes over the wire as it is", () => {
      const channel = collection("channel", "c", { v: type });
      const meta = {
        role: "R",
        count: 1,
        replicated: false,
        partitionedBy: null,
        collections: [channel],
        targets: [],
        travels: [],
      };
      const wire = new WireFormat([meta]);
      const [frame] = wire.encode({
        from: "R#0",
        to: "R#1",
        epoch: 1,
        seq: 1,
        parts: [{ kind: "rows", target: "R.c", rows: [[decoded]] }],
      });
      const [, , part] = JSON.parse(frame.subarray(4).toString()) as unknown[];
      expect(wire.decodePart(part)).toEqual({ kind: "rows", target: "R.c", rows: [[decoded]] });
    });
  },
);

test("in a field of a CSV file plain text needs no quotes", () => {
  const field = (type: ValueType, text: string): unknown => decodeField({ name: "v", type }, text);
  expect(field(of("lmax", "string"), "x, y")).toEqual({ ok: true, value: "x, y" });
  expect(field(of("lmin", "float"), "-Infinity")).toEqual({ ok: true, value: -Infinity });
  expect(field(of("lset", "string"), '["x"]')).toEqual({ ok: true, value: ["x"] });
});

test("what a host gives in another shape is refused with a sentence", () => {
  const problem = (type: ValueType, given: unknown): string | null => {
    const decoded = decodeRecord(columns({ v: type }), { v: given });
    return decoded.ok ? null : decoded.problem;
  };
  expect(problem(of("lset", "int"), 1)).toBe("column v: lset<int> (an array) expected, number 1 found");
  expect(problem(of("lset", "int"), [1, "x"])).toBe('column v, element 2: int expected, string "x" found');
  expect(problem(of("lmap", "string", of("lbool")), 1)).toBe(
    "column v: lmap<string, lbool> (an object, or an array of pairs) expected, number 1 found",
  );
  expect(
    problem(of("lmap", "int", of("lbool")), [
      [1, true],
      [1, false],
    ]),
  ).toBe("column v: lmap<int, lbool> expected, and the key 1 stands twice");
  expect(problem(of("lmap", "int", of("lbool")), { 1: true })).toContain("an object found");
  expect(problem(of("lww", "int"), [1, 2])).toBe(
    'column v: lww<int> (an object {"stamp": 3, "value": ...}) expected, a list of 2 found',
  );
  expect(problem(of("dompair", of("lbool"), of("lbool")), [true])).toContain("(an array [version, value]) expected");
  expect(problem(of("gcounter"), 3)).toBe("column v: gcounter (one that rules make) expected, number 3 found");
  expect(problem(of("gcounter"), [["dot", 3]])).toContain("one that rules make");
  expect(problem(of("vclock"), { nowhere: 1 })).toBe(
    'column v, element 1, element 1: addr expected, string "nowhere" found',
  );
  expect(problem(of("lpset", "int"), [-1])).toBe("column v: lpset<int> expected, and -1 is not 0 or more");
});

describe("a node", () => {
  const votes: ValueType = of("lmap", "string", of("lset", "int"));
  const Echo: RoleProgram = {
    meta: {
      role: "Echo",
      count: 1,
      replicated: false,
      partitionedBy: null,
      targets: [],
      travels: [],
      collections: [
        collection("input", "put", { k: "string", v: votes }),
        collection("output", "got", { k: "string", v: votes }),
      ],
    },
    createEvaluator: (env) => {
      const types = ["string", votes] as const;
      const engine = new Engine(env);
      const put = engine.latticeEvent({ name: "put", columns: [0], rules: [] }, types);
      const got = engine.output("got", types, false);
      return engine.run(false, () => {
        for (let row = 0; row < put.size; row++) got.land(got.seekRow(put, row));
      });
    },
  };
  const folder = mkdtempSync(join(tmpdir(), "dlc-outside-"));
  let node: DlcNode | null = null;
  afterEach(async () => {
    await node?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("takes and gives lattices in their form for hosts, from its program, from files and as lines", async () => {
    const faults: Fault[] = [];
    node = await startNode(Echo, { log: () => {} });
    const rows: unknown[] = [];
    node.on("got", (row) => rows.push(row)).on("fault", (fault: Fault) => faults.push(fault));
    expect(node.input.put({ k: "a", v: { x: [2, 1] } })).toBeNull();
    expect(node.input.put(["a", [["y", [3]]]])).toBeNull();
    await expect.poll(() => rows).toEqual([{ k: "a", v: { x: [1, 2], y: [3] } }]);
    expect(node.input.put({ k: "b", v: 7 as never })?.message).toBe(
      "Echo#0 refused a row of input put: column v: lmap<string, lset<int>> (an object, or an array of pairs) expected, number 7 found",
    );
    expect(node.input.put({ k: "b", v: { x: ["1"] } })?.message).toContain('int expected, string "1" found');
    expect(faults.map(({ code }) => code)).toEqual(["DLC902", "DLC902"]);

    const path = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const bad: string[] = [];
    const deal = null;
    const feed = new Feed(node, Echo.meta.collections, {
      files: [
        { collection: "put", path: path("a.ndjson", '{"k":"f","v":{"x":[5]}}\n{"k":"f","v":[5]}\n'), deal },
        { collection: "put", path: path("a.csv", 'k,v\nc,"{""x"":[6]}"\n'), deal },
      ],
      stdin: true,
      report: (message) => bad.push(message),
    });
    feed.start();
    feed.line(1, { role: "Echo", collection: "put", row: { k: "l", v: { x: [8] } } });
    await expect.poll(() => rows.length).toBe(4);
    expect(new Set(rows.slice(1))).toEqual(
      new Set([
        { k: "f", v: { x: [5] } },
        { k: "c", v: { x: [6] } },
        { k: "l", v: { x: [8] } },
      ]),
    );
    expect(bad).toEqual([
      `${join(folder, "a.ndjson")}:2:14: column v: lmap<string, lset<int>> (an object, or an array of pairs) expected, a list of 1 found`,
    ]);
  });
});
