/** Real processes, real files, real `kill -9`. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { fileOf, scratch, start } from "./programs.ts";
import type { Running } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const dlc = join(root, "bin/dlc.js");

/** Words of a text, kept and counted; one process. */
const keeping = `role R {
  input  word(id: int, w: string) sealed;
  table  words(id: int, w: string) durable;
  output seen(id: int, w: string);
  output total(n: int);
  words <= word;
  seen <= words;
  total(count()) <= words(_, _);
}
`;
/** The same in two, so that there are peers who know. */
const sending = `role A {
  input i(x: int);
  table sent(x: int) durable;
  sent <= i;
  B.c(x) <~ i(x);
}
role B {
  channel c(x: int);
  table   t(x: int) durable;
  output  o(x: int);
  t <= c;
  o <= t;
}
`;

const build = (name: string, text: string): string => {
  const file = fileOf(`${name}.dlc`, text);
  execFileSync(process.execPath, [dlc, "build", file, "-o", join(scratch, name)], { stdio: "ignore" });
  return join(scratch, name);
};

const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, n) => `{"id":${from + n},"w":"w${(from + n) % 7}"}\n`).join("");

const ids = (text: string): number[] =>
  text
    .split("\n")
    .filter((line) => line.includes('"seen"'))
    .map((line) => (JSON.parse(line) as { row: { id: number } }).row.id);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let keeper: string;
let sender: string;
beforeAll(() => {
  keeper = build("keeping", keeping);
  sender = build("sending", sending);
});

test("four programs, killed at random, deliver what they deliver without that", () => {
  const ran = spawnSync(process.execPath, [join(root, "scripts/crashes.mjs"), "--kills", "24", "--from", "4"], {
    encoding: "utf8",
  });
  expect(ran.stdout).toMatch(/\d\d kills in \d+ runs, none lost or changed anything\n$/);
  expect(ran.status).toBe(0);
}, 240_000);

test("four programs deliver the same while everything goes wrong that dlc run --chaos can think of", () => {
  const ran = spawnSync(
    process.execPath,
    [join(root, "scripts/crashes.mjs"), "--chaos", "--runs", "4", "--from", "3"],
    { encoding: "utf8" },
  );
  expect(ran.stdout).toMatch(/\d+ kills in 4 runs, none lost or changed anything\n$/);
  expect(ran.status).toBe(0);
}, 240_000);

describe("dlc run --data", () => {
  const run = (
    data: string,
    file: string,
    ...more: string[]
  ): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } =>
    spawnSync(process.execPath, [dlc, "run", keeper, "--input", `R.word=${file}`, "--data", data, ...more], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
    }) as never;

  test("goes on where a run was that died, and a file is taken from where it was", () => {
    const data = join(scratch, "goes-on");
    const file = fileOf("growing.ndjson", rows(0, 20_000));
    const killed = run(data, file, "--kill", "R#0@9000");
    expect(killed.stderr).toContain("R#0 died (signal SIGKILL)");
    const rest = run(data, file);
    expect(rest.stderr).toMatch(/R#0: brought back from .*R-0.journal: [\d,]+ entries/);
    expect(rest.status).toBe(0);
    // The last outputs before the death may come again in another run; none is missing.
    expect(new Set([...ids(killed.stdout), ...ids(rest.stdout)]).size).toBe(20_000);
    // Node, steps, rows in.
    expect(/R#0 +[\d,]+ +([\d,]+)/.exec(rest.stderr)![1]).toBe("11,000");
    expect(rest.stdout).toContain('"total","row":{"n":20000}');
    const third = run(data, file);
    expect([third.status, third.stdout]).toEqual([0, ""]);
  }, 60_000);

  test("begins its file anew with a snapshot when 32 MB have come, and comes back from that", () => {
    const counter = build(
      "counting-long",
      `role R {
  input  long(id: int, text: string);
  table  ids(id: int) durable;
  output total(n: int);
  ids(i) <= long(i, _);
  total(count()) <= ids(_);
}
`,
    );
    const data = join(scratch, "long");
    const text = "x".repeat(10_000);
    const longRows = (count: number): string =>
      Array.from({ length: count }, (_, id) => `{"id":${id},"text":"${text}"}\n`).join("");
    const take = (count: number, ...more: string[]): ReturnType<typeof run> => {
      const input = `R.long=${fileOf("long.ndjson", longRows(count))}`;
      return spawnSync(process.execPath, [dlc, "run", counter, "--input", input, "--data", data, ...more], {
        encoding: "utf8",
        maxBuffer: 1 << 26,
      }) as never;
    };
    const bytes = (): number => statSync(join(data, "R-0.journal")).size;
    expect(take(4000, "--kill", "R#0@3000").status).toBe(1);
    // Killed with so much that a snapshot is not due yet.
    expect(bytes()).toBeGreaterThan(25_000_000);
    expect(bytes()).toBeLessThan(32_000_000);
    const ran = take(4000);
    expect([ran.status, ran.stdout]).toEqual([0, expect.stringContaining('"total","row":{"n":4000}')]);
    // All of it has come, and most is in no table.
    expect(bytes()).toBeLessThan(15_000_000);
    const again = take(4000);
    expect([again.status, again.stdout]).toEqual([0, ""]);
    expect(again.stderr).toMatch(/R#0: brought back from .*R-0\.journal/);
  }, 120_000);

  test("within a run each line is told once, also where it was killed in the midst of one", () => {
    const file = fileOf("once.ndjson", rows(0, 30_000));
    const kills = [150, 300, 450, 700].flatMap((ms) => ["--kill", `R#0@${ms}ms`]);
    const ran = run(join(scratch, "once"), file, "--restart", "10ms", ...kills);
    expect(ran.stderr).toContain("is started again");
    expect(ran.status).toBe(0);
    expect(ids(ran.stdout).sort((a, b) => a - b)).toEqual(Array.from({ length: 30_000 }, (_, id) => id));
  }, 60_000);

  test("--restart without --data keeps what happens for the run; bad options are told", () => {
    const file = fileOf("kept.ndjson", rows(0, 5000));
    const ran = spawnSync(
      process.execPath,
      [dlc, "run", keeper, "--input", `R.word=${file}`, "--restart", "1ms", "--kill", "R#0@2000"],
      { encoding: "utf8" },
    );
    expect(ran.status).toBe(0);
    expect(ids(ran.stdout)).toHaveLength(5000);
    expect(ran.stderr).toContain("killed and started again once");
    const wrong = spawnSync(process.execPath, [dlc, "run", keeper, "--restart", "soon", "--data", file], {
      encoding: "utf8",
      input: "",
    });
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain("--restart must be a time as 200ms or 2s; found soon");
    expect(wrong.stderr).toContain("is a file; a folder expected");
  }, 60_000);
});

describe("a process whose data", () => {
  const alone = (data: string, ...more: string[]): readonly string[] => [
    join(keeper, "main.js"),
    "R",
    "--data",
    data,
    ...more,
  ];
  const deploy = async (): Promise<string> =>
    fileOf(
      `deploy-${Math.random()}.json`,
      JSON.stringify({ roles: { R: { instances: [{ host: "127.0.0.1", port: await freePort() }] } } }),
    );

  /** Takes some rows, and is killed. Returns the folder of its data. */
  async function lived(name: string): Promise<string> {
    const data = join(scratch, name);
    const input = fileOf(`${name}.ndjson`, rows(0, 300));
    const node = start(alone(data, "--deploy", await deploy(), "--no-stdin", "--input", `word=${input}`), null);
    await node.sees('"total"');
    node.kill("SIGKILL");
    await node.done;
    return data;
  }

  const again = async (data: string, main = keeper): Promise<Running> =>
    start([join(main, "main.js"), "R", "--data", data, "--deploy", await deploy(), "--no-stdin"], null);

  test("are damaged names file and place, and does not start", async () => {
    const data = await lived("damaged");
    const path = join(data, "R-0.journal");
    const bytes = readFileSync(path);
    bytes[bytes.length - 100] ^= 4;
    writeFileSync(path, bytes);
    const { code, stderr } = await (await again(data)).done;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^R#0: DLC940: .*R-0\.journal is damaged at byte \d+: record \d+ of \d+ bytes does not match its checksum\n$/,
    );
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(existsSync(join(data, "R-0.lock"))).toBe(false);
  }, 30_000);

  test("end within a record says so, and goes on", async () => {
    const data = await lived("torn");
    const path = join(data, "R-0.journal");
    writeFileSync(path, readFileSync(path).subarray(0, -3));
    const node = await again(data);
    await node.sees("listens on");
    node.kill("SIGTERM");
    const { code, stderr } = await node.done;
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /R-0\.journal ended within a record, at byte \d+: its last \d+ bytes were not written whole, and are cut off/,
    );
  }, 30_000);

  test("stem from another build does not start", async () => {
    const data = await lived("other-build");
    const other = build(
      "keeping-other",
      keeping.replace("seen <= words;", 'seen(i, w) <= words(i, w);\n  seen(0, "other");'),
    );
    const { code, stderr } = await (await again(data, other)).done;
    expect(code).toBe(1);
    expect(stderr).toMatch(/DLC941: .* was written by /);
  }, 30_000);

  test("are used by another one does not start", async () => {
    const data = await lived("shared");
    const first = await again(data);
    await first.sees("listens on");
    const { code, stderr } = await (await again(data)).done;
    expect(code).toBe(1);
    expect(stderr).toContain(`DLC943: process ${first.pid} has`);
    first.kill("SIGTERM");
    await first.done;
  }, 30_000);

  test("cannot be written stops before it answers, and has lost nothing when there is room again", async () => {
    const data = join(scratch, "full");
    const input = fileOf("full.ndjson", rows(0, 20_000));
    const command = [
      process.execPath,
      ...alone(data, "--deploy", await deploy(), "--no-stdin", "--input", `word=${input}`),
    ];
    // A limit of the system on the size of a file: writing beyond it fails as on a full disk.
    const full = spawnSync("sh", ["-c", `ulimit -f 200; exec "$@"`, "sh", ...command], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    expect(full.status).toBe(1);
    expect(full.stderr).toMatch(/R#0: DLC942: .*R-0\.journal cannot be written: EFBIG.*; R#0 stops/);
    const before = ids(full.stdout);
    const node = start(command.slice(1), null);
    await node.sees('"total"');
    node.kill("SIGTERM");
    const { stdout } = await node.done;
    expect(new Set([...before, ...ids(stdout)]).size).toBe(20_000);
    expect(stdout).toContain('"n":20000');
  }, 60_000);

  test("are an old copy stops as soon as a peer knows more", async () => {
    const data = join(scratch, "old");
    const places = fileOf(
      "old.json",
      JSON.stringify({
        roles: {
          A: { instances: [{ host: "127.0.0.1", port: await freePort() }] },
          B: { instances: [{ host: "127.0.0.1", port: await freePort() }] },
        },
        data,
      }),
    );
    const node = (role: string): Running => start([join(sender, "main.js"), role, "--deploy", places], null);
    let a = node("A");
    const b = node("B");
    const give = async (x: number): Promise<void> => {
      a.stdin.write(`{"role":"A","collection":"i","row":{"x":${x}}}\n`);
      await b.sees(`"x":${x}}`);
    };
    await give(1);
    a.kill("SIGKILL");
    await a.done;
    copyFileSync(join(data, "A-0.journal"), join(data, "copy"));
    a = node("A");
    await give(2);
    a.kill("SIGKILL");
    await a.done;
    copyFileSync(join(data, "copy"), join(data, "A-0.journal"));
    a = node("A");
    a.stdin.write(`{"role":"A","collection":"i","row":{"x":3}}\n`);
    const { code, stderr } = await a.done;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /A#0: DLC944: .*A-0\.journal is older than what others know: B#0 has taken its message \d+, and it knows of \d+; A#0 stops/,
    );
    b.kill("SIGTERM");
    expect((await b.done).stdout).not.toContain('"x":3');
  }, 60_000);
});

test("a program with durable tables that is built has a place for its data, and without one does not start", () => {
  const path = join(keeper, "deploy.json");
  const { data, ...rest } = JSON.parse(readFileSync(path, "utf8")) as { data: string };
  expect(data).toBe("data");
  const ran = spawnSync(
    process.execPath,
    [join(keeper, "main.js"), "R", "--deploy", fileOf("nowhere.json", JSON.stringify(rest))],
    { encoding: "utf8", input: "" },
  );
  expect(ran.status).toBe(2);
  expect(ran.stderr).toContain(
    'R has durable tables, but "data", the folder in which processes keep their data, is missing',
  );
});

test("scratch data of a run are removed", () => {
  const own = mkdtempSync(join(scratch, "tmp-"));
  const file = fileOf("removed.ndjson", rows(0, 10));
  const ran = spawnSync(process.execPath, [dlc, "run", keeper, "--input", `R.word=${file}`], {
    encoding: "utf8",
    env: { ...process.env, TMPDIR: own, NODE_DISABLE_COMPILE_CACHE: "1" },
  });
  expect(ran.status).toBe(0);
  expect(execFileSync("ls", [own], { encoding: "utf8" })).toBe("");
  rmSync(own, { recursive: true });
});
