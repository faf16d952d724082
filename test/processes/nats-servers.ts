/** NATS servers on free ports of this machine, alone or as a cluster, for one test. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import type { ConnectionOptions } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";

const found = spawnSync("nats-server", ["--version"], { encoding: "utf8" });
export const hasNats = found.status === 0;
if (!hasNats)
  console.warn("tests with NATS are skipped: `apt-get install nats-server` (2.9 or later) puts it where they find it");

/** Where the system takes no ports from for others, who connect or listen on any. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
/** Of tests that run at once none gets the port of another, which may not have opened it yet. */
const given = new Set<number>();

/** Several that nobody listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (given.has(port) || !(await isFree(port)) || given.has(port)) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function serve(folder: string, name: string): ChildProcess {
  return spawn("nats-server", ["-c", join(folder, `${name}.conf`), "-l", join(folder, `${name}.log`)], {
    stdio: "ignore",
  });
}

export interface NatsServer {
  readonly name: string;
  readonly port: number;
  process: ChildProcess;
}

export class NatsServers {
  readonly servers: readonly NatsServer[];
  readonly #folder: string;

  private constructor(servers: readonly NatsServer[], folder: string) {
    this.servers = servers;
    this.#folder = folder;
  }

  /** `more`: further lines of each server's configuration. */
  static async start(
    count: number,
    more = "",
    { jetStream = true }: { readonly jetStream?: boolean } = {},
  ): Promise<NatsServers> {
    const folder = mkdtempSync(join(tmpdir(), "dlc-nats-"));
    const ports = await freePorts(2 * count);
    const servers = Array.from({ length: count }, (_, i): NatsServer => {
      const name = `s${i}`;
      const store = join(folder, name);
      mkdirSync(store);
      const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`);
      const lines = [
        `server_name: ${name}`,
        `listen: "127.0.0.1:${ports[i]}"`,
        ...(jetStream ? [`jetstream { store_dir: ${JSON.stringify(store)}, max_mem: 256MB, max_file: 2GB }`] : []),
        ...(count > 1
          ? [`cluster { name: test, listen: "127.0.0.1:${ports[count + i]}", routes: ${JSON.stringify(routes)} }`]
          : []),
        more,
      ];
      writeFileSync(join(folder, `${name}.conf`), lines.join("\n"));
      return { name, port: ports[i], process: serve(folder, name) };
    });
    return new NatsServers(servers, folder);
  }

  /** kill -9, and after a while again with what it had on its disk. */
  async restart(server: NatsServer, afterMs: number): Promise<void> {
    const ended = new Promise((resolve) => server.process.once("exit", resolve));
    server.process.kill("SIGKILL");
    await ended;
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    server.process = serve(this.#folder, server.name);
  }

  get url(): string {
    return `nats://${this.hosts}`;
  }

  get hosts(): string {
    return this.servers.map(({ port }) => `127.0.0.1:${port}`).join(",");
  }

  /** Until all of them keep streams together. */
  async ready(options: Partial<ConnectionOptions> = {}): Promise<this> {
    await this.#with(options, async (manager) => {
      const name = "ready";
      for (let i = 0; ; i++) {
        try {
          await manager.streams.add({ name, subjects: [name], num_replicas: this.servers.length });
          await manager.streams.delete(name);
          return;
        } catch (error) {
          if (i === 100) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    });
    return this;
  }

  async #with<T>(
    options: Partial<ConnectionOptions>,
    use: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
  ): Promise<T> {
    for (let i = 0; ; i++) {
      try {
        const connection = await connect({
          timeout: 2000,
          ...options,
          servers: this.servers.map(({ port }) => `127.0.0.1:${port}`),
        });
        try {
          return await use(await jetstreamManager(connection, { checkAPI: false, timeout: 2000 }));
        } finally {
          await connection.close();
        }
      } catch (error) {
        if (i === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** The names of all streams, buckets included. */
  streams(): Promise<readonly string[]> {
    return this.#with({}, async (manager) => {
      const names: string[] = [];
      for await (const name of manager.streams.names()) names.push(name);
      return names;
    });
  }

  /**
   * The server that leads a stream whose name matches, or the only one; waits until it holds so many messages, a while longer than
   * dlc waits for a cluster that elects.
   */
  async leaderOf(stream: RegExp, messages: number): Promise<NatsServer> {
    for (const until = Date.now() + 40_000; Date.now() < until;) {
      const found = await this.#with({}, async (manager) => {
        for await (const info of manager.streams.list()) {
          const leader = this.servers.find(({ name }) => this.servers.length === 1 || name === info.cluster?.leader);
          if (stream.test(info.config.name) && leader !== undefined && info.state.messages >= messages) return leader;
        }
        return null;
      });
      if (found !== null) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no stream ${String(stream)} with ${messages} messages`);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.servers.map(
        ({ process }) =>
          new Promise<void>((resolve) => {
            if (process.exitCode !== null || process.signalCode !== null) return resolve();
            process.once("exit", () => resolve());
            process.kill("SIGKILL");
          }),
      ),
    );
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
