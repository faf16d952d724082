/**
 * Kills processes at random moments, many times, and compares what is delivered with a run in which nobody dies:
 * `npm run crashes -- --kills 1000 --from 1`. Four programs take turns: a durable key-value store behind a log, the ad network,
 * the word count, two-phase commit. A run is drawn from its seed: who is killed when (the sequencer too), how soon it is started
 * again, how long messages are held. With `--chaos` each is a `dlc run --chaos`: processes also stand still and lose connections.
 * With `--nats 3` they run on a NATS cluster of three servers (or 1) that is started here, and in each run one of these is killed as
 * well and started again; with `--durable`, messages between instances stand in streams too. Exits with 1 when a run delivers
 * something else; `--only NAME --runs 1 --from SEED` repeats it.
 */
import { execFileSync, spawn } from "node:child_process";
import { build } from "esbuild";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { fail, root } from "./run-dlc.mjs";

const { values: asked } = parseArgs({
  options: {
    kills: { type: "string", default: "40" },
    /** Instead of kills. */
    runs: { type: "string" },
    from: { type: "string", default: "1" },
    only: { type: "string" },
    chaos: { type: "boolean", default: false },
    nats: { type: "string" },
    /** Channels on NATS go through streams as well. */
    durable: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "dlc-crashes-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** mulberry32. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function write(name, rows) {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

const numbers = (count) => Array.from({ length: count }, (_, n) => n);

/** `args` and `stdin`: its inputs. `wrong(lines, whole)`: what is wrong with what a run delivered; "" if nothing. */
const programs = {
  kvs() {
    // Most keys are written once and must all be there; the others by both clients again and again.
    const puts = numbers(6000).map((n) =>
      n % 16 > 0 ? { key: `once-${n}`, value: n } : { key: `often-${n % 5}`, value: n },
    );
    const once = puts.filter(({ key }) => key.startsWith("once")).length;
    const events = puts.map((row, n) => ({ role: "Client", node: n % 2, collection: "put", row }));
    return {
      file: "fixtures/durable/kvs.dlc",
      processes: ["Client#0", "Client#1", "Store#0", "Store#1", "Store#2", "log"],
      args: [],
      stdin: write("puts.ndjson", events),
      wrong(lines) {
        const replicas = [0, 1, 2].map((node) =>
          lines.map((line) => JSON.parse(line)).filter((line) => line.node === node),
        );
        for (const told of replicas) {
          const keys = told.map(({ row }) => row.key).filter((key) => key.startsWith("once"));
          if (keys.length !== once || new Set(keys).size !== once)
            return `a replica has ${new Set(keys).size} of ${once} keys, told ${keys.length} times`;
        }
        // Replicas of one run agree, also on what was true for a while only. Keys have logs of their own.
        const [first, ...others] = replicas.map((told) => told.map(({ row }) => JSON.stringify(row)));
        return others.map((other) => sameLines(other, first)).find((wrong) => wrong !== "") ?? "";
      },
    };
  },
  ads() {
    const draw = random(7);
    const campaigns = 12;
    const clicks = numbers(20_000).map((n) => ({
      campaign: `c${Math.floor(draw() * campaigns)}`,
      id: `ad${Math.floor(draw() * 20)}`,
      user: `u${n}`,
    }));
    const asks = numbers(campaigns).map((n) => ({ campaign: `c${n}` }));
    return {
      file: "fixtures/ad-network/campaign.dlc",
      processes: [...numbers(5).map((n) => `AdServer#${n}`), "Report#0", "Report#1", "Report#2", "Analyst#0"],
      args: [
        "--input",
        `AdServer[*].click=${write("clicks.ndjson", clicks)}`,
        "--input",
        `Analyst.ask=${write("asks.ndjson", asks)}`,
      ],
      // Three replicas answer, each at its time: an answer may be told up to three times.
      wrong: sameSet,
    };
  },
  words() {
    const lines = readFileSync(join(root, "fixtures/word-count/text.txt"), "utf8").split("\n").slice(1000, 4000);
    const events = lines.map((text, line) => ({
      role: "Source",
      node: line % 3,
      collection: "line",
      row: { batch: Math.floor(line / 250), line, text },
    }));
    const withSeals = events.flatMap((event, line) =>
      (line + 1) % 250 === 0
        ? [
            event,
            ...numbers(3).map((node) => ({
              role: "Source",
              node,
              collection: "line",
              seal: { batch: event.row.batch },
            })),
          ]
        : [event],
    );
    return {
      file: "fixtures/word-count/sealed.dlc",
      processes: [...numbers(3).map((n) => `Source#${n}`), ...numbers(3).map((n) => `Counter#${n}`), "Sink#0"],
      args: [],
      stdin: write("lines.ndjson", withSeals),
      wrong: sameLines,
    };
  },
  commit() {
    const draw = random(11);
    const events = numbers(2000).flatMap((tx) => [
      { role: "Coordinator", node: 0, collection: "begin", row: { tx } },
      ...numbers(3).map((node) => ({ role: "Member", node, collection: "opinion", row: { tx, yes: draw() < 0.8 } })),
    ]);
    return {
      file: "fixtures/bloom/two-phase-commit.dlc",
      processes: ["Coordinator#0", "Member#0", "Member#1", "Member#2"],
      args: [],
      stdin: write("transactions.ndjson", events),
      wrong: sameLines,
    };
  },
};

function sameLines(lines, whole) {
  const [left, right] = [lines.toSorted(), whole.toSorted()];
  if (left.length === right.length && left.every((line, at) => line === right[at])) return "";
  const [told, wanted] = [new Set(left), new Set(right)];
  return `${left.length} lines for ${right.length}; missing ${short(right.filter((line) => !told.has(line)))}, additional ${short(left.filter((line) => !wanted.has(line)))}`;
}

function sameSet(lines, whole) {
  return sameLines([...new Set(lines)], [...new Set(whole)]);
}

function short(lines) {
  return `${lines.length} (${lines.slice(0, 2).join(" ")})`;
}

/** NATS servers of the tests, so many. */
async function natsServers(count) {
  const outfile = join(root, "node_modules", ".cache", "dlc", "nats-servers.mjs");
  const entry = join(root, "test", "processes", "nats-servers.ts");
  await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm", packages: "external" });
  const { NatsServers } = await import(pathToFileURL(outfile).href);
  return (await NatsServers.start(count)).ready();
}

/** Kills one of them when the processes have started, and starts it again. */
async function loseServer(draw, span) {
  const server = servers.servers[Math.floor(draw() * servers.servers.length)];
  const [at, awayMs] = [draw() * span, draw() * 1500];
  await new Promise((resolve) => setTimeout(resolve, at));
  await servers.restart(server, awayMs);
}

/** Who is killed when, and what else is drawn from a seed. */
function accidents(program, seed) {
  const draw = random(seed);
  const more = [
    "--seed",
    String(seed),
    "--delay",
    `0ms..${5 + Math.floor(draw() * 40)}ms`,
    "--restart",
    `${Math.floor(draw() * 300)}ms`,
  ];
  // Some moments lie behind the end of the run, whose length is not known.
  const span = 300 + program.whole.ms * (0.5 + draw());
  for (const _ of numbers(4 + Math.floor(draw() * 12)))
    more.push(
      "--kill",
      `${program.processes[Math.floor(draw() * program.processes.length)]}@${20 + Math.floor(draw() * span)}ms`,
    );
  // Sometimes all of them at once.
  if (draw() < 0.25) {
    const at = 20 + Math.floor((draw() * span) / 2);
    for (const name of program.processes) more.push("--kill", `${name}@${at}ms`);
  }
  return more;
}

/** Over about two seconds, so that there are many steps to die in. */
async function feed(stdin, path) {
  const text = readFileSync(path);
  for (let at = 0; at < text.length && !stdin.destroyed; at += Math.ceil(text.length / 100)) {
    stdin.write(text.subarray(at, at + Math.ceil(text.length / 100)));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  stdin.end();
}

function run(program, more, onStarted = () => {}) {
  const started = Date.now();
  const child = spawn(process.execPath, [join(root, "bin/dlc.js"), "run", program.built, ...program.args, ...more], {
    cwd: root,
    stdio: [program.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  if (program.stdin !== undefined)
    void feed(
      child.stdin.on("error", () => {}),
      program.stdin,
    );
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
  let isStarted = false;
  child.stderr.setEncoding("utf8").on("data", (text) => {
    err += text;
    if (isStarted || !err.includes("processes started")) return;
    isStarted = true;
    onStarted();
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 180_000);
  return new Promise((resolve) =>
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({
        code,
        ms: Date.now() - started,
        lines: out.split("\n").filter((line) => line !== ""),
        err,
        kills: err.split("is started again").length - 1,
      });
    }),
  );
}

const servers = asked.nats === undefined ? null : await natsServers(Number(asked.nats));
const onNats = servers === null ? [] : ["--transport", `${servers.url}${asked.durable ? "?channels=durable" : ""}`];

const names = asked.only === undefined ? Object.keys(programs) : [asked.only];
const made = new Map();
for (const name of names) {
  if (programs[name] === undefined) fail(`there is no program ${name}; there are ${Object.keys(programs).join(", ")}`);
  const program = { name, ...programs[name]() };
  program.built = join(folder, name);
  mkdirSync(program.built, { recursive: true });
  execFileSync(process.execPath, [join(root, "bin/dlc.js"), "build", program.file, "-o", program.built], {
    cwd: root,
    stdio: "ignore",
  });
  if (servers !== null) program.processes = program.processes.filter((process) => process !== "log");
  program.whole = await run(program, ["--delay", "0ms..10ms", ...onNats]);
  const wrong = program.whole.code === 0 ? program.wrong(program.whole.lines, program.whole.lines) : program.whole.err;
  if (wrong !== "") fail(`${name} is wrong without kills: ${wrong}`);
  made.set(name, program);
}

let [kills, runs] = [0, 0];
for (
  let seed = Number(asked.from);
  asked.runs === undefined ? kills < Number(asked.kills) : runs < Number(asked.runs);
  seed++
) {
  const program = made.get(names[seed % names.length]);
  const more = asked.chaos ? ["--chaos", "--seed", String(seed)] : accidents(program, seed);
  let lost = null;
  const lose = () => (lost = loseServer(random(seed + 1), program.whole.ms / 2));
  const ran = await run(program, [...more, ...onNats], servers === null ? undefined : lose);
  await lost;
  kills += ran.kills;
  runs++;
  const wrong = ran.code === 0 ? program.wrong(ran.lines, program.whole.lines) : `it ended with ${ran.code}`;
  console.log(
    `seed ${seed}: ${program.name}, ${ran.kills} kills, ${ran.lines.length} lines, ${(ran.ms / 1000).toFixed(1)} s${wrong === "" ? "" : `: WRONG: ${wrong}`}`,
  );
  if (wrong === "") continue;
  console.log(
    `  dlc run ${program.file} ${[...more, ...onNats].join(" ")}\n${ran.err
      .split("\n")
      .filter((line) => !line.includes("DLC924"))
      .slice(-60)
      .join("\n")}`,
  );
  process.exitCode = 1;
}
console.log(`${kills} kills in ${runs} runs${process.exitCode === 1 ? "" : ", none lost or changed anything"}`);
await servers?.stop();
