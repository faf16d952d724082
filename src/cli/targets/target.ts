/** What `dlc build --target` makes beside the program: files that put its processes onto machines. Pure. */
import type { DeployFile } from "../../runtime/deployment.ts";
import type { EmittedFile } from "../../compiler/emitted.ts";

/** A program as those see it who deploy it. */
export interface Deployable {
  /** `ads`: of the file, in letters that names may have everywhere. */
  readonly name: string;
  readonly roles: readonly DeployedRole[];
  /** Whether the deployment has a sequencer: events pass through logs, or members change. */
  readonly log: boolean;
  /** `tcp`, the servers of a NATS cluster (transports/nats/settings.ts), or `nats`, `nats?channels=durable`: one of its own. */
  readonly transport: string;
  /** How long the epochs of its logs are; null where they have none. */
  readonly epochMs: number | null;
  /** Whether processes keep data. */
  readonly keepsData: boolean;
}

export interface DeployedRole {
  readonly role: string;
  readonly count: number;
  /** Whether rows can come on its stdin. */
  readonly hasInputs: boolean;
  /** Whether its members may change. */
  readonly dynamic?: boolean;
}

/** The files, and the deployment as these need it. */
export interface TargetFiles {
  readonly files: readonly EmittedFile[];
  readonly deploy: DeployFile;
}

/** Servers of a NATS cluster that is deployed with the program: one may be lost. */
export const NATS_SERVERS = 3;
/** The image that the program's begins with. */
export const NODE_IMAGE = "node:22-slim";
export const NATS_IMAGE = "nats:2.11-alpine";
export const NATS_PORT = 4222;
const ROUTES_PORT = 6222;
/** Of its servers, for those who ask for their health. */
export const NATS_MONITOR_PORT = 8222;

/** The same in each container: nothing else listens there. */
export const PEER_PORT = 7201;
export const METRICS_PORT = 9464;
/** Where a container keeps its data. */
export const DATA_FOLDER = "/data";
/** How long a process may take to end: it sends what waits, and closes its files. Seconds. */
export const GRACE_SECONDS = 15;
/** Of the user `node` of the image. */
export const USER_ID = 1000;

/** A name of a service, as DNS and both targets allow it: `AdServer` is `adserver`. */
export function dnsName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 50)
    .replace(/-+$/, "");
  if (name === "") return "dlc";
  return /^[a-z]/.test(name) ? name : `dlc-${name}`;
}

/** Names of services for roles, each its own. */
export function serviceNames(roles: readonly { readonly role: string }[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(["log", "nats"]);
  for (const { role } of roles) {
    const wanted = dnsName(role);
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted}-${n}`;
    taken.add(name);
    names.set(role, name);
  }
  return names;
}

/** Whether a process of its own orders events; on NATS the servers keep the logs. */
export function hasSequencer({ log, transport }: Deployable): boolean {
  return log && transport === "tcp";
}

/** What is said of a NATS cluster that is deployed with the program, as `?channels=durable`; null: there is none. */
export function ownNats(transport: string): string | null {
  return /^nats(\?.*)?$/s.exec(transport)?.[0].slice("nats".length) ?? null;
}

/** The transport of the deployment, where its own servers have these names. */
export function transportOf({ transport }: Pick<Deployable, "transport">, servers: readonly string[]): string {
  const said = ownNats(transport);
  return said === null ? transport : `nats://${servers.map((host) => `${host}:${NATS_PORT}`).join(",")}${said}`;
}

/** How a server of the program's own cluster is started. `name` may be a variable that the platform fills in. */
export function natsArguments(program: Deployable, name: string, servers: readonly string[]): readonly string[] {
  const routes = servers.map((host) => `nats://${host}:${ROUTES_PORT}`).join(",");
  return [
    "-js",
    "-sd",
    DATA_FOLDER,
    "-n",
    name,
    "-m",
    String(NATS_MONITOR_PORT),
    "--cluster_name",
    program.name,
    "--cluster",
    `nats://0.0.0.0:${ROUTES_PORT}`,
    "--routes",
    routes,
  ];
}

/** The image of all processes. */
export function dockerfile({ transport }: Deployable): EmittedFile {
  const packages = transport === "tcp" ? "" : "RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund\n";
  const text = `# Written by dlc build. One image for all processes: the role is the first argument.
FROM ${NODE_IMAGE}
WORKDIR /app
COPY . .
${packages}RUN mkdir ${DATA_FOLDER} && chown node:node ${DATA_FOLDER}
USER node
EXPOSE ${PEER_PORT} ${METRICS_PORT}
ENTRYPOINT ["node", "--enable-source-maps", "main.js"]
`;
  return { path: "Dockerfile", text };
}

/** What the image leaves out. */
export function dockerignore(): EmittedFile {
  return { path: ".dockerignore", text: "Dockerfile\n.dockerignore\ncompose.yaml\nkubernetes.yaml\ndata\n" };
}
