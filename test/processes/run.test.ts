import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fileOf, run, start } from "./programs.ts";

const dlc = fileURLToPath(new URL("../../bin/dlc.js", import.meta.url));

const words = (count: number, offset = 0): string =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ id: i + offset, word: `w${(i * 7919) % 50}` })).join("\n") +
  "\n";

function countsOf(ran: Awaited<ReturnType<typeof run>>): Map<string, number> {
  return new Map(
    ran.rows
      .filter(({ collection }) => collection === "count")
      .map(({ row }) => [row["word"] as string, row["n"] as number]),
  );
}

test("messages go to and fro between processes until they rest", async () => {
  const serve = [0, 1, 2]
    .map((id) => JSON.stringify({ role: "Ping", collection: "serve", row: { id, turns: 5 } }))
    .join("\n");
  const ran = await run("pingpong", {}, serve);
  expect(ran.stderr).not.toContain("died");
  expect(ran.code).toBe(0);
  expect(
    ran.rows
      .map(({ role, node, collection, row }) => `${role}#${node}.${collection} ${row["from"]} ${row["id"]}`)
      .sort(),
  ).toEqual([
    "Ping#0.done Pong#0 0",
    "Ping#0.done Pong#0 1",
    "Ping#0.done Pong#0 2",
    "Ping#0.done Pong#1 0",
    "Ping#0.done Pong#1 1",
    "Ping#0.done Pong#1 2",
  ]);
});

test("input files are dealt to all instances, and counts come when all have sealed", async () => {
  const path = fileOf("words.ndjson", words(20_000));
  const ran = await run("counter", { input: [`Source[*].word=${path}`] });
  expect(ran.code).toBe(0);
  const counts = countsOf(ran);
  expect(counts.size).toBe(50);
  expect([...counts.values()].reduce((a, b) => a + b)).toBe(20_000);
  expect(ran.stderr).toMatch(/Source#1\s+\S+\s+10,000/);
});

test("the same counts come whatever the delays", async () => {
  const path = fileOf("delayed.ndjson", words(3000));
  const ran = await run("counter", { input: [`Source[*].word=${path}`], delay: "0ms..40ms", seed: 3 });
  expect(ran.code).toBe(0);
  expect([...countsOf(ran).values()].reduce((a, b) => a + b)).toBe(3000);
});

test("a span of delays lets messages overtake each other, one delay does not", async () => {
  // stdin is given in pieces, so that there are several messages to overtake.
  const seen = async (delay: string): Promise<number[]> => {
    const { launch } = await import("./programs.ts");
    const running = await launch("counter", { delay, seed: 1 }, null, { SHOW_SEEN: "1" });
    await running.sees("processes started");
    for (let id = 0; id < 12; id++) {
      running.stdin.write(JSON.stringify({ role: "Source", collection: "word", row: { id, word: "same" } }) + "\n");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    running.stdin.end();
    const ran = await running.done;
    expect(ran.code).toBe(0);
    return ran.rows.filter(({ collection }) => collection === "seen").map(({ row }) => row["id"] as number);
  };
  const inOrder = Array.from({ length: 12 }, (_, i) => i);
  expect(await seen("30ms")).toEqual(inOrder);
  // On a busy machine several rows may leave in one message, which nothing can overtake.
  let mixed = inOrder;
  for (let turn = 0; turn < 5 && mixed.join() === inOrder.join(); turn++) mixed = await seen("0ms..300ms");
  expect(mixed).not.toEqual(inOrder);
  expect([...mixed].sort((a, b) => a - b)).toEqual(inOrder);
});

test("bad rows of a file are located and skipped, the run goes on and ends with 1", async () => {
  const path = fileOf(
    "bad.ndjson",
    [
      `{"id":1,"word":"a"}`,
      `{"id":"x","word":"a"}`,
      `{"id":2,"word":"a"`,
      ``,
      `{"id":3}`,
      `{"id":4,"word":"b","n":1}`,
      `7`,
      `{"id":5,"word":"b"}`,
    ].join("\n"),
  );
  const ran = await run("counter", { input: [`Source.word=${path}`] });
  expect(ran.code).toBe(1);
  expect([...countsOf(ran)].sort()).toEqual([
    ["a", 1],
    ["b", 1],
  ]);
  expect(ran.stderr).toContain(`${path}:2:7: column id: int expected, string "x" found`);
  expect(ran.stderr).toMatch(/bad\.ndjson:3:19: not JSON: Expected ',' or '}' after property value/);
  expect(ran.stderr).toContain(`${path}:5:1: column word is missing; the columns are (id, word)`);
  expect(ran.stderr).toContain(`${path}:6:`);
  expect(ran.stderr).toContain("there is no column n; the columns are (id, word)");
  expect(ran.stderr).toContain(`${path}:7:1: an object with the columns (id, word) expected, number 7 found`);
  expect(ran.stderr).toContain("5 bad rows skipped");
});

test("CSV files have a header; quotes, line ends in them, and bad fields are located", async () => {
  const path = fileOf(
    "words.csv",
    `word,id\r\n"a, ""b""",1\r\nplain,2\r\n"two\nlines",3\r\nbad,x\r\n"open",4,5\r\nlast,6`,
  );
  const ran = await run("counter", { input: [`Source.word=${path}`] });
  expect(ran.code).toBe(1);
  expect([...countsOf(ran)].sort()).toEqual([
    [`a, "b"`, 1],
    ["last", 1],
    ["plain", 1],
    ["two\nlines", 1],
  ]);
  expect(ran.stderr).toContain(`${path}:6:5: column id: int expected, string "x" found`);
  expect(ran.stderr).toContain(`${path}:7:1: 2 fields expected, 3 found`);

  const headless = fileOf("headless.csv", "1,a\n2,b\n");
  const refused = await run("counter", { input: [`Source.word=${headless}`] });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    `${headless}:1:1: the header must name the columns id,word (in any order), found 1,a`,
  );
});

test("wrong uses are told before anything starts, all at once", async () => {
  const ran = await run("counter", {
    input: [
      "Source.word=/nowhere/x.ndjson",
      "Sink.word=/dev/null",
      "Source.line=/dev/null",
      "Source[7].word=/dev/null",
      "Source[1].word=/dev/stdin",
      "word=/dev/null",
    ],
    scale: ["Counter=0", "Sink=2"],
    delay: "soon",
    loss: "50%",
    kill: ["Source#9@5", "Counter#0@5"],
    portBase: 65535,
  });
  expect(ran.code).toBe(2);
  expect(ran.stdout).toBe("");
  for (const part of [
    "there is no file /nowhere/x.ndjson",
    "/dev/stdin is another one in each process that reads it: give a file, or events on stdin with --stdin",
    "there is no role Sink (there are Source, Counter)",
    "Source has no input line (it has: word)",
    "Source has 2 instances, numbered from 0",
    "--input must be Role.collection=file",
    "one instance at least",
    "--delay must be a time as 5ms",
    "--loss 50%: no channel of the program is lossy",
    "there is no Source#9",
    "Counter has no inputs whose rows could be counted; give a time, as Counter#0@200ms",
    "--port-base 65535: 4 ports from there on go beyond 65535",
  ])
    expect(ran.stderr).toContain(part);
  expect(ran.stderr).not.toContain("started");
});

test("wrong options are told without what the program needs, which is told when the run begins", async () => {
  const path = fileOf("one.dlc", "role R { input i(x: int); output o(x: int); o(x) <= i(x); }\n");
  const wrong = await start([dlc, "run", path, "--delay", "soon"]).done;
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/^dlc: --delay must be a time[^\n]*\n$/)]);
  const right = await start([dlc, "run", path]).done;
  expect([right.code, right.stderr]).toEqual([
    0,
    expect.stringMatching(/^.*one\.dlc\n {2}R\.o .*\ndlc: 1 process started/),
  ]);
});

test("an input that a file feeds takes no lines of stdin, which is said at once; others do", async () => {
  const path = fileOf("fed.ndjson", words(3));
  const line = (node: number, id: number): string =>
    JSON.stringify({ role: "Source", node, collection: "word", row: { id, word: "x" } });
  const ran = await run(
    "counter",
    { input: [`Source[1].word=${path}`], stdin: true },
    `${line(0, 100)}\n${line(1, 101)}\n`,
  );
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(
    `dlc: stdin:2: Source#1.word takes its rows from ${path}: put this one there, or give all of them on stdin\n`,
  );
  expect(ran.stderr).toContain("1 bad row skipped");
  expect(countsOf(ran).get("x")).toBe(1);
});

test("lines that are not UTF-8 are bad rows, in files and on stdin", async () => {
  const latin = (text: string): Buffer => Buffer.from(text, "latin1");
  const csv = fileOf("latin.csv", latin("id,word\n1,caf\xe9\n2,b\n"));
  const json = fileOf("latin.ndjson", latin('{"id":3,"word":"caf\xe9"}\n{"id":4,"word":"b"}\n'));
  const event =
    '{"role":"Source","collection":"word","row":{"id":5,"word":"caf\xe9"}}\n{"role":"Source","collection":"word","row":{"id":6,"word":"b"}}\n';
  const files = await run("counter", { input: [`Source.word=${csv}`, `Source[1].word=${json}`] });
  expect(files.code).toBe(1);
  expect([...countsOf(files)]).toEqual([["b", 2]]);
  expect(files.stderr).toContain(`${csv}:2:6: not UTF-8 text`);
  expect(files.stderr).toContain(`${json}:1:20: not UTF-8 text`);
  // By itself: the end of a file ends an input also for the lines of stdin that come later.
  const stdin = await run("counter", {}, latin(event));
  expect(stdin.code).toBe(1);
  expect([...countsOf(stdin)]).toEqual([["b", 1]]);
  expect(stdin.stderr).toContain("stdin:1:63: not UTF-8 text");
});

test("stdin: bad lines are located, rows for instances that are not there refused, seals taken", async () => {
  const ran = await run(
    "counter",
    {},
    [
      `{"role":"Source","collection":"word","row":{"id":1,"word":"a"}}`,
      `nonsense`,
      `{"role":"Source","node":5,"collection":"word","row":{"id":1,"word":"a"}}`,
      `{"role":"Sauce","collection":"word","row":{}}`,
      `{"role":"Source","node":1,"collection":"word","seal":{}}`,
      `{"role":"Source","node":1,"collection":"word","row":{"id":2,"word":"late"}}`,
      `{"role":"Source","collection":"words","row":{}}`,
    ].join("\n"),
  );
  expect(ran.code).toBe(1);
  expect([...countsOf(ran)]).toEqual([["a", 1]]);
  expect(ran.stderr).toContain("stdin:2:2: not JSON");
  expect(ran.stderr).toContain("stdin:3: Source has 2 instances, numbered from 0; there is no Source#5");
  expect(ran.stderr).toContain("stdin:4: there is no role Sauce (there are Source, Counter)");
  expect(ran.stderr).toMatch(/stdin:6: .*seal/);
  expect(ran.stderr).toContain("stdin:7: Source has no input words; it has word");
});

test("scaling changes the number of instances", async () => {
  const path = fileOf("scaled.ndjson", words(1000));
  const ran = await run("counter", { input: [`Source[*].word=${path}`], scale: ["Source=3", "Counter=4"], json: true });
  expect(ran.code).toBe(0);
  expect(new Set(ran.rows.map(({ node }) => node)).size).toBe(4);
  const summary = JSON.parse(ran.stderr.trim().split("\n").at(-1)!) as {
    exitCode: number;
    nodes: { name: string; rowsIn: number }[];
  };
  expect(summary.exitCode).toBe(0);
  expect(summary.nodes.filter(({ name }) => name.startsWith("Source")).map(({ rowsIn }) => rowsIn)).toEqual([
    334, 333, 333,
  ]);
});

test("every replica takes what goes through a log in one order, under any delays", async () => {
  const put = Array.from({ length: 60 }, (_, id) => JSON.stringify({ id })).join("\n");
  const path = fileOf("puts.ndjson", put);
  for (const delay of [undefined, "0ms..30ms"]) {
    const ran = await run("ordered", { input: [`Source[*].put=${path}`], delay, seed: 2 });
    expect(ran.stderr).not.toContain("DLC");
    expect(ran.code).toBe(0);
    const orders = [0, 1, 2].map((node) =>
      ran.rows.filter((each) => each.node === node).map(({ row }) => `${row["place"]} ${row["from"]} ${row["id"]}`),
    );
    expect(orders[0].length).toBe(60);
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[2]).toEqual(orders[0]);
  }
});

test("a run with timers ends when they have fired once more and changed nothing", async () => {
  const ran = await run("clock", {});
  expect(ran.code).toBe(0);
  expect(ran.rows.filter(({ node }) => node === 0).map(({ row }) => row["n"])).toEqual([1, 2, 3, 4, 5]);
});

test("what a timer puts out again, at its own instance or through a message, keeps no run from ending", async () => {
  const heard = fileOf(
    "heard.dlc",
    `role A x2 {
      timer tick every 50ms;
      input put(x: int);
      table known(x: int);
      channel g(x: int);
      output fired(n: int) any;
      output heard(x: int) any;
      fired(1) <= tick();
      known(x) <= put(x);
      A.g@*(x) <~ tick(), known(x);
      heard(x) <= g(x);
    }`,
  );
  const { code, rows, stderr } = await start(
    [dlc, "run", heard],
    `${JSON.stringify({ role: "A", node: 0, collection: "put", row: { x: 7 } })}\n`,
  ).done;
  expect({ code, stderr: /DLC9\d\d/.exec(stderr) }).toEqual({ code: 0, stderr: null });
  for (const node of [0, 1]) {
    const told = (collection: string) =>
      rows
        .filter((each) => each.node === node && each.collection === collection && !each.retract)
        .map(({ row }) => row);
    expect(new Set(told("fired").map(({ n }) => n))).toEqual(new Set([1]));
    expect(new Set(told("heard").map(({ x }) => x))).toEqual(new Set([7]));
  }
});

test("--keep keeps it running", async () => {
  const { launch } = await import("./programs.ts");
  const running = await launch("clock", { keep: true });
  await running.sees(`"n":5`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  running.kill("SIGINT");
  const ran = await running.done;
  expect(ran.code).toBe(130);
  expect(ran.stderr).toContain("finished in");
});
