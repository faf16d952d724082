/** A process for one instance (or the sequencer), either alone or under a launcher. */
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { ChildInput, FromChild, Network, Observed, Status, ToChild } from "./control.ts";
import { natsOf } from "./deployment.ts";
import type { DeployFile, Place } from "./deployment.ts";
import { Feed } from "./feed.ts";
import type { FeedFile } from "./feed.ts";
import { destinationOf, lineWriter, parseLine } from "./lines.ts";
import { say } from "./log-lines.ts";
import { LogNode } from "./log-node.ts";
import { DlcNode } from "./node.ts";
import type { NodeOptions } from "./node.ts";
import { OperationsPort } from "./operations.ts";
import { StorageError } from "./storage/storage-error.ts";
import type { CollectionMeta, RoleProgram } from "./program.ts";
import { serversText } from "./transports/nats/settings.ts";
import { TransportError } from "./transports/transport.ts";
import { Utf8 } from "./utf8.ts";

/** A node that is killed after some rows gives them this long to arrive. */
const DIES_WITHIN_MS = 2_000;

export interface ProcessProgram {
  readonly programs: Readonly<Record<string, RoleProgram>>;
  readonly program: string;
  readonly version: string;
}

export interface ProcessRole {
  /** A role's name, or `log`. */
  readonly role: string;
  readonly index: number;
  /** The address to listen on; null: the host of its place. */
  readonly listen: string | null;
  /** Where metrics and health are served; null: as the deployment says. */
  readonly metrics: MetricsPlace | null;
}

export interface MetricsPlace {
  readonly host: string;
  readonly port: number;
}

type AnyNode = DlcNode | LogNode;

function create(
  from: ProcessProgram,
  { role, index }: ProcessRole,
  deploy: DeployFile,
  network: Network,
  trace = false,
  told: number | null = null,
  join: Place | null = null,
): AnyNode {
  const name = role === "log" ? "log" : `${role}#${index}`;
  const { program, version } = from;
  const options = {
    ...network,
    index,
    deploy,
    programs: Object.values(from.programs),
    program,
    version,
    trace,
    log: say(name),
    ...(told === null ? {} : { told }),
    ...(join === null ? {} : { join }),
    // What is not on the disk has not happened: nobody must hear of it.
    onFailure: endAfterOutputs,
  } satisfies NodeOptions;
  if (role === "log")
    return new LogNode(
      Object.values(from.programs).map(({ meta }) => meta),
      options,
    );
  return new DlcNode(from.programs[role], options);
}

/** How long whoever reads the outputs may take before the process ends without having told all. */
const LAST_OUTPUT_MS = 2_000;

/** Resolves when the outputs handed over so far have been written whole. */
function outputsWritten(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LAST_OUTPUT_MS);
    process.stdout.write("", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function endAfterOutputs(): void {
  void outputsWritten().then(() => process.exit(1));
}

/** The same; null, with the reason on stderr, where its data or certificates cannot be read. */
function createOrSay(...given: Parameters<typeof create>): AnyNode | null {
  try {
    return create(...given);
  } catch (error) {
    const isTransport = error instanceof TransportError;
    if (!isTransport && !(error instanceof StorageError)) throw error;
    const [, { role, index }] = given;
    say(role === "log" ? "log" : `${role}#${index}`)(isTransport ? error.message : `${error.code}: ${error.message}`);
    return null;
  }
}

/** A port that a process has just left may still be taken for a moment. */
const LISTENS_WITHIN_MS = 2_000;

/** Opens the socket, or joins the deployment, or says why that is not possible. */
async function listen(node: AnyNode, at?: string | null): Promise<number | null> {
  const { host, port } = node.place;
  const until = Date.now() + (node.isBack ? LISTENS_WITHIN_MS : 0);
  return heard(
    () => patiently(() => node.listen(at ?? undefined), until),
    node.address,
    at ?? host,
    port,
    "(in deploy.json, or with --port-base; every dlc build begins at port 7201 unless that says otherwise)",
  );
}

/** Again and again while the port is taken, until then. */
async function patiently(open: () => Promise<number>, until: number): Promise<number> {
  try {
    return await open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || Date.now() >= until) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return patiently(open, until);
  }
}

/** Opens the port for those who operate the node, where it is to have one. False where that is not possible. */
async function operate(node: AnyNode, feed: () => Feed | null, place: MetricsPlace | null): Promise<boolean> {
  if (place === null) return true;
  const { host, port } = place;
  const operations = new OperationsPort(() => observed(node, feed()));
  const open = await heard(
    () => operations.listen(host, port),
    node.address,
    host,
    port,
    "(metrics in deploy.json, or --metrics)",
  );
  if (open === null) return false;
  say(node.address)(`metrics at http://${host.includes(":") ? `[${host}]` : host}:${open}/metrics`);
  return true;
}

/** What `open` resolves to, or null after saying why the port cannot be had. */
async function heard(
  open: () => Promise<number>,
  name: string,
  host: string,
  port: number,
  where: string,
): Promise<number | null> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof TransportError || error instanceof StorageError) {
      say(name)(error instanceof StorageError ? `${error.code}: ${error.message}` : error.message);
      return null;
    }
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === "EADDRINUSE"
        ? `port ${port} of ${host} is in use: stop the process that has it, or give ${name} another port`
        : code === "EACCES"
          ? `port ${port} of ${host} may not be used by this user: give ${name} a port over 1023`
          : code === "EADDRNOTAVAIL" || code === "ENOTFOUND"
            ? `${host} is no address of this machine: give ${name} another host`
            : `cannot listen on ${host}:${port}: ${message}`;
    say(name)(`${reason} ${where}`);
    return null;
  }
}

/** Writes outputs to stdout; the node's inputs wait while stdout does not take them. */
function printOutputs(node: DlcNode): void {
  const writers = new Map<string, ReturnType<typeof lineWriter>>();
  process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    // Whoever reads the outputs has seen enough.
    if (code === "EPIPE") process.exit(0);
    say(node.address)(`its outputs cannot be written (${message}): free space there, and start it again`);
    process.exit(1);
  });
  process.stdout.on("drain", () => node.setSinkFull(false));
  node.onRows((collection, rows, retract, traceparent) => {
    let write = writers.get(collection.name);
    if (write === undefined)
      writers.set(collection.name, (write = lineWriter(node.role, node.index, collection, node.join)));
    let text = "";
    for (const row of rows) text += write(row, retract, traceparent);
    return new Promise((resolve) => {
      if (!process.stdout.write(text, () => resolve())) node.setSinkFull(true);
    });
  });
}

function whereIs(node: AnyNode, deploy: DeployFile, listensOn: string | null, port: number): string {
  const nats = natsOf(deploy);
  if (nats !== null)
    return `has joined ${deploy.cluster ? JSON.stringify(deploy.cluster) : "the deployment"} on ${serversText(nats)}`;
  return `listens on ${listensOn ?? node.place.host}:${port}`;
}

/** Runs alone, with addresses from the deployment, until SIGINT or SIGTERM. Resolves to the exit code. */
export async function runAlone(
  from: ProcessProgram,
  which: ProcessRole & { readonly join?: Place | null },
  deploy: DeployFile,
  network: Network,
  inputs: readonly FeedFile[],
  readStdin: boolean,
): Promise<number> {
  let cut = (): void => {};
  const ended = new Promise<"stopped" | "asked to go" | "cut">((resolve) => {
    process.once("SIGINT", () => resolve("stopped"));
    process.once("SIGTERM", () => resolve("asked to go"));
    cut = () => resolve("cut");
  });
  const node = createOrSay(from, which, deploy, network, false, null, which.join ?? null);
  if (node === null) return 1;
  if (node instanceof DlcNode) node.onEnd = cut;
  const port = await listen(node, which.listen);
  if (port === null) return 1;
  let feed: Feed | null = null;
  if (!(await operate(node, () => feed, metricsPlace(which, node)))) return 1;
  node.start();
  say(node.address)(whereIs(node, deploy, which.listen ?? null, port));
  if (node instanceof DlcNode) {
    printOutputs(node);
    const { collections } = from.programs[which.role].meta;
    const hasInputs = collections.some(({ kind }) => kind === "input");
    feed = new Feed(node, collections, { files: inputs, stdin: readStdin && hasInputs, report: say(node.address) });
    const begin = (of: Feed): void => {
      of.start();
      if (readStdin && hasInputs) void readLines(node, of);
    };
    void node.living.then(() => begin(feed!));
  }
  const how = await ended;
  feed?.stop();
  if (how === "asked to go" && node instanceof DlcNode) await node.leave();
  else await node.stop(how === "cut" ? 0 : undefined);
  await outputsWritten();
  if (how === "cut") return 1;
  return feed !== null && feed.badRows > 0 ? 1 : 0;
}

async function* decoded(stream: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new Utf8();
  for await (const chunk of stream) yield decoder.decode(chunk as Buffer);
  yield decoder.end();
}

async function readLines(node: DlcNode, feed: Feed): Promise<void> {
  let number = 0;
  for await (const text of createInterface({ input: Readable.from(decoded(process.stdin)), crlfDelay: Infinity })) {
    number++;
    if (text.trim() === "") continue;
    const parsed = parseLine(text);
    if (!parsed.ok) {
      feed.bad(`stdin:${number}:${parsed.column}: ${parsed.problem}`);
      continue;
    }
    const to = destinationOf(parsed.value, { role: node.role, node: node.index });
    if (!to.ok) feed.bad(`stdin:${number}: ${to.problem}`);
    else if (to.value.role !== node.role || to.value.node !== node.index) {
      feed.bad(`stdin:${number}: an event for ${to.value.role}#${to.value.node}; this is ${node.address}`);
    } else feed.line(number, parsed.value);
    const room = node.room();
    if (room !== null) await room;
  }
  feed.endLines();
}

/** Dies like a machine, when the rows taken so far have arrived; of one that never rests, soon. */
function dieWhenIdle(node: DlcNode): void {
  const last = Date.now() + DIES_WITHIN_MS;
  const timer = setInterval(() => {
    if (!node.isIdle && Date.now() < last) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGKILL");
  }, 50);
}

/** Runs under a launcher, by its messages; ends when the launcher does. */
export function runLaunched(from: ProcessProgram, which: ProcessRole): void {
  const tell = (message: FromChild): void => {
    if (process.connected) process.send!(message);
  };
  let node: AnyNode | null = null;
  let feed: Feed | null = null;
  // The launcher says when to end; a Ctrl-C reaches it too.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit(1));

  const open = async ({ deploy, join, network, trace, told }: Extract<ToChild, { type: "open" }>): Promise<void> => {
    node = createOrSay(
      from,
      which,
      deploy,
      network,
      trace,
      told,
      join === null ? null : { host: "127.0.0.1", port: join },
    );
    if (node instanceof DlcNode) {
      printOutputs(node);
      node.onEnd = endAfterOutputs;
    }
    if (node instanceof DlcNode && node.membership === "left") {
      tell({ type: "left" });
      await node.stop(0);
      return process.disconnect?.();
    }
    const port = node === null ? null : await listen(node);
    if (port !== null && (await operate(node!, () => feed, metricsPlace(which, node!))))
      return tell({
        type: "listening",
        port,
        told: node instanceof DlcNode ? node.told : 0,
        leaves: node instanceof DlcNode && node.membership === "leaving",
      });
    tell({ type: "failed" });
    process.exitCode = 1;
    process.disconnect?.();
  };

  const start = (
    deploy: DeployFile,
    inputs: readonly ChildInput[],
    stdin: string | null,
    killAtRows: number | null,
  ): void => {
    node!.start(deploy);
    if (!(node instanceof DlcNode)) return;
    feed = new Feed(node, from.programs[which.role].meta.collections, {
      files: inputs,
      stdin: stdin !== null,
      stdinName: stdin ?? "",
      report: say(node.address),
      limit: killAtRows,
      onLimit: () => dieWhenIdle(node as DlcNode),
    });
    const begun = feed;
    void node.living.then(() => begun.start());
  };

  const take = async (lines: readonly (readonly [number, unknown])[]): Promise<void> => {
    for (const [number, json] of lines) feed!.line(number, json);
    const room = (node as DlcNode).room();
    if (room !== null) await room;
    await (node as DlcNode).saved();
    tell({ type: "taken" });
  };

  process.on("message", (message: ToChild) => {
    switch (message.type) {
      case "open":
        return void open(message);
      case "start":
        return start(message.deploy, message.inputs, message.stdin, message.killAtRows);
      case "lines":
        return void take(message.lines);
      case "stdinEnd":
        return feed?.endLines();
      case "cut":
        return node?.interrupt();
      case "gone":
        return node?.forget(message.name);
      case "poll":
        return tell({ type: "status", status: statusOf(node!, feed, message.since, message.withAwaited) });
      case "stop":
        feed?.stop();
        // One that is about to begin has nothing to end.
        return void (
          message.leaves && node instanceof DlcNode
            ? node.leave(message.graceMs)
            : (node?.stop(message.graceMs) ?? Promise.resolve())
        ).then(() => {
          const trace = node?.traced ?? null;
          if (trace !== null) tell({ type: "traced", trace });
          process.exitCode = 0;
          process.removeAllListeners("disconnect");
          process.stdout.write("", () => process.disconnect?.());
        });
    }
  });
  tell({ type: "ready" });
}

/** As the process was told, else as the deployment says. */
function metricsPlace({ listen: at, metrics }: ProcessRole, node: AnyNode): MetricsPlace | null {
  if (metrics !== null) return metrics;
  const { host, metrics: port } = node.place;
  return port === undefined ? null : { host: at ?? host, port };
}

function observed(node: AnyNode, feed: Feed | null): Observed {
  return {
    ...statusOf(node, feed, null, true),
    ready: node.isReady,
    waiting: node.waiting,
    unacked: node.unacked,
    unackedBytes: node.unackedBytes,
    backlogs: node.backlogs,
    residentBytes: process.memoryUsage.rss(),
  };
}

function statusOf(node: AnyNode, feed: Feed | null, since: number | null, withAwaited: boolean): Status {
  const losses = node instanceof DlcNode ? node.losses : null;
  if (since !== null && node instanceof DlcNode) node.atRest();
  return {
    name: node.address,
    ended: feed === null || feed.ended,
    idle: node.isIdle,
    sentTo: Object.fromEntries(node.sentTo),
    receivedFrom: Object.fromEntries(node.receivedFrom),
    written: Object.fromEntries(node.places?.written ?? []),
    read: Object.fromEntries(node.places?.read ?? []),
    fired: Object.fromEntries(node.fired),
    changes: node instanceof DlcNode ? node.changes : 0,
    drawn: losses?.drawn ?? 0,
    missing: losses?.missing(since ?? 0) ?? 0,
    counts: node.counts,
    duplicates: node.duplicates,
    badRows: feed?.badRows ?? 0,
    ...(withAwaited ? { cpuMs: cpuMs() } : {}),
    ...(withAwaited && node instanceof DlcNode
      ? { awaited: node.awaited(), arrived: node.arrived(), gone: Object.fromEntries(node.gone) }
      : {}),
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function inputsOf(collections: readonly CollectionMeta[]): readonly CollectionMeta[] {
  return collections.filter(({ kind }) => kind === "input");
}
