/** Programs on NATS servers that the tests start: the same answers as over TCP, also when servers and receivers fail. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { connect, nkeys } from "@nats-io/transport-node";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { hasNats, NatsServers } from "./nats-servers.ts";
import { fileOf, launcherScript, program, scratch, start } from "./programs.ts";
import type { Ran, Running } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const bin = join(root, "bin", "dlc.js");
/** Programs that are written by hand lie where no packages are. */
const packages = { DLC_PACKAGES: root };
let servers: NatsServers | null = null;
const running: Running[] = [];

beforeAll(async () => {
  if (!hasNats) return;
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"], { stdio: "ignore" });
}, 60_000);

afterEach(async () => {
  for (const each of running.splice(0)) each.kill("SIGKILL");
  await servers?.stop();
  servers = null;
});

/** A cluster of so many servers, for this test. */
async function cluster(count: number, more = ""): Promise<NatsServers> {
  servers = await (await NatsServers.start(count, more)).ready();
  return servers;
}

function dlcRun(file: string, ...more: string[]): Running {
  const run = start([bin, "run", resolve(root, "fixtures", file), "--quiet", ...more]);
  running.push(run);
  return run;
}

/** `stdin` null: it stays open. */
async function runHand(name: string, options: object, stdin: string | null = ""): Promise<Running> {
  const run = start([await launcherScript(), await program(name), JSON.stringify(options)], stdin, packages);
  running.push(run);
  return run;
}

/** What came out, as a set of lines in order. */
function contents({ rows }: Ran, collection = "result"): readonly string[] {
  return [
    ...new Set(
      rows.filter((each) => each.collection === collection).map((each) => JSON.stringify([each.role, each.row])),
    ),
  ].sort();
}

/** The clicks of the ad network, and what its analyst asks. */
async function adLog(name: string, count: number): Promise<readonly string[]> {
  const { writeLog } = (await import(join(root, "fixtures", "ad-network", "clicks.mjs"))) as {
    writeLog: (program: string, folder: string, count: number, seed: number) => { clicks: string; asks: string };
  };
  const folder = join(scratch, name);
  mkdirSync(folder);
  const { clicks, asks } = writeLog("campaign", folder, count, 3);
  return ["--input", `AdServer[*].click=${clicks}`, "--input", `Analyst.ask=${asks}`];
}

const wordCount = (...more: string[]): Running =>
  dlcRun("word-count/sealed.dlc", "--input", `Source[*].line=${wordLines()}`, ...more);

let lines: string | null = null;
function wordLines(): string {
  const text = readFileSync(join(root, "fixtures", "word-count", "text.txt"), "utf8")
    .split("\n")
    .slice(0, 1500);
  return (lines ??= fileOf(
    "lines.ndjson",
    text.map((each, line) => JSON.stringify({ batch: Math.floor(line / 500), line, text: each })).join("\n"),
  ));
}

const ids = (count: number): string => Array.from({ length: count }, (_, id) => `{"id":${id}}\n`).join("");

/** The order in which each replica has taken the events. */
function orders(ran: Ran): readonly string[] {
  return [0, 1, 2].map((node) =>
    ran.rows
      .filter((each) => each.node === node && each.collection === "taken")
      .map(({ row }) => `${row["place"]}:${row["from"]}:${row["id"]}`)
      .join(" "),
  );
}

function expectOneOrder(ran: Ran, count: number): void {
  const [first, ...others] = orders(ran);
  expect(others.every((order) => order === first)).toBe(true);
  const events = first.split(" ").map((event) => event.split(":")[2]);
  expect([events.length, new Set(events).size]).toEqual([count, count]);
}

/** The program with a log, which is given rows all the time until `finish`. */
async function loaded(
  url: string,
): Promise<{ readonly run: Running; readonly finish: () => void; readonly counted: () => number }> {
  const run = await runHand("ordered", { transport: url }, null);
  await run.sees("processes started");
  let count = 0;
  const load = setInterval(() => {
    const put = (node: number): string =>
      JSON.stringify({ role: "Source", node, collection: "put", row: { id: count++ } });
    run.stdin.write(Array.from({ length: 500 }, (_, i) => `${put(i % 2)}\n`).join(""));
  }, 10);
  const finish = (): void => {
    clearInterval(load);
    run.stdin.end();
  };
  return { run, finish, counted: () => count };
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(!hasNats)("on one NATS server", () => {
  test("the word count and the ad network give what they give over TCP, and leave nothing behind", async () => {
    const { url } = await cluster(1);
    const ads = await adLog("ads", 20_000);
    for (const run of [wordCount, (...more: string[]) => dlcRun("ad-network/campaign.dlc", ...ads, ...more)]) {
      const [overTcp, overNats] = [await run().done, await run("--transport", url).done];
      expect(overNats.stderr).toBe("");
      expect([overTcp.code, overNats.code]).toEqual([0, 0]);
      expect(contents(overNats).length).toBeGreaterThan(50);
      expect(contents(overNats)).toEqual(contents(overTcp));
    }
    expect(await servers!.streams()).toEqual([]);
  });

  test("what passes through a log reaches all replicas in one order, every event once, also with delays", async () => {
    const { url } = await cluster(1);
    for (const more of [{}, { delay: "0ms..30ms", seed: 3 }]) {
      const input = [`Source[*].put=${fileOf("puts.ndjson", ids(20_000))}`];
      const ran = await (await runHand("ordered", { transport: url, input, ...more })).done;
      expect(ran.code).toBe(0);
      expectOneOrder(ran, 20_000);
    }
  });

  test("what is longer than a message may be goes in pieces, through channels and logs", async () => {
    const { url } = await cluster(1, "max_payload: 16384");
    const word = "x".repeat(300_000);
    const input = [
      `Source.word=${fileOf("long.ndjson", [1, 2, 3].map((id) => `${JSON.stringify({ id, word })}\n`).join(""))}`,
    ];
    const counted = await (await runHand("counter", { transport: url, input })).done;
    expect(counted.rows.map(({ row }) => [row["word"], row["n"]])).toEqual([[word, 3]]);
    const ran = await (
      await runHand("ordered", { transport: url, input: [`Source[*].put=${fileOf("puts.ndjson", ids(20_000))}`] })
    ).done;
    expectOneOrder(ran, 20_000);
  });

  test("what comes in one epoch of a barrier meets in one step at every replica", async () => {
    const { url } = await cluster(1);
    const market = fileOf(
      "market.dlc",
      `
      role Trader x2 { input bid(id: int); input ask(id: int); Market.bid(i) <~ bid(i); Market.ask(i) <~ ask(i); }
      role Market replicated x3 {
        channel bid(id: int);
        channel ask(id: int);
        output match(bid: int, ask: int) agreed;
        match(b, a) <= bid(b), ask(a);
      }`,
    );
    const inputs = ["bid", "ask"].flatMap((name) => [
      "--input",
      `Trader[*].${name}=${fileOf(`${name}.ndjson`, ids(40))}`,
    ]);
    for (const epoch of ["5s", "2ms"]) {
      const ran = await dlcRun(
        market,
        "--strategy",
        "barrier",
        "--delay",
        "0ms..20ms",
        "--epoch",
        epoch,
        "--transport",
        url,
        ...inputs,
      ).done;
      expect(ran.code).toBe(0);
      const [first, ...others] = [0, 1, 2].map((node) =>
        ran.rows
          .filter((each) => each.node === node)
          .map(({ row }) => `${row["bid"]} ${row["ask"]}`)
          .sort(),
      );
      expect(others).toEqual([first, first]);
      // What two processes have sent comes in two entries at least; in one epoch all of it meets.
      if (epoch === "5s") expect(first.length).toBe(1600);
    }
  });

  test("unsealed, the ad network asks a log for each campaign, and has the right answers among its answers", async () => {
    const { url } = await cluster(1);
    const ads = await adLog("unsealed", 4000);
    const [sealed, ran] = [
      await dlcRun("ad-network/campaign.dlc", ...ads).done,
      await dlcRun("ad-network/campaign-unsealed.dlc", ...ads, "--transport", url).done,
    ];
    expect([sealed.code, ran.code]).toEqual([0, 0]);
    const given = new Set(contents(ran));
    expect(contents(sealed).filter((answer) => !given.has(answer))).toEqual([]);
    expect(contents(sealed).length).toBeGreaterThan(100);
  });

  test("a server that is killed under load and starts again has all that it had acknowledged", async () => {
    const {
      url,
      servers: [server],
    } = await cluster(1);
    const { run, finish, counted } = await loaded(url);
    await servers!.leaderOf(/^dlc-.*log$/, 50);
    const before = counted();
    await servers!.restart(server, 2000);
    await after(2000);
    finish();
    const ran = await run.done;
    expect(ran.code).toBe(0);
    expect(counted()).toBeGreaterThan(before + 10_000);
    expectOneOrder(ran, counted());
  });

  test("what others publish to the subjects of an instance is refused and counted, and the run goes on", async () => {
    const { url } = await cluster(1);
    const run = await runHand("ordered", { transport: url, input: [], keep: true });
    await run.sees("processes started");
    const connection = await connect({ servers: url.slice("nats://".length) });
    const subjects = new Set<string>();
    const bucket = (await servers!.streams()).find((name) => name.startsWith("KV_dlc-"))!.slice("KV_dlc-".length);
    const log = (await servers!.streams()).find((name) => name.startsWith("dlc-"))!;
    const life = log.split("-")[2];
    for (const to of ["to.Replica_230", "acks.Source_230", "to.Source_230", "log.Replica_2elog.all"])
      subjects.add(`dlc.${bucket}.${life}.${to}`);
    for (const subject of subjects)
      for (let i = 0; i < 200; i++)
        connection.publish(subject, Buffer.from(Array.from({ length: i }, () => Math.floor(Math.random() * 256))));
    await connection.flush();
    await run.sees("DLC911: refused: a message without a head");
    await run.sees("DLC911: refused: what should be an acknowledgement");
    await run.sees("DLC911: refused: entry 1 of the log Replica.log: a message without a head");
    await connection.close();
    run.kill("SIGINT");
    const ran = await run.done;
    expect(ran.code).toBe(130);
    expect(ran.stderr).toMatch(/Replica#0 .*faults/);
    expect(ran.stderr).not.toContain("died");
    expect(await servers!.streams()).toEqual([]);
  });
});

describe.skipIf(!hasNats)("on three NATS servers, of which one is lost under load", () => {
  test("the one that leads the log: same order everywhere, nothing lost, nothing twice", async () => {
    const { url } = await cluster(3);
    const { run, finish, counted } = await loaded(url);
    const leader = await servers!.leaderOf(/^dlc-.*log$/, 50);
    const before = counted();
    leader.process.kill("SIGKILL");
    await after(4000);
    finish();
    const ran = await run.done;
    expect(ran.code).toBe(0);
    expect(counted()).toBeGreaterThan(before + 10_000);
    expectOneOrder(ran, counted());
  });

  test("the ad network gives what it gives over TCP", async () => {
    const { url } = await cluster(3);
    const ads = await adLog("survives", 300_000);
    const overTcp = await dlcRun("ad-network/campaign.dlc", ...ads).done;
    const run = start([bin, "run", join(root, "fixtures", "ad-network", "campaign.dlc"), ...ads, "--transport", url]);
    running.push(run);
    let isOver = false;
    void run.done.then(() => (isOver = true));
    await run.sees("processes started");
    await after(500);
    expect(isOver).toBe(false);
    servers!.servers[0].process.kill("SIGKILL");
    const overNats = await run.done;
    expect([overTcp.code, overNats.code]).toEqual([0, 0]);
    expect(contents(overNats)).toEqual(contents(overTcp));
  });

  test("lost while the processes join, it only keeps them waiting", async () => {
    const { url } = await cluster(3);
    const ads = await adLog("joins", 4000);
    const run = start([bin, "run", join(root, "fixtures", "ad-network", "campaign.dlc"), ...ads, "--transport", url]);
    running.push(run);
    // The bucket of the members is the first thing that there is.
    const early = run.done.then(({ code, stderr }): never => {
      throw new Error(`the run is over, with ${code}, before its processes join: ${stderr}`);
    });
    const leader = await Promise.race([servers!.leaderOf(/^KV_dlc-/, 1), early]);
    leader.process.kill("SIGKILL");
    const ran = await run.done;
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining("finished in")]);
  });
});

describe.skipIf(!hasNats)("an emitted program", () => {
  const deploy = (folder: string): string => join(folder, "deploy.json");

  /** Built for that cluster. */
  async function emitted(name: string, url: string): Promise<string> {
    const folder = join(scratch, name, "out");
    const built = await start([
      bin,
      "build",
      join(root, "fixtures", "word-count", "sealed.dlc"),
      "-o",
      folder,
      "--transport",
      url,
    ]).done;
    expect(built.code).toBe(0);
    return folder;
  }

  function instance(folder: string, role: string, ...more: string[]): Running {
    const run = start([join(folder, "main.js"), role, ...more], null, packages);
    running.push(run);
    return run;
  }

  test("names the packages that it needs, and says so when they are missing", async () => {
    const folder = await emitted("alone", "nats://127.0.0.1:1");
    expect(
      (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { dependencies: object }).dependencies,
    ).toEqual({
      "@nats-io/jetstream": "~3.3.1",
      "@nats-io/kv": "~3.3.1",
      "@nats-io/transport-node": "~3.3.1",
    });
    const ran = await start([join(folder, "main.js"), "Sink"]).done;
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe(
      "Sink#0: the client of NATS is not installed beside this program: npm install @nats-io/jetstream@~3.3.1 @nats-io/kv@~3.3.1 @nats-io/transport-node@~3.3.1 (in its folder)\n",
    );
  });

  test("joins others by the deployment's name; another build, another program and a second of the same are refused", async () => {
    const { url } = await cluster(1);
    const folder = await emitted("first", url);
    const sink = instance(folder, "Sink");
    await sink.sees(`Sink#0: has joined "sealed" on ${url}`);

    const twice = await instance(folder, "Sink").done;
    expect([twice.code, twice.stderr]).toEqual([
      1,
      expect.stringMatching(/^Sink#0: Sink#0 runs already, as process \d+ on .*: stop that one first\n$/),
    ]);

    const main = join(folder, "main.js");
    const text = readFileSync(main, "utf8");
    writeFileSync(main, text.replace(/version: "\w+"/, 'version: "other"'));
    const other = await instance(folder, "Counter").done;
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(
        /Counter#0 is version other of sealed; the deployment "sealed" on this cluster \(Sink#0, process \d+ on .*\) is version \w+: deploy one build everywhere/,
      ),
    ]);
    writeFileSync(main, text.replace(/program: "\w+"/, 'program: "other"'));
    const stranger = await instance(folder, "Counter").done;
    expect([stranger.code, stranger.stderr]).toEqual([
      1,
      expect.stringContaining('Counter#0 is of the program "other"; the deployment "sealed"'),
    ]);
    writeFileSync(main, text);

    const log = await instance(folder, "log").done;
    expect(log.code).toBe(2);
    sink.kill("SIGTERM");
    expect((await sink.done).code).toBe(0);
  });

  test("runs as one deployment of processes started by hand, in any order, with the rights that docs/deployment.md names", async () => {
    const own = ["dlc.sealed.>", "_INBOX.>"];
    const rights = `publish: ${JSON.stringify([...own, "$JS.API.>", "$KV.dlc-sealed.>"])}, subscribe: ${JSON.stringify(own)}`;
    const users = `users: [ { user: app, password: secret, permissions: { ${rights} } }, { user: test, password: test } ]`;
    servers = await (await NatsServers.start(1, `authorization { ${users} }`)).ready({ user: "test", pass: "test" });
    const folder = await emitted("byhand", `nats://app:secret@${servers.hosts}`);
    const lines = fileOf(
      "few.ndjson",
      ['{"batch":1,"line":1,"text":"a b a"}', '{"batch":1,"line":2,"text":"b a"}'].join("\n"),
    );
    const sources = [0, 1, 2].map((index) =>
      instance(
        folder,
        "Source",
        "--index",
        String(index),
        "--no-stdin",
        ...(index === 1 ? ["--input", `line=${lines}`] : []),
      ),
    );
    await after(300);
    const counters = [0, 1, 2].map((index) => instance(folder, "Counter", "--index", String(index)));
    const sink = instance(folder, "Sink");
    await Promise.all([...sources, ...counters, sink].map((each) => each.sees("has joined")));
    await sink.sees('{"word":"a","batch":1,"n":3}');
    await sink.sees('{"word":"b","batch":1,"n":2}');
    for (const each of [...sources, ...counters, sink]) each.kill("SIGTERM");
    for (const each of [...sources, ...counters, sink]) {
      const { code, stderr } = await each.done;
      expect(code).toBe(0);
      expect(stderr).not.toContain("ermission");
    }
    // The next begins anew.
    const again = instance(folder, "Sink");
    await again.sees("has joined");
    expect(again.pid).toBeGreaterThan(0);
  });

  test("of an instance that is started again after kill -9, the others know", async () => {
    const { url } = await cluster(1);
    const main = join(await program("ordered"), "main.js");
    const file = fileOf(
      "replicas.json",
      JSON.stringify({
        cluster: "again",
        transport: url,
        roles: { Source: { instances: [{}] }, Replica: { instances: [{}, {}] } },
      }),
    );
    const begin = (role: string, index: number): Running => {
      const run = start([main, role, "--index", String(index), "--deploy", file], null, packages);
      running.push(run);
      return run;
    };
    const put = (source: Running, from: number, to: number): void => {
      for (let id = from; id < to; id++) source.stdin.write(`{"collection":"put","row":{"id":${id}}}\n`);
    };
    const [source, first, second] = [begin("Source", 0), begin("Replica", 0), begin("Replica", 1)];
    await Promise.all([source, first, second].map((each) => each.sees("has joined")));
    put(source, 0, 50);
    await first.sees('"id":49}');
    await second.sees('"id":49}');
    second.kill("SIGKILL");
    await second.done;
    put(source, 50, 100);
    const again = begin("Replica", 1);
    await again.sees('"id":99}');
    await first.sees('"id":99}');
    for (const each of [first, again]) each.kill("SIGTERM");
    const [one, two] = await Promise.all([first.done, again.done]);
    // A new replica reads the log from its beginning.
    const order = ({ rows }: Ran): string => rows.map(({ row }) => `${row["place"]}:${row["id"]}`).join(" ");
    expect(order(two)).toBe(order(one));
    expect(one.rows.length).toBe(100);
  });

  test("of two processes in one place the later one stays", async () => {
    const { url } = await cluster(1);
    const main = join(await program("counter"), "main.js");
    const file = fileOf(
      "place.json",
      JSON.stringify({ transport: url, roles: { Source: { instances: [{}] }, Counter: { instances: [{}] } } }),
    );
    const begin = (): Running => {
      const run = start([main, "Counter", "--deploy", file], null, packages);
      running.push(run);
      return run;
    };
    const first = begin();
    await first.sees("has joined");
    first.kill("SIGSTOP");
    const second = begin();
    await second.sees("has joined");
    first.kill("SIGCONT");
    const { code, stderr } = await first.done;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Counter#0 has been started again, as process \d+ on .*, while this one could not be reached: this one sends and takes nothing more/,
    );
    second.kill("SIGTERM");
    expect((await second.done).code).toBe(0);
  });

  test("with the transport of its deployment or of the command line", async () => {
    const { url } = await cluster(1);
    const folder = await emitted("chosen", "nats://127.0.0.1:1");
    const sink = instance(folder, "Sink", "--transport", url);
    await sink.sees("has joined");
    const wrong = await instance(folder, "Sink", "--transport", "nats://a?b=c").done;
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      "--transport: there is no b= (there are creds, nkey, ca, cert, key, replicas, channels, backlog)\n",
    ]);
    expect(JSON.parse(readFileSync(deploy(folder), "utf8"))).toMatchObject({
      transport: "nats://127.0.0.1:1",
      cluster: "sealed",
    });
  });
});

describe.skipIf(!hasNats)("a cluster that cannot be used", () => {
  const tried = async (transport: string): Promise<readonly [number | null, string]> => {
    const ran = await dlcRun(
      "word-count/sealed.dlc",
      "--input",
      `Source[*].line=${wordLines()}`,
      "--transport",
      transport,
    ).done;
    return [ran.code, ran.stderr];
  };

  test("is not there, has another form, or is too old", async () => {
    expect(await tried("nats://127.0.0.1:1")).toEqual([
      1,
      "dlc: --transport: no NATS server answers at nats://127.0.0.1:1: start it (nats-server -js), or correct the address\n",
    ]);
    expect(await tried("nats//127.0.0.1:1")).toEqual([
      2,
      'dlc: --transport: must be "tcp" or "nats://host:4222,host:4222", found "nats//127.0.0.1:1"\n',
    ]);
    const old = createServer((socket) => {
      const info = {
        server_id: "x",
        server_name: "old",
        version: "2.8.4",
        go: "",
        host: "",
        port: 1,
        max_payload: 1 << 20,
        proto: 1,
        headers: true,
        client_id: 1,
      };
      socket.write(`INFO ${JSON.stringify(info)}\r\n`);
      socket.on("data", (chunk) => void (chunk.includes("PING") && socket.write("PONG\r\n")));
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
    const { port } = old.address() as AddressInfo;
    expect(await tried(`nats://127.0.0.1:${port}`)).toEqual([
      1,
      `dlc: --transport: the NATS server at 127.0.0.1:${port} is version 2.8.4; 2.9 or later is needed\n`,
    ]);
    old.close();
  });

  test("runs without JetStream, or with fewer servers than are to keep a log", async () => {
    servers = await NatsServers.start(1, "", { jetStream: false });
    const [code, said] = await tried(servers.url);
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(
        /^dlc: --transport: the NATS server at .* runs without JetStream, which keeps the logs and the members: start it with -js/,
      ),
    ]);
    await servers.stop();
    const { url } = await cluster(1);
    expect(await tried(`${url}?replicas=3`)).toEqual([1, expect.stringContaining("replicas")]);
  });

  test("lets in with a password, a token or a key only", async () => {
    for (const [config, right, wrong, options] of [
      ["authorization { user: app, password: secret }", "app:secret@", "app:other@", { user: "app", pass: "secret" }],
      ["authorization { token: secret }", "secret@", "other@", { token: "secret" }],
    ] as const) {
      servers = await (await NatsServers.start(1, config)).ready(options);
      const at = (who: string): string => `nats://${who}${servers!.hosts}`;
      expect(await tried(at(right))).toEqual([0, ""]);
      const [code, said] = await tried(at(wrong));
      expect([code, said]).toEqual([
        1,
        expect.stringContaining(`dlc: --transport: the NATS server at nats://${servers.hosts} does not let`),
      ]);
      expect(said).not.toContain("secret");
      expect((await tried(at("")))[1]).toContain(
        "asks for credentials: user:password@ or token@ before the host, creds= or nkey= after it",
      );
      await servers.stop();
    }
    const pair = nkeys.createUser();
    const seed = fileOf("app.nk", `${new TextDecoder().decode(pair.getSeed())}\n`);
    servers = await NatsServers.start(1, `authorization { users: [ { nkey: ${pair.getPublicKey()} } ] }`);
    expect(await tried(`${servers.url}?nkey=${seed}`)).toEqual([0, ""]);
    const strange = fileOf("strange.nk", new TextDecoder().decode(nkeys.createUser().getSeed()));
    expect(await tried(`${servers.url}?nkey=${strange}`)).toEqual([
      1,
      expect.stringContaining(`does not let ${strange} in`),
    ]);
    expect(await tried(`${servers.url}?nkey=/nowhere/app.nk`)).toEqual([
      1,
      expect.stringContaining("nkey=/nowhere/app.nk cannot be read: ENOENT"),
    ]);
  });

  test("lets in with the credentials of its operator's users only", async () => {
    const { config, creds } = operator();
    const file = fileOf("app.creds", creds());
    servers = await NatsServers.start(1, config);
    expect(await tried(`${servers.url}?creds=${file}`)).toEqual([0, ""]);
    const strange = fileOf("strange.creds", operator().creds());
    expect(await tried(`${servers.url}?creds=${strange}`)).toEqual([
      1,
      expect.stringContaining(`does not let ${strange} in`),
    ]);
    const broken = fileOf("broken.creds", "nonsense");
    expect(await tried(`${servers.url}?creds=${broken}`)).toEqual([1, expect.stringContaining(`creds=${broken}`)]);
  });

  test("is encrypted, and asks for certificates", async () => {
    const { ca, server, client } = certificates();
    servers = await (
      await NatsServers.start(
        1,
        `tls { cert_file: ${JSON.stringify(server.cert)}, key_file: ${JSON.stringify(server.key)}, ca_file: ${JSON.stringify(ca)}, verify: true }`,
      )
    ).ready({
      tls: { caFile: ca, certFile: client.cert, keyFile: client.key },
    });
    const { hosts } = servers;
    expect(await tried(`tls://${hosts}?ca=${ca}&cert=${client.cert}&key=${client.key}`)).toEqual([0, ""]);
    expect(await tried(`nats://${hosts}`)).toEqual([
      1,
      expect.stringContaining("asks for an encrypted connection: write tls:// for nats://"),
    ]);
    expect(await tried(`tls://${hosts}?cert=${client.cert}&key=${client.key}`)).toEqual([
      1,
      expect.stringContaining("say whom to trust with ca="),
    ]);
    expect(await tried(`tls://${hosts}?ca=${ca}`)).toEqual([
      1,
      expect.stringContaining("give cert= and key= if the server asks for a certificate"),
    ]);
    await servers.stop();
    servers = await (await NatsServers.start(1)).ready();
    expect(await tried(`tls://${servers.hosts}`)).toEqual([
      1,
      expect.stringContaining("no encrypted connection to the NATS server"),
    ]);
  });
});

/** Files of an authority, and of a server and a client that it has signed. */
function certificates() {
  const at = (name: string): string => join(scratch, name);
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });
  openssl(
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
    "-subj",
    "/CN=test ca",
    "-days",
    "2",
  );
  const signed = (name: string): { cert: string; key: string } => {
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      at(`${name}.key`),
      "-out",
      at(`${name}.csr`),
      "-subj",
      `/CN=${name}`,
    );
    const extensions = fileOf(
      `${name}.ext`,
      "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n",
    );
    openssl(
      "x509",
      "-req",
      "-in",
      at(`${name}.csr`),
      "-CA",
      at("ca.pem"),
      "-CAkey",
      at("ca.key"),
      "-CAcreateserial",
      "-out",
      at(`${name}.pem`),
      "-days",
      "2",
      "-extfile",
      extensions,
    );
    return { cert: at(`${name}.pem`), key: at(`${name}.key`) };
  };
  return { ca: at("ca.pem"), server: signed("server"), client: signed("client") };
}

/** An operator with one account, as a server's configuration, and its users' credentials. */
function operator() {
  const encode = (value: string | Uint8Array): string => Buffer.from(value).toString("base64url");
  const [head, account, system] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const token = (issuer: typeof head, subject: typeof head, name: string, nats: object): string => {
    const claims = {
      jti: name,
      iat: Math.floor(Date.now() / 1000),
      iss: issuer.getPublicKey(),
      sub: subject.getPublicKey(),
      name,
      nats: { version: 2, ...nats },
    };
    const text = `${encode(JSON.stringify({ typ: "JWT", alg: "ed25519-nkey" }))}.${encode(JSON.stringify(claims))}`;
    return `${text}.${encode(issuer.sign(new TextEncoder().encode(text)))}`;
  };
  const none = { subs: -1, data: -1, payload: -1 };
  const limits = {
    ...none,
    conn: -1,
    leaf: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
    mem_storage: -1,
    disk_storage: -1,
    streams: -1,
    consumer: -1,
  };
  const accounts = [
    `${account.getPublicKey()}: ${token(head, account, "app", { type: "account", limits })}`,
    `${system.getPublicKey()}: ${token(head, system, "system", { type: "account", limits: { ...limits, mem_storage: 0, disk_storage: 0 } })}`,
  ];
  return {
    config: [
      `operator: ${token(head, head, "operator", { type: "operator" })}`,
      `system_account: ${system.getPublicKey()}`,
      `resolver: MEMORY\nresolver_preload: { ${accounts.join("\n")} }`,
    ].join("\n"),
    creds: (): string => {
      const user = nkeys.createUser();
      const seed = new TextDecoder().decode(user.getSeed());
      const jwt = token(account, user, "user", { type: "user", ...none });
      return `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
    },
  };
}
