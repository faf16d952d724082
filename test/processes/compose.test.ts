/** What `dlc build --target compose` writes, unchanged, in the containers of a Docker engine. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ads, makePlace } from "../place-of-tests.ts";
import type { Place } from "../place-of-tests.ts";
import { root } from "../support/pages.ts";
import { Containers, hasContainers, until } from "./containers.ts";
import { start } from "./programs.ts";

describe.skipIf(!hasContainers)("in containers", () => {
  let place: Place;
  let containers: Containers | null = null;
  beforeAll(() => {
    execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"]);
  }, 180_000);
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => {
    containers?.remove();
    containers = null;
    place.remove();
  });

  /** Builds the program, and starts it as the pages say. Its name is that of the containers. */
  async function up(text: string, ...options: string[]): Promise<Containers> {
    place.write({ "dlc-in-containers.dlc": text });
    const built = await place.dlc("build", "dlc-in-containers.dlc", "-o", "out", "--target", "compose", ...options);
    expect(built.code, built.err).toBe(0);
    containers = new Containers(join(place.folder, "out"), "dlc-in-containers");
    containers.compose("up", "--build", "--detach", "--wait");
    return containers;
  }

  const attach = (service: string): string => `docker compose attach --sig-proxy=false ${service}`;
  const servers = ["adserver-0", "adserver-1", "adserver-2", "adserver-3", "adserver-4"];
  const all = [...servers, "report-0", "report-1", "report-2", "analyst-0"];

  test("an ad network answers as on one machine, and ends well", async () => {
    const made = await up(ads());
    expect(all.map((each) => made.inspect(each).health)).toEqual(all.map(() => "healthy"));

    const click = (user: string, id: string) => ({ collection: "click", row: { campaign: "shoes", id, user } });
    const sealed = { collection: "click", seal: { campaign: "shoes" } };
    const events = servers.map((_, i) => [click(`u${i}`, "s1"), click(`u${i}`, `s${i % 2}`), sealed]);
    const ask = { collection: "ask", row: { campaign: "shoes" } };
    const given = [
      ...events.flatMap((each, node) => each.map((event) => ({ role: "AdServer", node, ...event }))),
      { role: "Analyst", node: 0, ...ask },
    ];
    const input = given.map((event) => `${JSON.stringify(event)}\n`).join("");
    const ran = await start([join(root, "bin/dlc.js"), "run", "dlc-in-containers.dlc"], input, {}, place.folder).done;
    const inOrder = (rows: readonly object[]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort();
    const wanted = inOrder(ran.rows);
    expect(wanted).toHaveLength(2);

    const metrics = `fetch("http://127.0.0.1:9464/metrics").then((said) => said.text()).then(console.log)`;
    const received = (): string => made.compose("exec", "-T", "report-0", "node", "-e", metrics);
    for (const [i, server] of servers.entries()) {
      const from = new RegExp(`dlc_messages_received_total\\{.*from="AdServer#${i}".*\\} [1-9]`);
      await made.feed(attach(server), events[i], () => from.test(received()));
    }
    await made.feed(attach("analyst-0"), [ask], () => made.rows("analyst-0").length >= wanted.length);
    expect(inOrder(made.rows("analyst-0"))).toEqual(wanted);

    // All run the one image, so that nothing is to be done when they run already.
    const before = all.map((each) => made.inspect(each));
    expect(before.map(({ restarts }) => restarts)).toEqual(all.map(() => 0));
    made.compose("up", "--detach", "--wait");
    expect(all.map((each) => made.inspect(each).id)).toEqual(before.map(({ id }) => id));

    // From inside, an instance is declared gone as docs/deployment.md says.
    made.compose("stop", "adserver-1");
    made.compose("exec", "-T", "report-0", "node", "main.js", "--gone", "AdServer#1");

    made.compose("stop");
    expect(all.map((each) => made.inspect(each)).map(({ status, exitCode }) => `${status} ${exitCode}`)).toEqual(
      all.map(() => "exited 0"),
    );
  });

  test.each([
    ["on TCP", [], "log"],
    ["on its own NATS cluster", ["--transport", "nats"], "nats-0"],
  ])("processes that are killed come back to their volumes, %s", async (_, options, keeper) => {
    const made = await up(readFileSync(join(root, "fixtures/durable/kvs.dlc"), "utf8"), ...options);
    const stores = ["store-0", "store-1", "store-2"];
    const put = (key: string, value: number) => ({ collection: "put", row: { key, value } });
    const hasAll = (key: string, value: number) => (): boolean =>
      stores.every((each) => JSON.stringify(made.rows(each)).includes(`"row":{"key":"${key}","value":${value}}`));
    await made.feed(attach("client-0"), [put("a", 1)], hasAll("a", 1));

    for (const each of ["store-0", keeper]) made.kill(each);
    for (const each of ["store-0", keeper]) await until(() => made.inspect(each).restarts === 1);
    await made.feed(attach("client-1"), [put("b", 2)], hasAll("b", 2));
    expect(made.compose("logs", "store-0")).toContain("Store#0: brought back from /data/Store-0.journal");
    for (const each of ["store-0", keeper]) await until(() => made.inspect(each).health === "healthy");

    // Volumes outlive the containers: what was known is not put out again.
    made.compose("down");
    made.compose("up", "--detach", "--wait");
    await made.feed(attach("client-0"), [put("c", 3)], hasAll("c", 3));
    for (const each of stores)
      expect(made.rows(each).filter((row) => !JSON.stringify(row).includes(`"key":"c"`))).toEqual([]);
  });
});
