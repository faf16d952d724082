/** Encrypted connections between processes, each of which shows who it is. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { encodeFrame } from "../../src/runtime/transports/frames.ts";
import { fileOf, program, scratch, start } from "./programs.ts";
import type { Running } from "./programs.ts";

const dlc = fileURLToPath(new URL("../../bin/dlc.js", import.meta.url));
const running: Running[] = [];
const taps: Server[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.kill("SIGKILL");
    await each.done;
  }
  for (const tap of taps.splice(0)) tap.close();
});

/** Files of an authority and of certificates that it signed, for this machine. */
function authority(name: string): { ca: string; of: (who: string) => { ca: string; cert: string; key: string } } {
  const folder = join(scratch, `tls-${name}`);
  mkdirSync(folder, { recursive: true });
  const file = (one: string): string => join(folder, one);
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...fresh,
    "-subj",
    `/CN=${name}`,
    "-days",
    "2",
    "-keyout",
    file("ca.key"),
    "-out",
    file("ca.pem"),
  );
  writeFileSync(file("hosts"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  return {
    ca: file("ca.pem"),
    of(who) {
      openssl("req", ...fresh, "-subj", `/CN=${who}`, "-keyout", file(`${who}.key`), "-out", file(`${who}.csr`));
      openssl(
        "x509",
        "-req",
        "-in",
        file(`${who}.csr`),
        "-CA",
        file("ca.pem"),
        "-CAkey",
        file("ca.key"),
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        file("hosts"),
        "-out",
        file(`${who}.pem`),
      );
      return { ca: file("ca.pem"), cert: file(`${who}.pem`), key: file(`${who}.key`) };
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Passes everything on to `to`, and keeps what goes by. */
async function tap(to: number): Promise<{ port: number; heard: () => string }> {
  let heard = "";
  const server = createServer((socket) => {
    const on = connect(to, "127.0.0.1");
    socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1"))).on("error", () => {});
    on.on("error", () => socket.destroy());
    socket.pipe(on).pipe(socket);
  }).listen(0, "127.0.0.1");
  taps.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return { port: (server.address() as { readonly port: number }).port, heard: () => heard };
}

/** One source and one counter; what they say to each other goes through a tap. */
async function pair(
  sourceTls: object | undefined,
  counterTls: object | undefined,
): Promise<{ source: Running; counter: Running; heard: () => string; port: number }> {
  const main = join(await program("counter"), "main.js");
  const [sourcePort, counterPort] = [await freePort(), await freePort()];
  const { port, heard } = await tap(counterPort);
  const deploy = (name: string, counterAt: number, tls: object | undefined): string =>
    fileOf(
      `${name}-${counterPort}.json`,
      JSON.stringify({
        roles: {
          Source: { instances: [{ host: "localhost", port: sourcePort }] },
          Counter: { instances: [{ host: "127.0.0.1", port: counterAt }] },
        },
        ...(tls && { tls }),
      }),
    );
  const counter = start([main, "Counter", "--deploy", deploy("counter", counterPort, counterTls)], null, {
    SHOW_SEEN: "1",
  });
  running.push(counter);
  await counter.sees("listens on");
  const source = start(
    [main, "Source", "--deploy", deploy("source", port, sourceTls)],
    `{"collection":"word","row":{"id":1,"word":"confidential"}}\n`,
  );
  running.push(source);
  return { source, counter, heard, port: counterPort };
}

test("who has certificates of one authority is understood, and nobody who listens understands anything", async () => {
  const { of } = authority("one");
  const plain = await pair(undefined, undefined);
  await plain.counter.sees("confidential");
  expect(plain.heard()).toContain("confidential");

  const secret = await pair(of("source"), of("counter"));
  await secret.counter.sees("confidential");
  expect(secret.heard().length).toBeGreaterThan(100);
  expect(secret.heard()).not.toContain("confidential");
  expect(secret.heard()).not.toContain("hello");

  // Who does not encrypt, or shows nothing, is refused and told of; the others go on.
  const stranger = connect(secret.port, "127.0.0.1", () =>
    stranger.write(encodeFrame(JSON.stringify(["hello", "counter", "1", "", "Source#0", 9, "Counter#0", 1]))),
  );
  stranger.on("error", () => {});
  await secret.counter.sees(/DLC911: connection from 127\.0\.0\.1:\d+ refused and closed/);
  for (const each of [plain.source, plain.counter, secret.source, secret.counter]) each.kill("SIGTERM");
  expect((await secret.counter.done).code).toBe(0);
  expect((await secret.source.done).code).toBe(0);
});

test("only who has a certificate of the deployment may declare an instance gone", async () => {
  const own = authority("seven");
  const { source, counter, port } = await pair(own.of("source"), own.of("counter"));
  await counter.sees("confidential");
  source.kill("SIGKILL");
  await source.done;
  const gone = async (tls: object | undefined): Promise<readonly [number | null, string]> => {
    const places = JSON.parse(readFileSync(join(scratch, `counter-${port}.json`), "utf8")) as object;
    const file = fileOf(`operator-${port}.json`, JSON.stringify({ ...places, tls }));
    const { code, stdout } = await start([dlc, "gone", file, "Source#0", "--timeout", "1000"]).done;
    return [code, stdout];
  };
  for (const tls of [undefined, authority("eight").of("operator")]) {
    const [code, told] = await gone(tls);
    expect([code, told]).toEqual([1, expect.stringContaining("Counter#0  unreached: 127.0.0.1:")]);
  }
  expect(await gone(own.of("operator"))).toEqual([0, "Source#0 is declared gone\n  Counter#0  knows it\n"]);
  await counter.sees("Source#0 has been declared gone by ");
}, 30_000);

test("a certificate of another authority is refused on both sides, which say so", async () => {
  const { source, counter } = await pair(authority("two").of("source"), authority("three").of("counter"));
  await source.sees(
    /Counter#0 at 127\.0\.0\.1:\d+ cannot be reached \(\S*(SELF_SIGNED|VERIFY|ISSUER)\S*\), trying again; messages that wait: [12]\n/,
  );
  await counter.sees(/DLC911: connection from \S.* refused and closed: /);
  for (const each of [source, counter]) each.kill("SIGTERM");
  expect((await counter.done).stdout).toBe("");
});

test("files that are not there, or hold something else, are named", async () => {
  const { of } = authority("four");
  const main = join(await program("counter"), "main.js");
  const own = of("source");
  const wrong = async (tls: object): Promise<string> => {
    const instances = [{ host: "127.0.0.1", port: await freePort() }];
    const deploy = fileOf(
      "tls-wrong.json",
      JSON.stringify({
        roles: { Source: { instances }, Counter: { instances: [{ host: "127.0.0.1", port: 1 }] } },
        tls,
      }),
    );
    const { code, stderr } = await start([main, "Source", "--deploy", deploy]).done;
    expect(code === 1 || code === 2).toBe(true);
    expect(stderr).not.toContain("    at ");
    return stderr;
  };
  expect(await wrong({ ...own, cert: "nowhere.pem" })).toMatch(
    /^Source#0: "tls": cert cannot be read: ENOENT.*nowhere\.pem'\n$/,
  );
  expect(await wrong({ ...own, key: own.cert })).toContain("holds no private key in PEM");
  expect(await wrong({ ...own, key: of("other").key })).toContain("cannot be used together");
  expect(await wrong({ ca: own.ca })).toContain(
    'tls.cert must be a file, as in {"ca": "ca.pem", "cert": "node.pem", "key": "node.key"}; found undefined',
  );
});
