/** How many rows a second the sequencer can give their place, with nothing else to do: appenders and readers do not compute. */
import { fork } from "node:child_process";
import { join } from "node:path";
import { defaultDeployment, placesOf } from "../../src/runtime/deployment.ts";
import type { DeployFile } from "../../src/runtime/deployment.ts";
import { rowsIn } from "../../src/runtime/messages.ts";
import type { Envelope } from "../../src/runtime/messages.ts";
import type { CollectionMeta, RoleMeta, Row } from "../../src/runtime/program.ts";
import { addressOf } from "../../src/runtime/routing.ts";
import { TcpTransport } from "../../src/runtime/transports/tcp.ts";
import { WireFormat } from "../../src/runtime/transports/wire.ts";

export interface SequencerLimit {
  readonly appenders: number;
  readonly readers: number;
  /** Through the log, with appenders and readers in one other process. */
  readonly rowsPerSecond: number;
  /** A second of the sequencer's own CPU. */
  readonly rowsPerCpuSecond: number;
}

const ROWS_A_MESSAGE = 500;
/** Rows that an appender has under way. */
const ROWS_AHEAD = 20_000;

const click: CollectionMeta = {
  name: "click",
  kind: "channel",
  columns: ["campaign", "id", "user"].map((name) => ({ name, type: "string" as const })),
  ordering: { log: "Report.log", by: [] },
};

function metasOf(appenders: number, readers: number): readonly RoleMeta[] {
  const none = { replicated: false, partitionedBy: null, collections: [], targets: [], travels: [] };
  const target = { id: "Report.click", role: "Report", collection: click, route: { kind: "all" as const } };
  return [
    { ...none, role: "AdServer", count: appenders, targets: [target] },
    { ...none, role: "Report", count: readers, replicated: true, collections: [click] },
  ];
}

/** `rows` clicks from `appenders` to one log that `readers` replicas read. */
export async function measureSequencer(
  root: string,
  rows: number,
  appenders = 5,
  readers = 3,
): Promise<SequencerLimit> {
  const metas = metasOf(appenders, readers);
  const roles = metas.map(({ role, count }) => ({ role, count }));
  let deploy: DeployFile = { ...defaultDeployment({ roles, log: true }, "127.0.0.1", 0), cluster: "bench" };
  const child = fork(join(root, "bench", "coordination", "log-process.mjs"), { execArgv: [] });
  const answer = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once("message", (message) => resolve(message as T));
      child.once("exit", (code) => reject(new Error(`the sequencer ended with ${code}`)));
    });
  const opened = answer<{ readonly port: number }>();
  child.send({ metas, deploy });
  const log = { host: "127.0.0.1", port: (await opened).port };

  let received = 0;
  let onRead = (): void => {};
  const nodes = roles.flatMap(({ role, count }) => Array.from({ length: count }, (_, i) => addressOf(role, i)));
  const transports = new Map(
    nodes.map((self, epoch) => {
      const transport = new TcpTransport({
        self,
        epoch: epoch + 1,
        program: "bench",
        version: "1",
        cluster: "bench",
        wire: new WireFormat(metas),
        onEnvelope: ({ parts }) => {
          if (self !== addressOf("Report", 0)) return;
          for (const part of parts) if (part.kind === "batch") received += rowsIn(part.runs);
          onRead();
        },
        onFault: ({ message }) => {
          throw new Error(message);
        },
        log: () => {},
      });
      return [self, transport] as const;
    }),
  );
  try {
    for (const { role } of roles) {
      const instances = [];
      for (let i = 0; i < deploy.roles[role].instances.length; i++) {
        instances.push({ host: "127.0.0.1", port: await transports.get(addressOf(role, i))!.listen("127.0.0.1", 0) });
      }
      deploy = { ...deploy, log, roles: { ...deploy.roles, [role]: { instances } } };
    }
    for (const transport of transports.values()) transport.setAddresses(placesOf(deploy));
    child.send({ deploy });

    let sent = 0;
    let seq = 0;
    const ahead = Math.min(ROWS_AHEAD, rows / 8 / appenders);
    /** False: enough is under way. */
    const append = (): boolean => {
      if (sent >= rows || sent - received >= ahead * appenders) return false;
      seq++;
      for (let i = 0; i < appenders && sent < rows; i++) {
        const from = addressOf("AdServer", i);
        const rows = Array.from({ length: ROWS_A_MESSAGE }, (_, n): Row => [
          `campaign-${n % 24}`,
          `ad-${(n * 7) % 500}`,
          `u${sent + n}`,
        ]);
        const envelope: Envelope = {
          from,
          to: "log",
          epoch: i + 1,
          seq,
          parts: [{ kind: "append", log: "Report.log", runs: [{ target: "Report.click", to: null, from, rows }] }],
        };
        transports.get(envelope.from)!.send(envelope);
        sent += rows.length;
      }
      return true;
    };
    const ask = async (): Promise<number> => {
      const usage = answer<{ readonly cpu: NodeJS.CpuUsage }>();
      child.send({});
      const { cpu } = await usage;
      return (cpu.user + cpu.system) / 1e6;
    };
    const until = (count: number): Promise<void> =>
      new Promise((resolve) => {
        onRead = () => {
          while (append());
          if (received >= count) resolve();
        };
        onRead();
      });

    await until(Math.floor(rows / 4));
    // Taken before the question, which everything under way may outrun.
    const [at, already] = [performance.now(), received];
    const before = { cpu: await ask(), at, received: already };
    await until(Math.ceil(rows / ROWS_A_MESSAGE) * ROWS_A_MESSAGE);
    const seconds = (performance.now() - before.at) / 1000;
    const cpu = (await ask()) - before.cpu;
    const through = received - before.received;
    return { appenders, readers, rowsPerSecond: through / seconds, rowsPerCpuSecond: through / cpu };
  } finally {
    await Promise.all([...transports.values()].map((transport) => transport.close(0)));
    child.removeAllListeners("exit");
    child.disconnect();
  }
}
