/** `--target compose`: every instance a service of Docker Compose. */
import { stringify } from "yaml";
import type { DeployFile } from "../../runtime/deployment.ts";
import {
  DATA_FOLDER,
  dockerfile,
  dockerignore,
  GRACE_SECONDS,
  METRICS_PORT,
  PEER_PORT,
  serviceNames,
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
  for (const { role, count, hasInputs } of program.roles) {
    roles[role] = { instances: [] };
    for (let index = 0; index < count; index++) {
      const name = `${names.get(role)}-${index}`;
      roles[role].instances.push(place(name));
      services[name] = service(program, [role, "--index", String(index)], name, hasInputs);
    }
  }
  if (program.log) services["log"] = service(program, ["log"], "log", false);
  const volumes = program.keepsData
    ? { volumes: Object.fromEntries(Object.keys(services).map((name) => [name, {}])) }
    : {};
  const deploy: DeployFile = {
    program: program.name,
    cluster: program.name,
    transport: "tcp",
    roles,
    ...(program.log && { log: place("log") }),
    ...(program.epochMs !== null && { epochMs: program.epochMs }),
    ...(program.keepsData && { data: DATA_FOLDER }),
  };
  const head = `# Written by dlc build: \`docker compose up --build\` starts it. \`docker compose attach NAME\` gives rows to the inputs of a process.\n`;
  const text =
    head + stringify({ name: program.name, services, ...volumes }, { lineWidth: 0, aliasDuplicateObjects: false });
  return { files: [{ path: "compose.yaml", text }, dockerfile(), dockerignore()], deploy };
}

function service(program: Deployable, role: readonly string[], name: string, hasInputs: boolean): object {
  const ready = `fetch("http://127.0.0.1:${METRICS_PORT}/ready").then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`;
  return {
    image: program.name,
    build: ".",
    command: [...role, "--listen", "0.0.0.0", ...(hasInputs ? [] : ["--no-stdin"])],
    // Its stdin stays open, so that its inputs do not end.
    ...(hasInputs && { stdin_open: true }),
    restart: "unless-stopped",
    stop_grace_period: `${GRACE_SECONDS}s`,
    healthcheck: { test: ["CMD", "node", "-e", ready], interval: "5s", timeout: "3s", retries: 3, start_period: "10s" },
    ...(program.keepsData && { volumes: [`${name}:${DATA_FOLDER}`] }),
  };
}
