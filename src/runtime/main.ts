/** What `main.js` of an emitted folder does: starts any instance of the program. */
import { readFileSync, statSync } from "node:fs";
import { dirname, join as joined, resolve } from "node:path";
import type { Description, Network } from "./control.ts";
import {
  besideFile,
  DeploymentError,
  epochMsOf,
  hasSequencer,
  natsOf,
  needsOf,
  parseDeployment,
  transportProblem,
} from "./deployment.ts";
import type { DeployFile, Place } from "./deployment.ts";
import type { FeedFile } from "./feed.ts";
import { ANSWERS_WITHIN_MS, declare, whyNeverGone } from "./gone.ts";
import { setLogFormat } from "./log-lines.ts";
import type { LogFormat } from "./log-lines.ts";
import { otlpProblem, parseShare } from "./otlp-settings.ts";
import { inputsOf, runAlone, runLaunched } from "./process.ts";
import type { MetricsPlace, ProcessProgram } from "./process.ts";
import type { RoleProgram } from "./program.ts";
import { parseDelay } from "./transports/delay.ts";
import { parseLoss } from "./transports/loss.ts";
import { TransportError } from "./transports/transport.ts";

export interface MainOptions {
  /** The program's name; peers of another are refused. */
  readonly program?: string;
  /** A hash of the build; peers of another are refused. */
  readonly version?: string;
}

/** Where a newcomer is found that listens on no port. */
const NOWHERE = "nowhere";

/** Something on the command line that cannot be carried out: the message is printed, exit code 2. */
class WrongUse extends Error {}

interface Arguments {
  readonly role: string;
  readonly index: number;
  /** An instance that is to be declared gone, instead of starting one. */
  readonly gone: string | null;
  readonly deploy: string;
  readonly transport: string | null;
  readonly inputs: readonly string[];
  readonly stdin: boolean;
  readonly data: string | null;
  readonly otlp: string | null;
  readonly sample: number | null;
  readonly delay: string | null;
  readonly loss: string | null;
  readonly seed: number;
  readonly listen: string | null;
  readonly metrics: MetricsPlace | null;
  /** A newcomer, and where it is found; on NATS nowhere. */
  readonly join: Place | typeof NOWHERE | null;
}

/** Reads the process's arguments, runs what they ask for and ends the process. */
export function main(programs: Readonly<Record<string, RoleProgram>>, options: MainOptions = {}): void {
  const from: ProcessProgram = { programs, program: options.program ?? "", version: options.version ?? "" };
  run(from, process.argv.slice(2)).then(
    (code) => {
      if (code !== null) process.exit(code);
    },
    (error: unknown) => {
      if (error instanceof WrongUse || error instanceof DeploymentError) {
        process.stderr.write(`${error.message}\n`);
        process.exit(2);
      }
      throw error;
    },
  );
}

/** null: goes on until a launcher ends it. */
async function run(from: ProcessProgram, argv: readonly string[]): Promise<number | null> {
  const hasLog = hasSequencer(needsOf(Object.values(from.programs).map(({ meta }) => meta)));
  if (argv.includes("--help") || argv.includes("-h") || argv.length === 0) {
    process.stdout.write(usage(from, hasLog));
    return argv.length === 0 ? 2 : 0;
  }
  if (argv.includes("--describe")) {
    process.stdout.write(JSON.stringify(describe(from, hasLog)) + "\n");
    return 0;
  }
  const args = parseArguments(argv);
  if (args.gone !== null) return declareGone(from, args, args.gone);
  const roles = Object.keys(from.programs);
  if (args.role !== "log" && !roles.includes(args.role)) {
    const known = `${roles.join(", ")}${hasLog ? " and log (the sequencer)" : ""}`;
    throw new WrongUse(`there is no role ${args.role}; the program has ${known}`);
  }
  if (args.role === "log" && !hasLog)
    throw new WrongUse("this program orders nothing, and has no role that is dynamic, so that it has no log to run");
  if (argv.includes("--launched") && process.send !== undefined) {
    runLaunched(from, args);
    return null;
  }
  const deploy = readDeployment(from, args);
  if (args.role === "log" && natsOf(deploy) !== null)
    throw new WrongUse("on NATS the logs need no process: there is no sequencer to start");
  const instances = deploy.roles[args.role]?.instances.length ?? 1;
  if (args.join !== null) checkJoin(args, args.join, deploy);
  else if (args.index >= instances) {
    const wanted = `${args.role}#${args.index}`;
    throw new WrongUse(`${args.deploy} places ${instances} of ${args.role}, numbered from 0; there is no ${wanted}`);
  }
  return runAlone(
    from,
    { ...args, join: args.join === NOWHERE ? { host: "", port: 0 } : args.join },
    deploy,
    networkOf(args),
    filesOf(from, args),
    args.stdin,
  );
}

async function declareGone(from: ProcessProgram, args: Arguments, gone: string): Promise<number> {
  const deploy = readDeployment(from, args);
  const why = whyNeverGone(deploy, args.deploy, gone);
  if (why !== null) throw new WrongUse(why);
  const { isKnown, out, err } = await declare(deploy, gone, ANSWERS_WITHIN_MS).catch((error: unknown) => {
    if (error instanceof TransportError) throw new WrongUse(error.message);
    throw error;
  });
  process.stdout.write(out.map((line) => `${line}\n`).join(""));
  process.stderr.write(err.map((line) => `${line}\n`).join(""));
  return isKnown ? 0 : 1;
}

function checkJoin({ role, index, deploy: path }: Arguments, join: Place | typeof NOWHERE, deploy: DeployFile): void {
  const { roles } = deploy;
  const wanted = `${role}#${index}`;
  if (role === "log")
    throw new WrongUse("--join is for an instance of a role; the sequencer is where the deployment says");
  const { instances, dynamic } = roles[role];
  if (dynamic !== true)
    throw new WrongUse(
      `--join: the members of ${role} are fixed; dlc build --dynamic ${role}, and "dynamic": true at roles.${role} of ${path}, let them change`,
    );
  const isOnNats = natsOf(deploy) !== null;
  if (join === NOWHERE && !isOnNats)
    throw new WrongUse(
      "--join needs the address by which the others find the newcomer, as 10.0.0.7:7301; on NATS alone it has none",
    );
  if (join !== NOWHERE && isOnNats)
    throw new WrongUse("--join: on NATS nothing listens, so that a newcomer has no address: --join alone");
  if (join !== NOWHERE && join.port === 0 && deploy.data !== undefined)
    throw new WrongUse(
      `--join ${join.host}:0: a newcomer that keeps data comes back to where the others look for it, so that it needs a port of its own`,
    );
  if (index < instances.length)
    throw new WrongUse(
      `--join: ${path} places ${wanted}, so that it starts without joining; a newcomer has a number from ${instances.length} on`,
    );
}

function describe(from: ProcessProgram, log: boolean): Description {
  const metas = Object.values(from.programs).map(({ meta }) => meta);
  const roles = needsOf(metas).roles.map(({ role, count, unaddressed = null, dynamic }, i) => ({
    role,
    count,
    unaddressed,
    ...(dynamic && { dynamic }),
    collections: metas[i].collections,
  }));
  const { durable } = needsOf(metas);
  return {
    program: from.program,
    version: from.version,
    log,
    epochMs: epochMsOf(metas),
    roles,
    ...(durable === undefined ? {} : { durable }),
  };
}

function usage(from: ProcessProgram, hasLog: boolean): string {
  const roles = Object.keys(from.programs);
  return `Usage: node main.js ROLE --index N --deploy deploy.json [options]
       node main.js --gone ROLE#N --deploy deploy.json

Starts one instance of a role (${roles.join(", ")})${hasLog ? ", or with `log` as the role the sequencer" : ""}.
It runs until SIGINT or SIGTERM. With --gone it tells all others that an instance has died and will not come back, so that what
waits for its seals fails and the rest goes on.

  --index N                 which instance, from 0 (default 0)
  --deploy FILE             addresses of all instances (default: deploy.json beside main.js)
  --transport URL           nats://host:4222,... or tls://...?ca=FILE&creds=FILE&channels=durable, in place of the
                            deployment's; tcp
  --input COLLECTION=FILE   rows for an input, .ndjson or .csv; may be repeated
  --data FOLDER             keep there what has happened, and come back to it after a crash
  --otlp URL|FILE.jsonl     give away what it does as spans of OpenTelemetry, to a collector (http://host:4318) or into a file
  --sample 1%               record so many of the traces that begin here (default: all)
  --no-stdin                do not read events from stdin; without it, stdin feeds every input that no file does
  --delay 5ms, 0ms..50ms    hold every message for so long before it leaves
  --loss 50%                lose so many of the messages on lossy channels
  --seed N                  seed of delay and loss (default 1)
  --join [HOST:PORT]        join a running deployment as a newcomer that the others find there (port 0: any; on NATS
                            without an address); --index is a number that the deployment has not given, and the role
                            is one that is dynamic there
  --listen HOST             listen on that address, as 0.0.0.0 (default: the host of its place in the deployment)
  --metrics [HOST:]PORT     serve metrics and health there (/metrics, /live, /ready, /status), on this machine alone
                            without a host; 0 is any free port (default: what the deployment says)
  --log-format json         one JSON object a line on stderr: time, level, node, code, message (default: text)
  --describe                print roles and collections as JSON

Events on stdin and outputs on stdout, one per line: {"role":"${roles[0]}","node":0,"collection":"...","row":{...}}
`;
}

function parseArguments(argv: readonly string[]): Arguments {
  let role: string | null = null;
  let index = 0;
  let gone: string | null = null;
  let deploy = joined(dirname(process.argv[1]), "deploy.json");
  let transport: string | null = null;
  const inputs: string[] = [];
  let stdin = true;
  let data: string | null = null;
  let otlp: string | null = null;
  let sample: number | null = null;
  let delay: string | null = null;
  let loss: string | null = null;
  let seed = 1;
  let listen: string | null = null;
  let metrics: MetricsPlace | null = null;
  let join: Arguments["join"] = null;
  for (let i = 0; i < argv.length; i++) {
    const joinedOption = /^(--[a-z-]+)=(.*)$/s.exec(argv[i]);
    const name = joinedOption?.[1] ?? argv[i];
    const value = (): string => {
      const text = joinedOption?.[2] ?? argv[++i];
      if (text === undefined) throw new WrongUse(`${name} needs a value (node main.js --help)`);
      return text;
    };
    switch (name) {
      case "--index":
        index = wholeNumber(name, value());
        break;
      case "--gone":
        gone = value();
        break;
      case "--deploy":
        deploy = value();
        break;
      case "--transport":
        transport = value();
        break;
      case "--input":
        inputs.push(value());
        break;
      case "--data":
        data = value();
        break;
      case "--otlp":
        otlp = value();
        break;
      case "--sample":
        sample = shareOf(value());
        break;
      case "--no-stdin":
        stdin = false;
        break;
      case "--delay":
        delay = value();
        break;
      case "--loss":
        loss = value();
        break;
      case "--seed":
        seed = wholeNumber(name, value());
        break;
      case "--join":
        join = joinedOption === null && (argv[i + 1] ?? "-").startsWith("-") ? NOWHERE : joinPlace(value());
        break;
      case "--listen":
        listen = value();
        break;
      case "--metrics":
        metrics = metricsPlace(value());
        break;
      case "--log-format":
        setLogFormat(logFormat(value()));
        break;
      case "--launched":
        break;
      default:
        if (name.startsWith("-")) throw new WrongUse(`unknown option ${name} (node main.js --help shows all)`);
        if (role !== null) throw new WrongUse(`one role expected, found ${role} and ${name}`);
        role = name;
    }
  }
  if (role === null && gone === null) throw new WrongUse("which role? (node main.js --help)");
  return {
    role: role ?? "",
    index,
    gone,
    deploy,
    transport,
    inputs,
    stdin,
    data,
    otlp,
    sample,
    delay,
    loss,
    seed,
    listen,
    metrics,
    join,
  };
}

function shareOf(text: string): number {
  const share = parseShare(text);
  if (share === null) throw new WrongUse(`--sample must be a share, as 1%; found ${text}`);
  return share;
}

function logFormat(text: string): LogFormat {
  if (text !== "text" && text !== "json") throw new WrongUse(`--log-format must be text or json, found ${text}`);
  return text;
}

function metricsPlace(text: string): MetricsPlace {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65535)
    throw new WrongUse(`--metrics must be a port, as 9464 or 0.0.0.0:9464; found ${text}`);
  return { host: match[1] ?? "127.0.0.1", port: Number(match[2]) };
}

function joinPlace(text: string): Place {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65535)
    throw new WrongUse(`--join must be the address by which the others find it, as 10.0.0.7:7301; found ${text}`);
  return { host: match[1], port: Number(match[2]) };
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new WrongUse(`${option} must be a whole number, found ${text}`);
  return Number(text);
}

function networkOf(args: Arguments): Network {
  const delay = args.delay === null ? null : parseDelay(args.delay, args.seed);
  if (delay === null && args.delay !== null) {
    throw new WrongUse(`--delay must be a time as 5ms, or a span as 0ms..50ms; found ${args.delay}`);
  }
  const loss = args.loss === null ? null : parseLoss(args.loss, args.seed);
  if (loss === null && args.loss !== null) {
    throw new WrongUse(`--loss must be a share below all, as 50%; found ${args.loss}`);
  }
  return { delay, loss };
}

/** The deployment's file, with the transport and the data folder that were asked for. Files that it names lie beside it. */
function readDeployment(
  from: ProcessProgram,
  { deploy: path, transport: asked, data, otlp, sample }: Arguments,
): DeployFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new WrongUse(`cannot read the deployment: ${(error as Error).message}`);
  }
  const needs = needsOf(Object.values(from.programs).map(({ meta }) => meta));
  const beside = (file: string): string => resolve(dirname(path), file);
  const problem = transportProblem(asked ?? undefined);
  if (problem !== null) throw new WrongUse(`--transport: ${problem}`);
  const replaced = { ...(asked !== null && { transport: asked }), ...(data !== null && { data: resolve(data) }) };
  const deploy = besideFile(parseDeployment(withReplaced(text, replaced), path, needs), beside);
  const otlpProblemIs = otlp === null ? null : otlpProblem(otlp);
  if (otlpProblemIs !== null) throw new WrongUse(`--otlp ${otlpProblemIs}`);
  const to = otlp ?? deploy.otlp?.to;
  if (to === undefined && sample !== null)
    throw new WrongUse("--sample says how many traces are recorded, but nothing says where they go: --otlp");
  const spans = to === undefined ? {} : { otlp: { sample: sample ?? deploy.otlp?.sample ?? 1, to } };
  return { ...deploy, ...spans, ...(asked !== null && { transport: asked }) };
}

/** The text of a deployment with other members; one that is no JSON as it is. */
function withReplaced(text: string, members: Partial<DeployFile>): string {
  try {
    return JSON.stringify({ ...(JSON.parse(text) as object), ...members });
  } catch {
    return text;
  }
}

function filesOf(from: ProcessProgram, args: Arguments): readonly FeedFile[] {
  const inputs = args.role === "log" ? [] : inputsOf(from.programs[args.role].meta.collections);
  return args.inputs.map((spec) => {
    const match = /^([A-Za-z_][\w.]*)=(.+)$/.exec(spec);
    if (match === null) {
      throw new WrongUse(`--input must be COLLECTION=FILE for an input of ${args.role}, found ${spec}`);
    }
    const [, named, path] = match;
    const collection = named.startsWith(`${args.role}.`) ? named.slice(args.role.length + 1) : named;
    if (!inputs.some(({ name }) => name === collection)) {
      const known = inputs.map(({ name }) => name).join(", ") || "none";
      throw new WrongUse(`${args.role} has no input ${collection} (it has: ${known})`);
    }
    const isFile = statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
    if (!isFile) throw new WrongUse(`--input ${spec}: there is no file ${path}`);
    return { collection, path, deal: null };
  });
}
