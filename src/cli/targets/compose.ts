/** `--target compose`: every instance a service of Docker Compose. */
import { stringify } from "yaml";
import type { DeployFile } from "../../runtime/deployment.ts";
import {
  DATA_FOLDER,
  dockerfile,
  dockerignore,
  GRACE_SECONDS,
  hasSequencer,
  METRICS_PORT,
  NATS_IMAGE,
  NATS_MONITOR_PORT,
  NATS_SERVERS,
  natsArguments,
  PEER_PORT,
  serviceNames,
  ownNats,
  transportOf,
} from "./target.ts";
import type { Deployable, TargetFiles } from "./target.ts";

export function composeFiles(program: Deployable): TargetFiles {
  const names = serviceNames(program.roles);
  const services: Record<string, object> = {};
  const roles: Record<string, { instances: { host: string; port: number; metrics: number }[] }> = {};
  const place = (host: string): { host: string; port: number; metrics: number } => ({
    host,
    port: PEER_PORT,
    metrics: METRICS_PORT,
  });
  const add = (name: string, role: readonly string[], hasInputs: boolean): void => {
    services[name] = service(program, role, name, hasInputs, Object.keys(services).length === 0);
  };
  for (const { role, count, hasInputs } of program.roles) {
    roles[role] = { instances: [] };
    for (let index = 0; index < count; index++) {
      const name = `${names.get(role)}-${index}`;
      roles[role].instances.push(place(name));
      add(name, [role, "--index", String(index)], hasInputs);
    }
  }
  if (hasSequencer(program)) add("log", ["log"], false);
  const servers = Array.from({ length: ownNats(program.transport) !== null ? NATS_SERVERS : 0 }, (_, i) => `nats-${i}`);
  const kept = [...(program.keepsData ? Object.keys(services) : []), ...servers];
  const volumes = kept.length > 0 ? { volumes: Object.fromEntries(kept.map((name) => [name, {}])) } : {};
  for (const name of servers) services[name] = natsService(program, name, servers);
  const deploy: DeployFile = {
    program: program.name,
    cluster: program.name,
    transport: transportOf(program, servers),
    roles,
    ...(hasSequencer(program) && { log: place("log") }),
    ...(program.epochMs !== null && { epochMs: program.epochMs }),
    ...(program.keepsData && { data: DATA_FOLDER }),
  };
  const head = `# Written by dlc build: \`docker compose up --build\` starts it. \`docker compose attach NAME\` gives rows to the inputs of a process.\n`;
  const text =
    head + stringify({ name: program.name, services, ...volumes }, { lineWidth: 0, aliasDuplicateObjects: false });
  return { files: [{ path: "compose.yaml", text }, dockerfile(program), dockerignore()], deploy };
}

/** A server of the program's own cluster. */
function natsService(program: Deployable, name: string, servers: readonly string[]): object {
  const healthy = `wget -q -O- http://127.0.0.1:${NATS_MONITOR_PORT}/healthz`;
  return {
    image: NATS_IMAGE,
    command: natsArguments(program, name, servers),
    restart: "unless-stopped",
    healthcheck: { test: ["CMD-SHELL", healthy], interval: "5s", timeout: "3s", retries: 3, start_period: "10s" },
    volumes: [`${name}:${DATA_FOLDER}`],
  };
}

function service(
  program: Deployable,
  role: readonly string[],
  name: string,
  hasInputs: boolean,
  isFirst: boolean,
): object {
  const ready = `fetch("http://127.0.0.1:${METRICS_PORT}/ready").then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`;
  return {
    image: program.name,
    // One image for all: made once, by the first, so that all run the same one.
    ...(isFirst && { build: "." }),
    command: [...role, "--listen", "0.0.0.0", ...(hasInputs ? [] : ["--no-stdin"])],
    // Its stdin stays open, so that its inputs do not end.
    ...(hasInputs && { stdin_open: true }),
    restart: "unless-stopped",
    stop_grace_period: `${GRACE_SECONDS}s`,
    healthcheck: { test: ["CMD", "node", "-e", ready], interval: "5s", timeout: "3s", retries: 3, start_period: "10s" },
    ...(program.keepsData && { volumes: [`${name}:${DATA_FOLDER}`] }),
  };
}
