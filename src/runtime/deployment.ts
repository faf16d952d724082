/** `deploy.json`: where the instances of a program are. */
import { isFile, otlpProblem } from "./otlp-settings.ts";
import type { OtlpSettings } from "./otlp-settings.ts";
import type { RoleMeta } from "./program.ts";
import { TLS_KEYS } from "./transports/tls-files.ts";
import type { TlsFiles } from "./transports/tls-files.ts";
import { namesNats, parseNats, placedFiles } from "./transports/nats/settings.ts";
import type { NatsSettings } from "./transports/nats/settings.ts";

export interface Place {
  readonly host: string;
  /** 0: any free port; only where somebody else tells the peers (a launcher, a single instance). */
  readonly port: number;
  /** Where it serves metrics and health, on the same host; 0: any free port. Absent: nowhere. */
  readonly metrics?: number;
}

export interface RolePlaces {
  readonly instances: readonly Place[];
  /** Further instances may join while these run. */
  readonly dynamic?: true;
}

export interface DeployFile {
  /** The program's name, for whoever reads the file. */
  readonly program?: string;
  /** Its name; processes with another are refused. Absent: "". */
  readonly cluster?: string;
  /** `tcp`, which is meant where nothing is said, or the servers of a NATS cluster (transports/nats/settings.ts). */
  readonly transport?: string;
  /** On NATS, where the instances find each other by themselves, addresses may be left out: `{}`. */
  readonly roles: Readonly<Record<string, RolePlaces>>;
  /** The sequencer; needed where the program has logs, unless these are on NATS. */
  readonly log?: Place;
  /** How long the sequencer gathers an epoch, milliseconds; as the program was built where it is absent. */
  readonly epochMs?: number;
  /** Over TCP: what each process shows, and whom it takes. Absent: connections are neither encrypted nor checked. */
  readonly tls?: TlsFiles;
  /** Where processes give away what they do as spans of OpenTelemetry. Absent: nowhere. */
  readonly otlp?: OtlpSettings;
  /** Folder on each machine in which processes keep their data; needed where the program has durable tables. */
  readonly data?: string;
}

/** What a program needs of its deployment. */
export interface DeployNeeds {
  readonly roles: readonly {
    readonly role: string;
    readonly count: number;
    /** A channel of it to which messages go without an address, so that it has one instance only. */
    readonly unaddressed?: string | null;
    /** It was built so that its members may change. */
    readonly dynamic?: boolean;
  }[];
  readonly log: boolean;
  /** How long epochs are unless the deployment says otherwise; none where no log is cut into any. */
  readonly epochMs?: number | null;
  /** A role with durable tables, if there is one. */
  readonly durable?: string | undefined;
}

/** What the roles of a program need. */
export function needsOf(metas: readonly RoleMeta[]): DeployNeeds {
  const targets = metas.flatMap((meta) => meta.targets);
  return {
    roles: metas.map(({ role, count, dynamic }) => ({
      role,
      count,
      dynamic: dynamic === true,
      unaddressed: targets.find((target) => target.role === role && target.route.kind === "one")?.id ?? null,
    })),
    log: metas.some(({ collections }) => collections.some(({ ordering }) => ordering !== undefined)),
    epochMs: epochMsOf(metas),
    durable: metas.find(({ durable }) => durable === true)?.role,
  };
}

/** Whether a deployment of it has one, to order events or changes of members. */
export function hasSequencer({ log, roles }: DeployNeeds): boolean {
  return log || roles.some(({ dynamic }) => dynamic);
}

/** null where no log is cut into epochs. */
export function epochMsOf(metas: readonly RoleMeta[]): number | null {
  for (const { collections } of metas)
    for (const { ordering } of collections) if (ordering?.everyMs !== undefined) return ordering.everyMs;
  return null;
}

/** Why a role cannot have so many instances. */
export function tooMany(role: string, count: number, channel: string): string {
  return `${role} cannot have ${count} instances, since messages go to ${channel} without an address: one, or rules that say where (${channel}@a(…), ${channel}@*(…))`;
}

/** The NATS cluster that a checked deployment is on; null: it is not on one. */
export function natsOf({ transport }: DeployFile): NatsSettings | null {
  const parsed = transport === undefined || !namesNats(transport) ? null : parseNats(transport);
  return parsed?.ok === true ? parsed.settings : null;
}

/** What is wrong with a transport; null: nothing. */
export function transportProblem(transport: unknown): string | null {
  if (transport === undefined || transport === "tcp") return null;
  if (typeof transport !== "string" || !namesNats(transport))
    return `must be "tcp" or "nats://host:4222,host:4222", found ${JSON.stringify(transport)}`;
  const parsed = parseNats(transport);
  return parsed.ok ? null : parsed.problem;
}

const KEYS = ["program", "cluster", "transport", "roles", "log", "epochMs", "tls", "otlp", "data"];
const PLACE_KEYS = ["host", "port", "metrics"];

/** Longer ones would stop a program. */
export const LONGEST_EPOCH_MS = 3_600_000;

/** First port of the deployment that is made where none is given. */
export const FIRST_PORT = 7201;

/** All instances on one host, on ports counted up from `firstPort` (0: any), the sequencer last. */
export function defaultDeployment(needs: DeployNeeds, host = "127.0.0.1", firstPort = FIRST_PORT): DeployFile {
  let next = firstPort;
  const place = (): Place => ({ host, port: firstPort === 0 ? 0 : next++ });
  const roles: Record<string, RolePlaces> = {};
  for (const { role, count, dynamic } of needs.roles)
    roles[role] = { instances: Array.from({ length: count }, place), ...(dynamic && { dynamic }) };
  return {
    cluster: "",
    transport: "tcp",
    roles,
    ...(hasSequencer(needs) && { log: place() }),
    ...(typeof needs.epochMs === "number" && { epochMs: needs.epochMs }),
  };
}

/** First port for metrics of the deployment that is made where none is given. */
export const FIRST_METRICS_PORT = 9201;

/** Every process with a port for its metrics, counted up from `first` (0: any). */
export function withMetrics(deploy: DeployFile, first: number): DeployFile {
  let next = first;
  const place = (of: Place): Place => ({ ...of, metrics: first === 0 ? 0 : next++ });
  const roles = Object.fromEntries(
    Object.entries(deploy.roles).map(([role, of]) => [role, { ...of, instances: of.instances.map(place) }]),
  );
  return { ...deploy, roles, ...(deploy.log === undefined ? {} : { log: place(deploy.log) }) };
}

/** Everything that is wrong with a deployment, one sentence each. */
export class DeploymentError extends Error {
  override name = "DeploymentError";
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super(problems.map((problem) => `${file}: ${problem}`).join("\n"));
    this.problems = problems;
  }
}

/** Checks the form, and that it has what the program needs. Throws DeploymentError; `file` is for its messages. */
export function parseDeployment(text: string, file: string, needs?: DeployNeeds): DeployFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DeploymentError(file, [`not JSON: ${(error as Error).message}`]);
  }
  return checkDeployment(value, file, needs);
}

/** A checked deployment with the files that it names where they lie: `beside` is that place for each. */
export function besideFile(
  { transport, data, tls, otlp, ...deploy }: DeployFile,
  beside: (named: string) => string,
): DeployFile {
  return {
    ...deploy,
    ...(tls !== undefined && { tls: { ca: beside(tls.ca), cert: beside(tls.cert), key: beside(tls.key) } }),
    ...(transport !== undefined && { transport: placedFiles(transport, beside) }),
    ...(data !== undefined && { data: beside(data) }),
    ...(otlp !== undefined && { otlp: { ...otlp, to: isFile(otlp.to) ? beside(otlp.to) : otlp.to } }),
  };
}

export function checkDeployment(value: unknown, file: string, needs?: DeployNeeds): DeployFile {
  const problems: string[] = [];
  if (!isRecord(value)) {
    const form = `{"roles": {"Report": {"instances": [{"host": "127.0.0.1", "port": 7201}]}}}`;
    throw new DeploymentError(file, [`expected an object ${form}`]);
  }
  const { cluster, transport, roles, log, tls, epochMs, otlp, data } = value;
  for (const key of Object.keys(value)) {
    if (!KEYS.includes(key)) problems.push(`unknown key "${key}"; there are ${KEYS.join(", ")}`);
  }
  if (cluster !== undefined && typeof cluster !== "string")
    problems.push(`"cluster" is the deployment's name, a string`);
  const transportIs = transportProblem(transport);
  if (transportIs !== null) problems.push(`"transport": ${transportIs}`);
  const isOnNats = typeof transport === "string" && namesNats(transport);
  if (tls !== undefined) checkTls(tls, problems);
  if (tls !== undefined && isOnNats)
    problems.push(
      '"tls" is for processes that are connected to each other; on NATS the transport says it: tls://host?ca=…',
    );
  if (data !== undefined && (typeof data !== "string" || data === ""))
    problems.push(`"data" is the folder in which processes keep their data, a string; found ${JSON.stringify(data)}`);
  else if (data === undefined && needs?.durable)
    problems.push(
      `${needs.durable} has durable tables, but "data", the folder in which processes keep their data, is missing`,
    );
  if (!isRecord(roles)) problems.push(`"roles" must be an object from role names to {"instances": [...]}`);
  else {
    for (const [role, entry] of Object.entries(roles)) {
      if (!isRecord(entry) || !Array.isArray(entry["instances"])) {
        problems.push(`roles.${role} must be {"instances": [{"host": "127.0.0.1", "port": 7201}, ...]}`);
      } else if (entry["instances"].length === 0) {
        problems.push(`roles.${role}.instances is empty; a role has one instance at least`);
      } else {
        entry["instances"].forEach((place, i) => {
          const isLeftOut = isOnNats && isRecord(place) && Object.keys(place).length === 0;
          if (!isLeftOut) checkPlace(place, `roles.${role}.instances[${i}]`, problems);
        });
      }
    }
    for (const [role, entry] of Object.entries(roles)) {
      const dynamic = isRecord(entry) ? entry["dynamic"] : undefined;
      if (dynamic === undefined) continue;
      const isBuiltSo = needs === undefined || needs.roles.some((each) => each.role === role && each.dynamic);
      if (dynamic !== true)
        problems.push(`roles.${role}.dynamic can only be true, or left out; found ${JSON.stringify(dynamic)}`);
      else if (!isBuiltSo)
        problems.push(`roles.${role} is dynamic, and the program was not built for that: dlc build --dynamic ${role}`);
      else if (log === undefined && !isOnNats)
        problems.push(`roles.${role} is dynamic, and "log", the process that lets newcomers in, is missing`);
    }
    for (const { role, unaddressed } of needs?.roles ?? []) {
      if (!Object.hasOwn(roles, role)) problems.push(`the program has a role ${role}, but "roles" does not place it`);
      const placed = (roles[role] as { instances?: unknown } | undefined)?.instances;
      if (unaddressed && Array.isArray(placed) && placed.length > 1)
        problems.push(tooMany(role, placed.length, unaddressed));
    }
    const known = needs?.roles.map(({ role }) => role);
    for (const role of Object.keys(roles)) {
      if (known && !known.includes(role))
        problems.push(`"roles" places ${role}, but the program's roles are ${known.join(", ")}`);
    }
  }
  if (log !== undefined) checkPlace(log, "log", problems);
  else if (needs?.log && !isOnNats)
    problems.push(`the program orders events through a log, but "log": {"host": ..., "port": ...} is missing`);
  if (
    epochMs !== undefined &&
    !(Number.isInteger(epochMs) && (epochMs as number) >= 1 && (epochMs as number) <= LONGEST_EPOCH_MS)
  )
    problems.push(
      `"epochMs" is how long an epoch is, milliseconds from 1 to ${LONGEST_EPOCH_MS}; found ${JSON.stringify(epochMs)}`,
    );
  if (otlp !== undefined) checkOtlp(otlp, problems);
  const deploy = value as unknown as DeployFile;
  if (problems.length === 0 && !isOnNats) checkDistinct(deploy, problems);
  if (problems.length > 0) throw new DeploymentError(file, problems);
  return deploy;
}

function checkTls(tls: unknown, problems: string[]): void {
  const form = `{"ca": "ca.pem", "cert": "node.pem", "key": "node.key"}`;
  if (!isRecord(tls)) return void problems.push(`"tls" must be ${form}`);
  for (const key of TLS_KEYS)
    if (typeof tls[key] !== "string" || tls[key] === "")
      problems.push(`tls.${key} must be a file, as in ${form}; found ${JSON.stringify(tls[key])}`);
  for (const key of Object.keys(tls))
    if (!TLS_KEYS.some((known) => known === key))
      problems.push(`tls has the unknown key "${key}"; there are ${TLS_KEYS.join(", ")}`);
}

function checkOtlp(otlp: unknown, problems: string[]): void {
  if (!isRecord(otlp))
    return void problems.push(
      `"otlp" must be {"to": "http://127.0.0.1:4318", "sample": 0.01}; found ${JSON.stringify(otlp)}`,
    );
  const { to, sample = 1, ...others } = otlp;
  const problem = otlpProblem(to);
  if (problem !== null) problems.push(`otlp.to ${problem}`);
  if (typeof sample !== "number" || !(sample >= 0 && sample <= 1))
    problems.push(`otlp.sample is the share of traces that are recorded, from 0 to 1; found ${JSON.stringify(sample)}`);
  for (const key of Object.keys(others)) problems.push(`otlp has the unknown key "${key}"; there are to, sample`);
}

function checkPlace(place: unknown, where: string, problems: string[]): void {
  if (!isRecord(place)) {
    problems.push(`${where} must be {"host": "127.0.0.1", "port": 7201}`);
    return;
  }
  const { host, port, metrics } = place;
  for (const key of Object.keys(place)) {
    if (!PLACE_KEYS.includes(key))
      problems.push(`${where} has the unknown key "${key}"; there are ${PLACE_KEYS.join(", ")}`);
  }
  if (typeof host !== "string" || host === "") {
    problems.push(`${where}.host must be a host name or an address, found ${JSON.stringify(host)}`);
  }
  if (!isPort(port)) problems.push(`${where}.port must be a port (0 to 65535), found ${JSON.stringify(port)}`);
  if (metrics !== undefined && !isPort(metrics))
    problems.push(`${where}.metrics must be a port (0 to 65535), found ${JSON.stringify(metrics)}`);
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65535;
}

function checkDistinct(deploy: DeployFile, problems: string[]): void {
  const taken = new Map<string, string>();
  const take = (name: string, host: string, port: number): void => {
    if (port === 0) return;
    const other = taken.get(`${host}:${port}`);
    if (other !== undefined) problems.push(`${name} and ${other} have the same address ${host}:${port}`);
    taken.set(`${host}:${port}`, name);
  };
  for (const [name, { host, port, metrics = 0 }] of placesOf(deploy)) {
    take(name, host, port);
    take(`the metrics of ${name}`, host, metrics);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where each process is: `Report#0`, ..., `log`. */
export function placesOf(deploy: DeployFile): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const [role, { instances }] of Object.entries(deploy.roles)) {
    instances.forEach((place, i) => places.set(`${role}#${i}`, place));
  }
  // On NATS the logs need no process.
  if (deploy.log !== undefined && natsOf(deploy) === null) places.set("log", deploy.log);
  return places;
}

/** Roles whose members change. */
export function dynamicOf(deploy: DeployFile): ReadonlySet<string> {
  return new Set(Object.entries(deploy.roles).flatMap(([role, { dynamic }]) => (dynamic ? [role] : [])));
}

export function countsOf(deploy: DeployFile): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(deploy.roles).map(([role, { instances }]) => [role, instances.length]));
}
