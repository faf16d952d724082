/**
 * The commands of the pages that are to be typed, run as they stand but for ports, and hosts that are not here; and what
 * processes are told and say on the pages.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ads, makePlace } from "../place-of-tests.ts";
import type { Place } from "../place-of-tests.ts";
import { blocksOf, root, textOf } from "../support/pages.ts";
import { testCommands } from "../support/sessions.ts";
import { Containers, hasContainers, until } from "./containers.ts";
import { freePorts, hasNats, NatsServers } from "./nats-servers.ts";
import { start } from "./programs.ts";
import type { Ran, Running } from "./programs.ts";

let place: Place;
const running: Running[] = [];
const dlc = `exec "${process.execPath}" "${join(root, "bin/dlc.js")}"`;
beforeAll(() => {
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"]);
}, 180_000);
beforeEach(() => {
  place = makePlace();
  const file = join(place.folder, "bin", "dlc");
  place.write({
    "bin/dlc": `#!/bin/sh\n${dlc} "$@"\n`,
    "ads.dlc": ads(),
    "clicks.ndjson": lines(...["u1", "u2", "u3"].map((user) => ({ campaign: "shoes", id: "s1", user })), {
      campaign: "hats",
      id: "h1",
      user: "u1",
    }),
    "asks.ndjson": lines({ campaign: "shoes" }),
  });
  chmodSync(file, 0o755);
});
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.kill("SIGKILL");
    await each.done;
  }
  place.remove();
});

const lines = (...rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
/** What the analyst of `ads` is told when all clicks of `clicks.ndjson` have come. */
const told = { campaign: "shoes", id: "s1", n: 3 };
const rowsOf = ({ rows }: Pick<Ran, "rows">): readonly object[] => rows.map(({ row }) => row);
const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  NO_COLOR: "1",
  PATH: `${join(place.folder, "bin")}${delimiter}${process.env["PATH"]}`,
});

/** Runs a line to its end, which is a good one. */
function bash(line: string): Pick<Ran, "stdout" | "stderr" | "rows"> {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", line], {
    cwd: place.folder,
    encoding: "utf8",
    env: env(),
  });
  expect(status, `${line}\n${stderr}`).toBe(0);
  return { stdout, stderr, rows: stdout.split("\n").flatMap((row) => (row.startsWith("{") ? [JSON.parse(row)] : [])) };
}

/** Starts `node …`, which goes on. */
function node(line: string, input: string | null = null): Running {
  const [command, ...args] = line.replace(/ +#.*/, "").split(" ");
  expect(command).toBe("node");
  const each = start(args, input, {}, place.folder);
  running.push(each);
  return each;
}

/** Each instance of a deployment at a free port of this machine. */
async function moved(folder: string): Promise<void> {
  const file = join(place.folder, folder, "deploy.json");
  const deploy = JSON.parse(readFileSync(file, "utf8")) as {
    readonly roles: Readonly<Record<string, { readonly instances: object[] }>>;
  };
  const all = Object.values(deploy.roles);
  const ports = [...(await freePorts(all.reduce((sum, { instances }) => sum + 2 * instances.length, 0)))];
  for (const { instances } of all)
    for (const i of instances.keys()) instances[i] = { host: "127.0.0.1", port: ports.pop(), metrics: ports.pop() };
  writeFileSync(file, JSON.stringify(deploy));
}

async function ends(process: Running): Promise<Ran> {
  process.kill("SIGTERM");
  const ran = await process.done;
  expect([ran.code, ran.stderr]).toEqual([0, expect.not.stringContaining("DLC9")]);
  return ran;
}

testCommands(blocksOf("command"), {
  "node DIR/main.js Report --index 0 --deploy DIR/deploy.json": {
    async run(next) {
      bash("dlc build ads.dlc -o DIR");
      await moved("DIR");
      const report = node(next());
      await report.sees("Report#0: listens on");
      await ends(report);
    },
  },
  "dlc run ads.dlc --dynamic Report --join Report@500ms --input 'AdServer[*].click=clicks.ndjson' --input Analyst.ask=asks.ndjson":
    {
      run(next) {
        const ran = bash(next());
        expect(ran.stderr).toContain("Report#3: takes part");
        expect(rowsOf(ran)).toContainEqual(told);
      },
    },
  "dlc build ads.dlc -o out --dynamic Report": {
    async run(next) {
      bash(next());
      await moved("out");
      const file = join(place.folder, "out", "deploy.json");
      const deploy = JSON.parse(readFileSync(file, "utf8")) as {
        roles: Record<string, { instances: object[] }>;
        log: object;
      };
      const [port] = await freePorts(1);
      writeFileSync(file, JSON.stringify({ ...deploy, log: { host: "127.0.0.1", port } }));
      node("node out/main.js log");
      for (const [role, { instances }] of Object.entries(deploy.roles))
        for (const i of instances.keys()) node(`node out/main.js ${role} --index ${i}`);
      const newcomer = node(next().replace("10.0.0.9:7301", "127.0.0.1:0"));
      await newcomer.sees("takes part");
      await ends(newcomer);
    },
  },
  "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=ads -days 365 -keyout ca.key -out ca.pem":
    {
      async run(next) {
        place.write({
          "pair.dlc":
            "role From { input word(w: string); To.word <~ word; }\nrole To { channel word(w: string); output said(w: string); said <= word; }\n",
        });
        bash("dlc build pair.dlc -o out");
        const certificates = join(place.folder, "certificates");
        mkdirSync(certificates);
        for (let i = 0; i < 3; i++) bash(`cd certificates && ${next().replaceAll("report-0", "localhost")}`);
        const [from, to] = await freePorts(2);
        const shown = /"tls": (\{.*?\})/.exec(textOf("docs/deployment.md"))![1];
        const deploy = {
          program: "pair",
          roles: {
            From: { instances: [{ host: "localhost", port: from }] },
            To: { instances: [{ host: "localhost", port: to }] },
          },
          tls: JSON.parse(shown) as object,
        };
        place.write({ "certificates/deploy.json": JSON.stringify(deploy) });
        const receiver = node("node out/main.js To --deploy certificates/deploy.json");
        await receiver.sees("listens on");
        const sender = node(
          "node out/main.js From --deploy certificates/deploy.json",
          lines({ collection: "word", row: { w: "hush" } }),
        );
        await receiver.sees('"hush"');
        await ends(sender);
        // Who shows nothing is not taken: without these files the same deployment says nothing.
        place.write({ "plain.json": JSON.stringify({ ...deploy, tls: undefined }) });
        node("node out/main.js From --deploy plain.json", lines({ collection: "word", row: { w: "loud" } }));
        await receiver.sees("DLC911");
        expect((await stopped(receiver)).stdout).not.toContain("loud");
      },
    },
  "nats-server -js": {
    needs: hasNats,
    async run(next) {
      const [port] = await freePorts(1);
      const [command, ...args] = next().split(" ");
      const nats = spawn(command, [...args, "-a", "127.0.0.1", "-p", String(port), "-sd", join(place.folder, "js")]);
      try {
        let said = "";
        for await (const chunk of nats.stderr.setEncoding("utf8"))
          if ((said += chunk).includes("Server is ready")) break;
        expect(rowsOf(bash(next().replace("4222", String(port))))).toContainEqual(told);
      } finally {
        nats.kill("SIGKILL");
      }
    },
  },
  "dlc build ads.dlc -o out --transport 'nats://nats-0:4222,nats-1:4222,nats-2:4222?channels=durable'": {
    run(next) {
      bash(next());
      // What such processes do is tried in nats-channels.test.ts.
      expect(JSON.parse(readFileSync(join(place.folder, "out", "deploy.json"), "utf8"))).toMatchObject({
        transport: "nats://nats-0:4222,nats-1:4222,nats-2:4222?channels=durable",
      });
    },
  },
  "dlc build ads.dlc -o out --transport nats://nats-0:4222,nats-1:4222,nats-2:4222": {
    needs: hasNats,
    async run(next) {
      const servers = await (await NatsServers.start(1)).ready();
      try {
        bash(next().replace("nats-0:4222,nats-1:4222,nats-2:4222", servers.hosts));
        // Without a registry they come from here.
        spawnSync(`${next()} --prefer-offline --no-audit --no-fund`, { shell: true, cwd: place.folder });
        const packages = join(place.folder, "out", "node_modules");
        if (!existsSync(join(packages, "@nats-io", "kv")))
          for (const name of ["@nats-io", "tweetnacl"].filter((each) => existsSync(join(root, "node_modules", each))))
            cpSync(join(root, "node_modules", name), join(packages, name), { recursive: true });
        const report = node(next());
        await report.sees(`Report#0: has joined "ads" on nats://${servers.hosts}`);
        await ends(report);
      } finally {
        await servers.stop();
      }
    },
  },
  "cd out && docker compose up --build": {
    needs: hasContainers,
    async run(next) {
      bash("cp ads.dlc dlc-in-containers.dlc && dlc build dlc-in-containers.dlc -o out --target compose");
      const containers = new Containers(join(place.folder, "out"), "dlc-in-containers");
      try {
        const up = spawn("bash", ["-c", next()], { cwd: place.folder, stdio: "ignore", detached: true });
        const ended = new Promise((resolve) => up.once("exit", resolve));
        await until(
          () =>
            containers
              .compose("ps", "--format", "{{.Health}}")
              .split("\n")
              .filter((each) => each === "healthy").length === 9,
        );
        const events = [
          { collection: "click", row: { campaign: "shoes", id: "s1", user: "u1" } },
          { collection: "click", seal: { campaign: "shoes" } },
        ];
        const attach = next();
        const feed = (service: string, given: readonly object[], isDone: () => boolean): Promise<void> =>
          containers.feed(attach.replace("adserver-0", service), given, isDone);
        // Nothing is put out before the analyst has asked, and all servers have sealed.
        const rows = (): readonly object[] => containers.rows("analyst-0");
        for (const i of [0, 1, 2, 3, 4]) await feed(`adserver-${i}`, i === 0 ? events : events.slice(1), soon());
        await feed("analyst-0", [{ collection: "ask", row: { campaign: "shoes" } }], () => rows().length > 0);
        expect(rowsOf({ rows: rows() as Ran["rows"] })).toEqual([{ campaign: "shoes", id: "s1", n: 1 }]);
        process.kill(-up.pid!, "SIGINT");
        await ended;
        expect(containers.inspect("report-0")).toMatchObject({ status: "exited", exitCode: 0 });
      } finally {
        containers.remove();
      }
    },
  },
  "dlc run ads.dlc --data state --input 'AdServer[*].click=clicks.ndjson'     # a run that goes on where it was": {
    async run(next) {
      const run = next();
      bash(run);
      expect(readdirSync(join(place.folder, "state"))).toContain("Report-0.journal");
      // What it has taken it takes no second time.
      const again = bash(run);
      expect(again.stderr).toContain("Report#0: brought back from ");
      expect(again.stderr).toMatch(/dlc: AdServer#0 +0 +0 +0 +0 +0\n/);
      bash("dlc build ads.dlc -o out");
      await moved("out");
      const report = node(next().replace("/var/lib/ads", join(place.folder, "var")));
      await report.sees("listens on");
      await ends(report);
      expect(readdirSync(join(place.folder, "var"))).toContain("Report-0.journal");
    },
  },
  "dlc run word-count.dlc --input tweets=tweets.ndjson": {
    run(next) {
      cpSync(join(root, "fixtures/components"), place.folder, { recursive: true });
      const shown = [...textOf("fixtures/components/README.md").matchAll(/`(\{".*?\})`/g)].map(([, row]) => `${row}\n`);
      const [tweet, click, ask, ...more] = shown;
      expect(more).toEqual([]);
      place.write({ "tweets.ndjson": tweet, "clicks.ndjson": click, "asks.ndjson": ask });
      const counts = rowsOf(bash(next()));
      for (const word of ["the", "whale"]) expect(counts).toContainEqual(expect.objectContaining({ word, n: 1 }));
      expect(rowsOf(bash(next()))).toContainEqual(expect.objectContaining({ campaign: "shoes", id: "shoes-1", n: 1 }));
    },
  },
});

/** Becomes true when a second has passed. */
function soon(): () => boolean {
  const end = Date.now() + 1000;
  return () => Date.now() > end;
}

async function stopped(process: Running): Promise<Ran> {
  process.kill("SIGTERM");
  return process.done;
}

test("docs/commands.md has events as stdin takes them, of roles and of sources", async () => {
  const [{ text }, ...more] = blocksOf("events");
  expect(more).toEqual([]);
  place.write({
    "fed.dlc": `source ask(campaign: string);
role AdServer x2 {
  input click(campaign: string, id: string, user: string) sealed by (campaign);
  Report.click <~ click;
}
role Report {
  channel click(campaign: string, id: string, user: string);
  channel ask(campaign: string);
  table clicks(campaign: string, id: string, user: string);
  table asks(campaign: string);
  output clicked(campaign: string, n: int);
  clicks <= click;
  asks <= ask;
  clicked(c, count()) <= clicks(c, _, _), asks(c);
}
connect ask -> Report.ask;
`,
    "events.ndjson": `${text}\n`,
  });
  const { rows, stderr } = bash("dlc run fed.dlc --quiet < events.ndjson");
  expect([rowsOf({ rows }), stderr]).toEqual([[{ campaign: "shoes", n: 1 }], expect.not.stringContaining("DLC9")]);
});

test("docs/operations.md has a line as a process says it", async () => {
  const [{ text }, ...more] = blocksOf("logged");
  expect(more).toEqual([]);
  const shown = JSON.parse(text) as Record<string, string>;
  bash("dlc build ads.dlc -o out");
  await moved("out");
  const server = node(
    "node out/main.js AdServer --index 0 --log-format json",
    lines(
      { collection: "click", seal: { campaign: "shoes" } },
      { collection: "click", row: { campaign: "shoes", id: "s1", user: "u1" } },
    ),
  );
  await server.sees('"code"');
  const said = (await stopped(server)).stderr
    .split("\n")
    .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
  const refused = said.find(({ code }) => code !== undefined);
  expect(Object.keys(refused)).toEqual(Object.keys(shown));
  expect(refused.node).toBe("AdServer#0");
  for (const key of ["time", "level", "node", "code"] as const)
    expect(refused[key].replace(/[0-9]/g, "0"), key).toMatch(
      key === "node" ? /^\w+#0$/ : new RegExp(`^${key === "level" ? "\\w+" : shown[key].replace(/[0-9]/g, "0")}$`),
    );
});

test("docs/commands.md has the status of a deployment as it is shown", async () => {
  const [{ text }, ...more] = blocksOf("status");
  expect(more).toEqual([]);
  place.write({
    "status.dlc": `role AdServer x2 {
  input click(ad: string, user: string) sealed by (ad);
  Report.click <~ click;
}
role Report {
  channel click(ad: string, user: string);
  table clicks(ad: string, user: string);
  output clicked(ad: string, n: int);
  clicks <= click;
  clicked(a, count()) <= clicks(a, _);
}
`,
  });
  bash("dlc build status.dlc -o out");
  await moved("out");
  const report = node("node out/main.js Report");
  const events = ["ad1", "ad2", "ad7"].flatMap((ad) => [
    ...["u1", "u2", "u3", "u4"].map((user) => ({ collection: "click", row: { ad, user } })),
    { collection: "click", seal: { ad } },
  ]);
  const server = node("node out/main.js AdServer --index 0");
  server.stdin.write(lines(...events));
  await Promise.all([report.sees("metrics at"), server.sees("metrics at")]);
  const form = (status: string): string =>
    status
      .trimEnd()
      .replace(/[0-9][0-9,]*/g, "N")
      .replace(/ +/g, " ")
      .replace(/"adN"/g, '"ad"');
  const isShown = () =>
    spawnSync("bash", ["-c", "dlc status out"], { cwd: place.folder, encoding: "utf8", env: env() });
  // Until all rows have come.
  let status = isShown();
  for (let i = 0; i < 40 && !status.stdout.includes("12 rows held back"); i++) status = isShown();
  expect([form(status.stdout), status.status]).toEqual([form(text), 1]);
});
