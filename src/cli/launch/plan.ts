/** What the command line asks of a run, checked against the program before anything starts. */
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import type { ChaosPlan } from "./chaos.ts";
import { newcomersIn } from "./kept.ts";
import type { ChildInput, Description, Network } from "../../runtime/control.ts";
import {
  defaultDeployment,
  LONGEST_EPOCH_MS,
  natsOf,
  tooMany,
  transportProblem,
  withMetrics,
} from "../../runtime/deployment.ts";
import type { DeployFile } from "../../runtime/deployment.ts";
import { parseAddress } from "../../runtime/routing.ts";
import { isFile, otlpProblem, parseShare } from "../../runtime/otlp-settings.ts";
import type { OtlpSettings } from "../../runtime/otlp-settings.ts";
import { parseDelay } from "../../runtime/transports/delay.ts";
import { parseLoss } from "../../runtime/transports/loss.ts";

export interface LaunchOptions {
  /** `Role.collection=file`, `Role[2].collection=file`, `Role[*].collection=file`. */
  readonly input?: readonly string[];
  /** Read stdin though there are input files. */
  readonly stdin?: boolean;
  readonly keep?: boolean;
  /** `Role=n`. */
  readonly scale?: readonly string[];
  readonly seed?: number;
  /** `5ms`, `0ms..50ms`. */
  readonly delay?: string;
  /** `50%`. */
  readonly loss?: string;
  /** `20ms`: how long an epoch is. */
  readonly epoch?: string;
  readonly portBase?: number;
  /** First of consecutive ports for metrics and health; 0: any free ones. */
  readonly metrics?: number;
  /** `nats://host:4222,…`; TCP when left out. */
  readonly transport?: string;
  /** `Role#i@<rows taken>` or `Role#i@<n>ms`: kill -9 that instance then. */
  readonly kill?: readonly string[];
  /** `Role@<n>ms`: one more instance of it joins then. */
  readonly join?: readonly string[];
  /** `Role#i@<n>ms`: that instance leaves then. */
  readonly leave?: readonly string[];
  /** `200ms`: start a process that was killed again, so long after its death. */
  readonly restart?: string;
  /** Folder in which processes keep their data. */
  readonly data?: string;
  /** Let go wrong what can, from the seed. */
  readonly chaos?: boolean;
  readonly quiet?: boolean;
  /** The summary as one line of JSON. */
  readonly json?: boolean;
  /** File for what was measured. */
  readonly profile?: string;
  /** A collector, or a file, for what every instance does as spans of OpenTelemetry; and the share of traces, as `1%`. */
  readonly otlp?: string;
  readonly sample?: string;
  /** File for what every instance did: `.svg` or `.json`. */
  readonly trace?: string;
}

export interface Kill {
  readonly name: string;
  readonly rows: number | null;
  readonly ms: number | null;
}

export interface Moment {
  readonly name: string;
  readonly ms: number;
}

export interface LaunchPlan {
  /** Ports are 0 where any will do. */
  readonly deploy: DeployFile;
  /** By instance (`AdServer#2`). */
  readonly inputs: ReadonlyMap<string, readonly ChildInput[]>;
  readonly stdin: boolean;
  readonly network: Network;
  readonly kills: readonly Kill[];
  readonly joins: readonly Moment[];
  readonly leaves: readonly Moment[];
  /** Those that have joined in earlier runs with the same data, and may have left. */
  readonly newcomers: readonly string[];
  /** null: who is killed stays dead. */
  readonly restartMs: number | null;
  readonly chaos: ChaosPlan | null;
  /** Processes keep their data, in the deployment's folder or in one that is removed when the run is over. */
  readonly keepsData: boolean;
}

/** Of a run in which things go wrong on purpose, where nothing else is said. */
const CHAOS_DELAY = "0ms..20ms";
const CHAOS_RESTART = "200ms";

/** Everything wrong with the options, one sentence each; or the plan. */
export type Planned =
  { readonly ok: true; readonly plan: LaunchPlan } | { readonly ok: false; readonly problems: readonly string[] };

/** `stdinIsFile`: stdin is a file, which ends by itself. */
export function planLaunch(
  program: Description,
  options: LaunchOptions,
  cluster: string,
  stdinIsFile: boolean,
): Planned {
  const problems: string[] = [];
  const counts = planCounts(program, options.scale ?? [], problems);
  const inputs = new Map<string, ChildInput[]>();
  const { data } = options;
  const newcomers = data === undefined ? [] : newcomersIn(data, program, counts);
  const joins = planJoins(options.join ?? [], program, counts, newcomers, problems);
  const others = new Set([...newcomers, ...joins.map(({ name }) => name)]);
  for (const text of options.input ?? []) planInput(text, program, counts, others, inputs, problems);

  const network = planNetwork(program, options.chaos === true ? { delay: CHAOS_DELAY, ...options } : options, problems);
  const { portBase, metrics, transport = "tcp" } = options;
  const transportIs = transportProblem(transport);
  if (transportIs !== null) problems.push(`--transport: ${transportIs}`);
  // On NATS the logs need no process.
  const log = program.log && natsOf({ transport, roles: {} }) === null;
  const processes = [...counts.values()].reduce((sum, count) => sum + count, log ? 1 : 0);
  checkPorts("--port-base", portBase, 1, processes, problems);
  checkPorts("--metrics", metrics, 0, processes, problems);
  const epochMs = planEpochs(program, options.epoch, problems);
  if (options.trace !== undefined && !/\.(?:svg|json)$/i.test(options.trace))
    problems.push(
      `--trace ${options.trace}: the ending says the form, .svg (a space-time diagram) or .json (a trace that viewers open)`,
    );
  const otlp = planOtlp(options, problems);
  const kills = (options.kill ?? []).flatMap((text) => planKill(text, program, counts, problems));
  if (!log)
    for (const { name } of kills) if (name === "log") problems.push("--kill log: there is no sequencer in this run");

  const leaves = (options.leave ?? []).flatMap((text) => planLeave(text, program, counts, others, problems));
  const chaos = options.chaos === true ? { seed: options.seed ?? 1 } : null;
  const restart = options.restart ?? (chaos === null ? undefined : CHAOS_RESTART);
  const restartMs = restart === undefined ? null : millisecondsOf(restart);
  if (restartMs === null && restart !== undefined)
    problems.push(`--restart must be a time as 200ms or 2s; found ${options.restart}`);
  if (data !== undefined && statSync(data, { throwIfNoEntry: false })?.isDirectory() === false)
    problems.push(`--data ${data} is a file; a folder expected, which is made where there is none`);

  const keepsData = data !== undefined || restartMs !== null || program.durable !== undefined;

  if (problems.length > 0) return { ok: false, problems };
  const roles = program.roles.map((each) => ({
    role: each.role,
    count: counts.get(each.role)!,
    dynamic: each.dynamic === true,
  }));
  const placed = {
    ...defaultDeployment({ roles, log, epochMs }, "127.0.0.1", portBase ?? 0),
    cluster,
    transport,
    ...(data === undefined ? {} : { data: resolve(data) }),
    ...(otlp !== null && { otlp }),
  };
  const deploy = metrics === undefined ? placed : withMetrics(placed, metrics);
  const hasInputs = program.roles.some(({ collections }) => collections.some(({ kind }) => kind === "input"));
  const stdin = hasInputs && (inputs.size === 0 || options.stdin === true || stdinIsFile);
  const plan = { deploy, inputs, stdin, network, kills, joins, leaves, newcomers, restartMs, chaos, keepsData };
  return { ok: true, plan };
}

function planOtlp({ otlp, sample }: LaunchOptions, problems: string[]): OtlpSettings | null {
  const share = sample === undefined ? 1 : parseShare(sample);
  if (share === null) problems.push(`--sample must be a share, as 1%; found ${sample}`);
  if (otlp === undefined) {
    if (sample !== undefined)
      problems.push("--sample says how many traces are recorded, but nothing says where they go: --otlp");
    return null;
  }
  const problem = otlpProblem(otlp);
  if (problem !== null) problems.push(`--otlp ${problem}`);
  return { to: isFile(otlp) ? resolve(otlp) : otlp, sample: share ?? 1 };
}

function millisecondsOf(text: string): number | null {
  const match = /^(\d{1,6})(ms|s)$/.exec(text);
  return match === null ? null : Number(match[1]) * (match[2] === "s" ? 1000 : 1);
}

/** So many ports from that one on. */
function checkPorts(option: string, first: number | undefined, least: number, count: number, problems: string[]): void {
  if (first === undefined) return;
  if (!Number.isInteger(first) || first < least || first > 65535)
    problems.push(`${option} must be a port (${least} to 65535), found ${first}`);
  else if (first + count > 65536)
    problems.push(`${option} ${first}: ${count} ports from there on go beyond 65535; begin lower`);
}

function planNetwork(
  program: Description,
  { delay: delayText, loss: lossText, seed = 1 }: LaunchOptions,
  problems: string[],
): Network {
  const delay = delayText === undefined ? null : parseDelay(delayText, seed);
  if (delay === null && delayText !== undefined) {
    problems.push(
      `--delay must be a time as 5ms, or a span from the least to the most as 0ms..50ms; found ${delayText}`,
    );
  }
  const loss = lossText === undefined ? null : parseLoss(lossText, seed);
  if (loss === null && lossText !== undefined) {
    problems.push(`--loss must be a share below all, as 50%; found ${lossText}`);
  } else if (loss !== null && !program.roles.some(({ collections }) => collections.some(({ lossy }) => lossy))) {
    problems.push(`--loss ${lossText}: no channel of the program is lossy, so that nothing may be lost`);
  }
  return { delay, loss };
}

function planEpochs({ epochMs }: Description, text: string | undefined, problems: string[]): number | null {
  if (text === undefined) return epochMs;
  const [, digits, unit] = /^(\d{1,7})(ms|s)$/.exec(text) ?? [];
  const ms = Number(digits) * (unit === "s" ? 1000 : 1);
  if (!(ms >= 1 && ms <= LONGEST_EPOCH_MS))
    problems.push(`--epoch must be a time from 1ms to 3600s, as 20ms or 2s; found ${text}`);
  else if (epochMs === null)
    problems.push(
      `--epoch ${text}: no log of the program is cut into epochs; \`@coordinate(barrier)\` and --strategy barrier ask for them`,
    );
  return ms;
}

function planCounts(program: Description, scale: readonly string[], problems: string[]): Map<string, number> {
  const counts = new Map(program.roles.map(({ role, count }) => [role, count]));
  const unaddressed = new Map(program.roles.map((one) => [one.role, one.unaddressed]));
  const roles = [...counts.keys()];
  for (const text of scale) {
    const match = /^([A-Za-z_][\w.]*)=(\d{1,4})$/.exec(text);
    if (match === null) problems.push(`--scale must be Role=n, as in --scale ${roles[0] ?? "Report"}=5; found ${text}`);
    else if (!counts.has(match[1]))
      problems.push(`--scale ${text}: there is no role ${match[1]} (there are ${roles.join(", ")})`);
    else if (Number(match[2]) < 1) problems.push(`--scale ${text}: one instance at least`);
    else if (Number(match[2]) > 1 && unaddressed.get(match[1]))
      problems.push(`--scale ${text}: ${tooMany(match[1], Number(match[2]), unaddressed.get(match[1])!)}`);
    else counts.set(match[1], Number(match[2]));
  }
  return counts;
}

function planInput(
  text: string,
  program: Description,
  counts: ReadonlyMap<string, number>,
  others: ReadonlySet<string>,
  inputs: Map<string, ChildInput[]>,
  problems: string[],
): void {
  const match = matchInput(text, [...counts.keys()]);
  const sources = program.roles.filter((each) => inputOf(each) !== null);
  const source = sources.find(({ role }) => role === match?.[1]);
  if (match === null || (match[3] === undefined && source === undefined)) {
    const named = sources.map(({ role }) => role).join(", ");
    const or = named === "" ? "" : `, or source=file (the sources are ${named})`;
    problems.push(
      `--input must be Role.collection=file (or Role[2].collection, Role[*].collection)${or}; found ${text}`,
    );
    return;
  }
  const [, role, which, written, path] = match;
  const name = written ?? inputOf(source!)!;
  const count = counts.get(role);
  const collections = program.roles.find((each) => each.role === role)?.collections ?? [];
  const known = collections.filter(({ kind }) => kind === "input").map((collection) => collection.name);
  if (count === undefined)
    problems.push(`--input ${text}: there is no role ${role} (there are ${[...counts.keys()].join(", ")})`);
  else if (!known.includes(name))
    problems.push(`--input ${text}: ${role} has no input ${name} (it has: ${known.join(", ") || "none"})`);
  else if (which !== undefined && which !== "*" && Number(which) >= count && !others.has(`${role}#${which}`)) {
    const instances = `${count} instance${count === 1 ? "" : "s"}, numbered from 0`;
    problems.push(`--input ${text}: ${role} has ${instances} (--scale ${role}=n starts more)`);
  }
  const problem = unreadable(path);
  if (problem !== null) problems.push(`--input ${text}: ${problem}`);
  if (count === undefined || problem !== null) return;

  const members = which === "*" ? Array.from({ length: count }, (_, i) => i) : [Number(which ?? 0)];
  for (const index of members) {
    const deal = which === "*" ? { part: index, of: count } : null;
    const key = `${role}#${index}`;
    const own = inputs.get(key) ?? [];
    own.push({ collection: name, path, deal });
    inputs.set(key, own);
  }
}

/** Of a source, which is a role with one input that is called as it is, also in a file that is imported. */
function inputOf({ role, collections }: Description["roles"][number]): string | null {
  const own = role.slice(role.lastIndexOf(".") + 1);
  return collections.some(({ kind, name }) => kind === "input" && name === own) ? own : null;
}

/**
 * Role, instance, collection and file of `Role[2].collection=file`, or `source=file`. Both names may have dots, so that the longest role of
 * which it can be is taken.
 */
function matchInput(text: string, roles: readonly string[]): RegExpExecArray | null {
  const known = roles.filter((role) => /^[.[=]/.test(text.slice(role.length)) && text.startsWith(role));
  const role = known.toSorted((a, b) => b.length - a.length)[0]?.replaceAll(".", "\\.") ?? "[A-Za-z_]\\w*";
  return new RegExp(`^(${role})(?:\\[(\\*|\\d{1,4})\\])?(?:\\.([A-Za-z_][\\w.]*))?=(.+)$`).exec(text);
}

function unreadable(path: string): string | null {
  // It would be empty, and nobody would notice.
  if (/^\/(?:dev\/(?:stdin|fd\/)|proc\/self\/)/.test(path))
    return `${path} is another one in each process that reads it: give a file, or events on stdin with --stdin`;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return `there is no file ${path}`;
  if (stats.isDirectory()) return `${path} is a folder`;
  try {
    accessSync(path, constants.R_OK);
    return null;
  } catch {
    return `${path} may not be read by this user`;
  }
}

/** They are numbered from the last instance on, in the order in which they join. */
function planJoins(
  texts: readonly string[],
  program: Description,
  counts: ReadonlyMap<string, number>,
  newcomers: readonly string[],
  problems: string[],
): Moment[] {
  const joins: { readonly role: string; readonly ms: number }[] = [];
  for (const text of texts) {
    const [, role, when] = /^([A-Za-z_][\w.]*)@(\d{1,6}(?:ms|s))$/.exec(text) ?? [];
    const known = program.roles.find((each) => each.role === role);
    if (role === undefined) problems.push(`--join must be Role@when, as Report@500ms; found ${text}`);
    else if (known === undefined)
      problems.push(`--join ${text}: there is no role ${role} (there are ${[...counts.keys()].join(", ")})`);
    else if (known.dynamic !== true)
      problems.push(`--join ${text}: the members of ${role} are fixed; --dynamic ${role} lets them change`);
    else joins.push({ role, ms: millisecondsOf(when)! });
  }
  const next = new Map(counts);
  for (const { role, index } of newcomers.map((name) => parseAddress(name)!)) next.set(role, index + 1);
  return joins
    .sort((a, b) => a.ms - b.ms)
    .map(({ role, ms }) => {
      const index = next.get(role)!;
      next.set(role, index + 1);
      return { name: `${role}#${index}`, ms };
    });
}

function planLeave(
  text: string,
  program: Description,
  counts: ReadonlyMap<string, number>,
  others: ReadonlySet<string>,
  problems: string[],
): Moment[] {
  const [, name, role, index, when] = /^(([A-Za-z_][\w.]*)#(\d{1,4}))@(\d{1,6}(?:ms|s))$/.exec(text) ?? [];
  const known = program.roles.find((each) => each.role === role);
  if (name === undefined) problems.push(`--leave must be Role#i@when, as Report#1@500ms; found ${text}`);
  else if (known === undefined || (Number(index) >= counts.get(role)! && !others.has(name)))
    problems.push(`--leave ${text}: there is no ${name}`);
  else if (known.dynamic !== true)
    problems.push(`--leave ${text}: the members of ${role} are fixed; --dynamic ${role} lets them change`);
  else return [{ name, ms: millisecondsOf(when)! }];
  return [];
}

function planKill(text: string, program: Description, counts: ReadonlyMap<string, number>, problems: string[]): Kill[] {
  const match = /^([A-Za-z_][\w.]*)#(\d{1,4})@(\d{1,9})(ms)?$/.exec(text) ?? /^(log)()@(\d{1,9})(ms)$/.exec(text);
  if (match === null) {
    problems.push(`--kill must be Role#i@rows or Role#i@200ms, found ${text}`);
    return [];
  }
  const [, role, index, moment, unit] = match;
  if (role !== "log" && Number(index) >= (counts.get(role) ?? 0)) {
    problems.push(`--kill ${text}: there is no ${role}#${index}`);
    return [];
  }
  const takesRows = program.roles.some(
    (each) => each.role === role && each.collections.some(({ kind }) => kind === "input"),
  );
  if (!unit && !takesRows) {
    problems.push(
      `--kill ${text}: ${role} has no inputs whose rows could be counted; give a time, as ${role}#${index}@200ms`,
    );
    return [];
  }
  const name = role === "log" ? "log" : `${role}#${index}`;
  return [{ name, rows: unit ? null : Number(moment), ms: unit ? Number(moment) : null }];
}
