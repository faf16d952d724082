/** What those see who operate a deployment: metrics, health, `dlc status`. */
import { execFile } from "node:child_process";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fileOf, launch, program, start } from "./programs.ts";

const dlc = fileURLToPath(new URL("../../bin/dlc.js", import.meta.url));

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function get(
  port: number,
  path: string,
  method = "GET",
): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
}

/** Two sources that seal and one that counts. */
async function deployment(): Promise<{ file: string; main: string; metrics: readonly number[] }> {
  const main = join(await program("counter"), "main.js");
  const ports = await freePorts(6);
  const place = (i: number): object => ({ host: "127.0.0.1", port: ports[i], metrics: ports[i + 3] });
  const file = fileOf(
    `operated-${ports[0]}.json`,
    JSON.stringify({ roles: { Source: { instances: [place(0), place(1)] }, Counter: { instances: [place(2)] } } }),
  );
  return { file, main, metrics: ports.slice(3) };
}

test("a process serves metrics and health, dlc status shows all and says which do not answer", async () => {
  const { file, main, metrics } = await deployment();
  const source = start(
    [main, "Source", "--deploy", file],
    `{"collection":"word","row":{"id":1,"word":"a"}}\n{"collection":"word","row":{"id":2,"word":"b"}}\nnonsense\n`,
  );
  const counter = start([main, "Counter", "--deploy", file], null, { SHOW_SEEN: "1" });
  await Promise.all([source.sees("metrics at"), counter.sees(`"word":"b"`)]);

  const [sourceMetrics, , counterMetrics] = metrics;
  expect(await get(counterMetrics, "/live")).toEqual({
    status: 200,
    type: "text/plain; charset=utf-8",
    text: "live\n",
  });
  expect((await get(counterMetrics, "/ready")).status).toBe(200);
  const text = await get(sourceMetrics, "/metrics");
  expect([text.status, text.type]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  expect(text.text).toContain('dlc_rows_in_total{node="Source#0"} 2\n');
  expect(text.text).toContain('dlc_bad_rows_total{node="Source#0"} 1\n');
  expect(text.text).toContain('dlc_messages_sent_total{node="Source#0",to="Counter#0"}');
  expect(JSON.parse((await get(counterMetrics, "/status?full")).text)).toMatchObject({
    name: "Counter#0",
    ready: true,
  });
  expect((await get(counterMetrics, "/")).status).toBe(404);
  expect((await get(counterMetrics, "/metrics", "POST")).status).toBe(405);
  expect((await get(counterMetrics, "/metrics", "HEAD")).text).toBe("");

  const shown = await start([dlc, "status", file, "--timeout", "10000"]).done;
  expect(shown.code).toBe(1);
  expect(shown.stdout).toMatch(/^node +steps +rows in +rows out +outputs +waiting +unacknowledged\n/);
  expect(shown.stdout).toMatch(/\nSource#0 +\d+ +2 +2 +0 +0 +0 +ready, 1 bad row\n/);
  expect(shown.stdout).toMatch(/\nSource#1 +unreachable: http:\/\/127\.0\.0\.1:\d+\/status: ECONNREFUSED\n/);
  expect(shown.stdout).toMatch(/\nCounter#0 .* ready\n/);

  const other = start([main, "Source", "--index", "1", "--deploy", file]);
  await other.sees("metrics at");
  const all = await promisify(execFile)(process.execPath, [dlc, "status", file, "--json", "--timeout", "10000"]);
  const { nodes } = JSON.parse(all.stdout) as {
    readonly nodes: readonly { readonly name: string; readonly state: string }[];
  };
  expect(nodes.map(({ name, state }) => `${name} ${state}`)).toEqual([
    "Source#0 ready",
    "Source#1 ready",
    "Counter#0 ready",
  ]);

  for (const running of [source, other, counter]) running.kill("SIGTERM");
  expect((await Promise.all([source.done, other.done, counter.done])).map(({ code }) => code)).toEqual([1, 0, 0]);
});

test("who looks slowly, sends nonsense or never ends disturbs nothing", async () => {
  const { file, main, metrics } = await deployment();
  const counter = start([main, "Counter", "--deploy", file], null);
  await counter.sees("listens on");
  const slow = request({ port: metrics[2], path: "/metrics", method: "POST" });
  slow.on("error", () => {});
  slow.write("x");
  const nonsense = connect(metrics[2], "127.0.0.1", () => nonsense.write("\0\xff nonsense\r\n\r\n".repeat(1000)));
  nonsense.on("error", () => {}).resume();
  const idle = connect(metrics[2], "127.0.0.1");
  idle.on("error", () => {});
  await new Promise((resolve) => nonsense.once("close", resolve));
  expect((await get(metrics[2], "/ready")).status).toBe(200);
  counter.kill("SIGTERM");
  expect((await counter.done).code).toBe(0);
  slow.destroy();
  idle.destroy();
});

test("a port for metrics that is taken, or is none, is said so", async () => {
  const { file, main, metrics } = await deployment();
  const first = start([main, "Counter", "--deploy", file], null);
  await first.sees("listens on");
  const second = await start([main, "Source", "--deploy", file, "--metrics", String(metrics[2])]).done;
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(
    `Source#0: port ${metrics[2]} of 127.0.0.1 is in use: stop the process that has it, or give Source#0 another port (metrics in deploy.json, or --metrics)`,
  );
  const none = await start([main, "Source", "--deploy", file, "--metrics", "many"]).done;
  expect([none.code, none.stderr]).toEqual([2, "--metrics must be a port, as 9464 or 0.0.0.0:9464; found many\n"]);
  first.kill("SIGTERM");
  await first.done;

  // Something else answers there.
  const strange = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n{}")).listen(metrics[0], "127.0.0.1");
  await new Promise((resolve) => strange.once("listening", resolve));
  const asked = await start([dlc, "status", file]).done;
  strange.close();
  expect(asked.stdout).toContain("is no process of dlc");
});

test("lines on stderr are JSON where it is asked for", async () => {
  const { file, main } = await deployment();
  const source = start([main, "Source", "--deploy", file, "--log-format", "json"], "nonsense\n");
  await source.sees("stdin:1");
  source.kill("SIGTERM");
  const { stderr } = await source.done;
  const lines = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>);
  expect(lines[0]).toEqual({
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    level: "info",
    node: "Source#0",
    message: expect.stringContaining("metrics at"),
  });
  const messages = lines.map(({ message }) => message).join();
  for (const part of ["listens on", "stdin:1:"]) expect(messages).toContain(part);
  const wrong = await start([main, "Source", "--log-format", "xml"]).done;
  expect([wrong.code, wrong.stderr]).toEqual([2, "--log-format must be text or json, found xml\n"]);
});

test("dlc status says what it cannot read", async () => {
  const plain = fileOf("no-metrics.json", `{"roles":{"A":{"instances":[{"host":"127.0.0.1","port":7201}]}}}`);
  const without = await start([dlc, "status", plain]).done;
  expect([without.code, without.stderr]).toEqual([
    2,
    `dlc: ${plain} says of no process where its metrics are: give each place a port, as "metrics": 9201\n`,
  ]);
  const missing = await start([dlc, "status", join(plain, "none")]).done;
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("dlc: cannot read the deployment: ")]);
  const wrong = await start([
    dlc,
    "status",
    fileOf("wrong-status.json", `{"roles":{"A":{"instances":[{"host":"h","port":1,"metrics":"x"}]}}}`),
  ]).done;
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('roles.A.instances[0].metrics must be a port (0 to 65535), found "x"'),
  ]);
});

test("dlc run serves metrics from a port on", async () => {
  const running = await launch(
    "counter",
    { metrics: 0, keep: true },
    `{"role":"Source","collection":"word","row":{"id":1,"word":"a"}}\n`,
  );
  await running.sees(/Counter#0: metrics at http:\/\/127\.0\.0\.1:\d+\/metrics/);
  running.kill("SIGINT");
  const { stderr } = await running.done;
  const [, port] = /Counter#0: metrics at http:\/\/127\.0\.0\.1:(\d+)\/metrics/.exec(stderr)!;
  expect(Number(port)).toBeGreaterThan(1023);
  const wrong = await launch("counter", { metrics: 65535 });
  expect((await wrong.done).stderr).toContain("--metrics 65535: 4 ports from there on go beyond 65535; begin lower");
});
