import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { fileOf, launch, launcherScript, processesWith, program, run, scratch, start } from "./programs.ts";

const words = (count: number): string =>
  Array.from({ length: count }, (_, id) => `{"id":${id},"word":"w${id % 10}"}\n`).join("");

/** A port that somebody holds, until `release`. */
async function heldPort(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test("a node that dies is named, the others go on, and the run says whose seal is awaited", async () => {
  const path = fileOf("killed.ndjson", words(4000));
  const ran = await run("counter", { input: [`Source[*].word=${path}`], kill: ["Source#1@500"] });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("Source#1 died (signal SIGKILL), the others go on");
  expect(ran.stderr).toMatch(
    /Counter is waiting for the seal of word from Source#1: the end of the stream, [\d,]+ rows held back/,
  );
  expect(ran.rows.filter(({ collection }) => collection === "count")).toEqual([]);
});

test("a killed sequencer or counter does not keep the run from ending", async () => {
  const path = fileOf("killed2.ndjson", words(4000));
  const ran = await run("counter", { input: [`Source[*].word=${path}`], kill: ["Counter#0@1ms"] });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("Counter#0 died (signal SIGKILL)");
  expect(new Set(ran.rows.map(({ node }) => node))).toEqual(new Set([1]));
});

test("Ctrl-C ends every process, and so does the death of the launcher", async () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGKILL", null],
  ] as const) {
    const folder = await program("counter");
    const running = await launch("counter", { keep: true }, null);
    await running.sees("processes started");
    expect((await processesWith(join(folder, "main.js"))).length).toBe(4);
    running.kill(signal);
    expect((await running.done).code).toBe(code);
    for (let i = 0; i < 100 && (await processesWith(join(folder, "main.js"))).length > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await processesWith(join(folder, "main.js"))).toEqual([]);
  }
});

test("a port in use: who wanted which port and what to do, and nothing is left running", async () => {
  const { port, release } = await heldPort();
  const ran = await run("counter", { portBase: port });
  await release();
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(
    `Source#0: port ${port} of 127.0.0.1 is in use: stop the process that has it, or give Source#0 another port`,
  );
  expect(await processesWith(join(scratch, "counter", "main.js"))).toEqual([]);
});

test("nodes started by hand find each other by deploy.json, in any order, and stop on SIGTERM", async () => {
  const main = join(await program("counter"), "main.js");
  const ports = await Promise.all(Array.from({ length: 3 }, heldPort));
  const places = ports.map(({ port }) => ({ host: "127.0.0.1", port }));
  const deploy = join(scratch, "deploy.json");
  writeFileSync(
    deploy,
    JSON.stringify({ roles: { Source: { instances: places.slice(0, 2) }, Counter: { instances: [places[2]] } } }),
  );
  for (const { release } of ports) await release();

  const first = start(
    [main, "Source", "--index", "0", "--deploy", deploy],
    `{"collection":"word","row":{"id":1,"word":"a"}}\n`,
  );
  await first.sees("listens on");
  const second = start([
    main,
    "Source",
    "--index=1",
    "--deploy",
    deploy,
    "--input",
    `word=${fileOf("byhand.ndjson", words(20))}`,
    "--no-stdin",
  ]);
  const counter = start([main, "Counter", "--deploy", deploy]);
  await counter.sees(`"word":"w9","n":2`);
  for (const running of [first, second, counter]) running.kill("SIGTERM");
  const [a, b, c] = await Promise.all([first.done, second.done, counter.done]);
  expect([a.code, b.code, c.code]).toEqual([0, 0, 0]);
  expect(c.rows.map(({ row }) => `${row["word"]} ${row["n"]}`)).toContain("a 1");
});

test("starting by hand with wrong arguments or a wrong deployment says what is wrong", async () => {
  const main = join(await program("counter"), "main.js");
  const missing = await start([main, "Source"]).done;
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("cannot read the deployment: ENOENT")]);

  const deploy = fileOf(
    "wrong.json",
    `{"roles":{"Source":{"instances":[{"host":"127.0.0.1","port":70000}]},"Sink":{"instances":[]}},"nodes":1}`,
  );
  const wrong = await start([main, "Source", "--deploy", deploy]).done;
  expect(wrong.code).toBe(2);
  for (const part of [
    'unknown key "nodes"',
    "roles.Source.instances[0].port must be a port",
    "roles.Sink.instances is empty",
    "the program has a role Counter",
    '"roles" places Sink',
  ])
    expect(wrong.stderr).toContain(part);

  const role = await start([main, "Sink"]).done;
  expect([role.code, role.stderr]).toEqual([2, "there is no role Sink; the program has Source, Counter\n"]);
  expect((await start([main, "--help"]).done).stdout).toContain(
    "Usage: node main.js ROLE --index N --deploy deploy.json",
  );

  const { port, release } = await heldPort();
  const held = fileOf(
    "held.json",
    JSON.stringify({
      roles: {
        Source: { instances: [{ host: "127.0.0.1", port }] },
        Counter: { instances: [{ host: "127.0.0.1", port: 1 }] },
      },
    }),
  );
  const used = await start([main, "Source", "--deploy", held]).done;
  await release();
  expect([used.code, used.stderr]).toEqual([1, expect.stringContaining(`port ${port} of 127.0.0.1 is in use`)]);
});

/** What a run says, and how it ends, whose outputs are for a reader of this kind: a statement about `run`, its process. */
async function runFor(reader: string): Promise<string> {
  const path = fileOf("many.ndjson", words(50_000));
  const script = `
    const { spawn } = require("node:child_process");
    const run = spawn(process.execPath, process.argv.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
    ${reader}
    run.on("exit", (code, signal) => {
      console.error("ended", code, signal);
      process.exit();
    });
  `;
  const args = [
    await launcherScript(),
    await program("counter"),
    JSON.stringify({ input: [`Source[*].word=${path}`] }),
  ];
  const ran = await start(["-e", script, ...args], "", { SHOW_SEEN: "1" }).done;
  expect(await processesWith(join(scratch, "counter", "main.js"))).toEqual([]);
  return ran.stderr;
}

test("a reader that goes away ends the run", async () => {
  expect(await runFor('run.stdout.once("data", () => run.stdout.destroy());')).toContain("ended 0 null");
});

test("a reader that does not read keeps nobody from ending the run", async () => {
  const told = await runFor('run.stdout.once("readable", () => setTimeout(() => run.kill("SIGTERM"), 500));');
  expect(told).toContain("dlc: whoever reads the outputs has not read them to their end: the rest is lost\n");
  expect(told).toContain("ended 143 null");
});

test("a node that throws is named with its last words, and the others end their work", async () => {
  const line = (role: string, word: string): string => JSON.stringify({ role, collection: "word", row: { word } });
  const ran = await run("crash", {}, [line("Weak", "throw"), line("Strong", "a")].join("\n"));
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(
    /dlc: Weak#0 died \(exit code \d+\), the others go on; its last words were:\n(.*\n)*.*nobody expected/,
  );
  expect(ran.rows.map(({ role, row }) => `${role} ${row["word"]}`)).toEqual(["Strong a"]);
});

test("of very many bad rows the first hundred are shown, and all are counted", async () => {
  const path = fileOf("nonsense.ndjson", "nonsense\n".repeat(5000));
  const ran = await run("counter", { input: [`Source.word=${path}`] });
  expect(ran.code).toBe(1);
  expect(ran.stderr.split("\n").filter((line) => line.includes("not JSON")).length).toBe(100);
  expect(ran.stderr).toContain("further bad rows are counted, not shown");
  expect(ran.stderr).toContain("5,000 bad rows skipped");
});

describe("what is printed", () => {
  const dlc = fileURLToPath(new URL("../../bin/dlc.js", import.meta.url));
  const echo = fileOf(
    "echo.dlc",
    "role Echo {\n  input said(word: string);\n  output heard(word: string);\n  heard(w) <= said(w);\n}\n",
  );
  const said = fileOf("said.ndjson", words(10).replace(/"id":\d+,/g, ""));
  const shell = async (line: string): Promise<string> => {
    const script = `try { require("node:child_process").execSync(process.argv[1], { stdio: ["ignore", "ignore", "inherit"] }); console.error("ended 0"); } catch (error) { console.error("ended", error.status); }`;
    return (await start(["-e", script, line.replaceAll("dlc ", `"${process.execPath}" "${dlc}" `)], "").done).stderr;
  };

  test("may find no reader any more", async () => {
    expect(await shell(`dlc check "${echo}" | true`)).toBe("ended 0\n");
    expect(await shell(`dlc check "${echo}" --watch 2>&1 | true`)).toBe("ended 0\n");
  });

  test("may find no room: the message says so, and so does the exit code", async () => {
    expect(await shell(`dlc check "${echo}" > /dev/full`)).toMatch(
      /^dlc: what it prints cannot be written \(ENOSPC.*\nended 2\n$/,
    );
    expect(await shell(`dlc run "${echo}" --quiet --input "Echo.said=${said}" > /dev/full`)).toMatch(
      /dlc: what it prints cannot be written \(ENOSPC.*\nended 2\n$/,
    );
    const folder = join(scratch, "echo");
    await shell(`dlc build "${echo}" -o "${folder}" 2> /dev/null`);
    expect(
      await shell(`"${process.execPath}" "${join(folder, "main.js")}" Echo --input "said=${said}" > /dev/full`),
    ).toMatch(/Echo#0: its outputs cannot be written \(ENOSPC.*\nended 1\n$/);
    expect(await processesWith(folder)).toEqual([]);
  });
});
