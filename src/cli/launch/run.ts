/** One run of a program: its processes from their start to the end, those that join, leave, die and come back among them. */
import { join } from "node:path";
import type { Description, Status } from "../../runtime/control.ts";
import { countsOf, natsOf, placesOf } from "../../runtime/deployment.ts";
import type { DeployFile } from "../../runtime/deployment.ts";
import { PACKAGES_FOLDER } from "../../runtime/transports/nats/packages.ts";
import { NatsRun } from "../../runtime/transports/nats/run.ts";
import { serversText } from "../../runtime/transports/nats/settings.ts";
import { TransportError } from "../../runtime/transports/transport.ts";
import { writeProfile } from "../profile.ts";
import { packageRoot } from "../root.ts";
import { Chaos } from "./chaos.ts";
import { Child } from "./child.ts";
import type { LaunchOptions, LaunchPlan } from "./plan.ts";
import { Quiescence } from "./quiescence.ts";
import { awaitedLine, awaitedSeals, nodeSummary, plural, sealColumns, summaryTable } from "./report.ts";
import type { RunSummary } from "./report.ts";
import { feedStdin } from "./stdin.ts";
import type { StdinFeed } from "./stdin.ts";
import { writeTrace } from "./trace.ts";

/** How long a process may take to end by itself when asked to. */
const STOP_MS = 4000;
const POLL_MS = 25;
/** How long a run ended by a signal waits for its last counts. */
const LAST_POLL_MS = 300;

export class Run {
  /** No other has it. */
  readonly #name: string;
  readonly #main: string;
  readonly #program: Description;
  readonly #options: LaunchOptions;
  readonly #plan: LaunchPlan;
  readonly #children = new Map<string, Child>();
  /** Those that do not come back. */
  readonly #dead: Child[] = [];
  /** With the ports as they have come out. */
  #deploy: DeployFile;
  /** Deaths so far of those that come back, by name. */
  readonly #restarts = new Map<string, number>();
  readonly #restartTimers = new Set<NodeJS.Timeout>();
  #deaths = 0;
  /** Rows of outputs that have come from each, in all its lives. */
  readonly #told = new Map<string, number>();
  readonly #killTimers: NodeJS.Timeout[] = [];
  /** Ports of newcomers. */
  readonly #newcomers = new Map<string, number>();
  /** Those that are to take part no more. */
  readonly #leaving = new Set<string>();
  /** Newcomers that have not been started. */
  #joining = 0;
  readonly #chaos: Chaos | null;
  #stdin: StdinFeed | null = null;
  #startedAt = 0;
  /** Exit code of a signal; what waits in `#sleep` wakes up. */
  #signal: number | null = null;
  #wake: (() => void) | null = null;
  #isEnding = false;
  /** Files of inputs are for somebody who has left. */
  #untaken = false;
  /** Nobody reads stdout any more. */
  #isUnread = false;
  /** Somebody may, and did not in time. */
  #isStuck = false;

  constructor(name: string, folder: string, program: Description, options: LaunchOptions, plan: LaunchPlan) {
    this.#name = name;
    this.#main = join(folder, "main.js");
    this.#program = program;
    this.#options = options;
    this.#plan = plan;
    this.#deploy = plan.deploy;
    this.#chaos =
      plan.chaos &&
      new Chaos(plan.chaos, () => this.#living.filter(({ isReturning, isGone }) => !isReturning && !isGone));
  }

  async finish(): Promise<number> {
    const onSignal = (signal: NodeJS.Signals): void => {
      if (this.#signal !== null) this.#killAll();
      this.#signal = signal === "SIGINT" ? 130 : 143;
      this.#wake?.();
    };
    // Whoever reads the outputs has seen enough.
    const onPipe = (): void => {
      this.#isUnread = true;
      onDrain();
      this.#signal ??= 0;
      this.#wake?.();
    };
    const onDrain = (): void => {
      for (const child of this.#children.values()) child.resumeOutput();
    };
    const onExit = (): void => this.#killAll();
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal).on("exit", onExit);
    process.stdout.on("error", onPipe).on("drain", onDrain);
    try {
      const code = await this.#run();
      // What is to be written would keep this process.
      if (this.#isStuck) process.exit(code);
      return code;
    } finally {
      this.#killAll();
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal).off("SIGHUP", onSignal).off("exit", onExit);
      process.stdout.off("error", onPipe).off("drain", onDrain);
    }
  }

  async #run(): Promise<number> {
    const nats = natsOf(this.#plan.deploy);
    if (nats === null) return this.#runOnce();
    // A program that is built for this run has no packages of its own.
    process.env[PACKAGES_FOLDER] ??= packageRoot();
    let run: NatsRun;
    try {
      run = await NatsRun.open(nats, this.#plan.deploy.cluster ?? "");
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      this.#print(`dlc: --transport: ${error.message}`);
      return 1;
    }
    try {
      return await this.#runOnce();
    } finally {
      // What data rest on is kept as long as they are.
      if (this.#options.data === undefined) await run.remove();
      else await run.leave();
    }
  }

  async #runOnce(): Promise<number> {
    const deploy = await this.#open();
    if (deploy === null) {
      await this.#stopAll();
      return this.#signal ?? 1;
    }
    this.#deploy = deploy;
    this.#start();
    if (this.#options.keep) await this.#kept();
    else await this.#untilQuiet();
    const summary = await this.#end();
    this.#report(summary);
    return summary.exitCode;
  }

  /** Every process with its socket open; null when one could not. */
  async #open(): Promise<DeployFile | null> {
    const { deploy, newcomers } = this.#plan;
    const names = [...placesOf(deploy).keys()];
    const opened = async (name: string): Promise<number | null> => {
      const listening = await this.#openOne(name);
      this.#told.set(name, (this.#told.get(name) ?? 0) + (listening?.told ?? 0));
      return listening?.port ?? (this.#children.get(name)!.hasLeft ? 0 : null);
    };
    // Those that have ports already before any other takes them.
    for (const name of newcomers) this.#newcomers.set(name, 0);
    const ready = await Promise.all(newcomers.map(opened));
    const ports = await Promise.all(names.map(opened));
    if (ready.some((port) => port === null)) return null;
    if (this.#signal !== null || ports.some((port) => port === null)) return null;
    const at = new Map(names.map((name, i) => [name, ports[i]!]));
    const roles = Object.fromEntries(
      Object.entries(deploy.roles).map(([role, { instances }]) => [
        role,
        {
          ...deploy.roles[role],
          instances: instances.map((place, i) => ({ ...place, port: at.get(`${role}#${i}`)! })),
        },
      ]),
    );
    return { ...deploy, roles, ...(deploy.log ? { log: { ...deploy.log, port: at.get("log")! } } : {}) };
  }

  /** A process with its socket open; null when that failed. */
  async #openOne(name: string): Promise<{ readonly port: number; readonly told: number } | null> {
    const child = new Child(name, this.#main, {
      output: (lines) => {
        this.#told.set(name, (this.#told.get(name) ?? 0) + linesIn(lines));
        return this.#isUnread || process.stdout.write(lines);
      },
      stderr: (line) => this.#print(line),
      died: (died) => this.#died(died),
    });
    const dead = this.#children.get(name);
    this.#children.set(name, child);
    if (dead !== undefined) {
      child.isReturning = true;
      child.succeed(dead);
    }
    if ((await child.next("ready")) === null) return null;
    const listening = child.next("listening");
    const told = dead === undefined ? null : this.#told.get(name)!;
    const join = this.#newcomers.get(name) ?? null;
    child.send({
      type: "open",
      join,
      deploy: this.#deploy,
      network: this.#plan.network,
      trace: this.#options.trace !== undefined,
      told,
    });
    // Started again, a newcomer is where the others look for it.
    const { port = 0 } = (await listening) ?? {};
    if (join !== null) this.#newcomers.set(name, port);
    return listening;
  }

  #start(): void {
    const { stdin, kills, joins, leaves } = this.#plan;
    this.#startedAt = Date.now();
    const places = placesOf(this.#deploy);
    const nats = natsOf(this.#deploy);
    const some = [...places]
      .slice(0, 3)
      .map(([name, { port }]) => `${name} on port ${port}`)
      .join(", ");
    const count = places.size === 1 ? "1 process" : `${places.size} processes`;
    this.#log(
      `${count} started (${nats === null ? `${some}${places.size > 3 ? ", ..." : ""}` : `on ${serversText(nats)}`})`,
    );
    for (const [name, child] of this.#children) {
      if (child.hasLeft) {
        const left = `${name} has left in an earlier run`;
        if (!this.#plan.inputs.has(name)) this.#log(left);
        else {
          this.#print(`dlc: ${left}: what --input gives it is not read`);
          this.#untaken = true;
        }
        continue;
      }
      const killAtRows = kills.find((kill) => kill.name === name && kill.rows !== null)?.rows ?? null;
      this.#startOne(child, killAtRows);
    }
    for (const { name, ms } of kills) {
      if (ms !== null) this.#killTimers.push(setTimeout(() => this.#children.get(name)!.kill(false), ms));
    }
    this.#joining = joins.length;
    for (const { name, ms } of joins) this.#killTimers.push(setTimeout(() => void this.#join(name), ms));
    for (const { name, ms } of leaves) this.#killTimers.push(setTimeout(() => this.#leave(name), ms));
    this.#chaos?.start();
    if (stdin) {
      if (process.stdin.isTTY) this.#log("reading events from stdin, one per line; Ctrl-D ends them");
      this.#stdin = feedStdin(process.stdin, this.#children, countsOf(this.#deploy), this.#plan.inputs, (message) =>
        this.#print(`dlc: ${message}`),
      );
    }
  }

  #startOne(child: Child, killAtRows: number | null): void {
    const { inputs, stdin } = this.#plan;
    const own = inputs.get(child.name) ?? [];
    // Events on stdin are for those that the deployment places.
    const lines = stdin && !this.#newcomers.has(child.name) ? this.#name : null;
    child.send({ type: "start", deploy: this.#deploy, inputs: own, stdin: lines, killAtRows });
    child.isStarted = true;
  }

  /** At once, or as soon as it takes part: it may be on its way, or about to come back. */
  #leave(name: string): void {
    this.#leaving.add(name);
    const child = this.#children.get(name);
    if (child?.isStarted && child.isAlive) child.leave();
  }

  /** One more instance, which finds the others by the registry. */
  async #join(name: string): Promise<void> {
    this.#newcomers.set(name, 0);
    const listening = this.#isEnding ? null : await this.#openOne(name);
    this.#joining--;
    if (listening === null || this.#isEnding) return;
    this.#told.set(name, 0);
    this.#log(`${name} joins${natsOf(this.#deploy) === null ? `, on port ${listening.port}` : ""}`);
    this.#startOne(this.#children.get(name)!, null);
    if (this.#leaving.has(name)) this.#leave(name);
  }

  /** Another process in the place of one that was killed, with its data. */
  async #bringBack(dead: Child): Promise<void> {
    this.#restarts.set(dead.name, (this.#restarts.get(dead.name) ?? 0) + 1);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#restartTimers.delete(timer);
        resolve();
      }, this.#plan.restartMs!);
      this.#restartTimers.add(timer);
    });
    if (this.#isEnding || (await this.#openOne(dead.name)) === null) return;
    const child = this.#children.get(dead.name)!;
    this.#startOne(child, null);
    for (const lines of child.linesOut) child.send({ type: "lines", lines });
    if (this.#stdin?.isEnded) child.send({ type: "stdinEnd" });
    child.isReturning = false;
    if (this.#leaving.has(child.name)) this.#leave(child.name);
  }

  /** Somebody was killed and has not been started again. */
  get #isSomebodyAway(): boolean {
    return [...this.#children.values()].some(
      ({ isGone, isAlive, isReturning }) => !isGone && (!isAlive || isReturning),
    );
  }

  get #living(): Child[] {
    return [...this.#children.values()].filter((child) => child.isAlive);
  }

  #died(child: Child): void {
    if (this.#isEnding) return;
    this.#deaths++;
    if (this.#plan.restartMs !== null && this.#startedAt !== 0 && child.ending.startsWith("signal")) {
      this.#log(`${child.name} died (${child.ending}), and is started again`);
      child.isGone = false;
      void this.#bringBack(child);
      return;
    }
    this.#dead.push(child);
    child.isGone = true;
    child.onTaken?.();
    const others = this.#startedAt === 0 ? "" : ", the others go on";
    const last = child.lastLines.map((line) => `\n    ${line}`).join("");
    this.#print(
      `dlc: ${child.name} died (${child.ending})${others}${last === "" ? "" : `; its last words were:${last}`}`,
    );
    for (const other of this.#living) other.send({ type: "gone", name: child.name });
    this.#wake?.();
  }

  /** Runs until a signal, or until nobody is left. */
  async #kept(): Promise<void> {
    while (this.#signal === null && (this.#living.length > 0 || this.#isSomebodyAway)) await this.#sleep(1000);
  }

  async #untilQuiet(): Promise<void> {
    const quiescence = new Quiescence();
    while (this.#signal === null && (this.#living.length > 0 || this.#isSomebodyAway)) {
      const deaths = this.#deaths;
      if (this.#isSomebodyAway || this.#joining > 0) {
        await this.#sleep(POLL_MS);
        continue;
      }
      const statuses = await this.#poll(false, (name) => quiescence.since(name));
      // Counts of a round in which somebody died do not fit together.
      if (statuses === null || deaths !== this.#deaths) continue;
      const verdict = quiescence.take(statuses);
      if (verdict === "done") return;
      await this.#sleep(verdict === "calm" ? 2 : POLL_MS);
    }
  }

  /** Statuses of all that live; null when one of them ended meanwhile. */
  async #poll(
    withAwaited: boolean,
    since: (name: string) => number | null = () => null,
  ): Promise<readonly Status[] | null> {
    const answers = await Promise.all(
      this.#living.map((child) => {
        const answer = child.next("status");
        child.send({ type: "poll", since: since(child.name), withAwaited });
        return answer;
      }),
    );
    const statuses = answers.flatMap((answer) => (answer === null ? [] : [answer.status]));
    return statuses.length === answers.length ? statuses : null;
  }

  #sleep(ms: number): Promise<void> {
    if (this.#signal !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #end(): Promise<RunSummary> {
    const elapsedMs = Date.now() - this.#startedAt;
    // Somebody who is ending the run does not wait for a node that computes.
    const patience =
      this.#signal === null ? [] : [new Promise<null>((resolve) => setTimeout(resolve, LAST_POLL_MS, null))];
    const statuses = (await Promise.race([this.#poll(true), ...patience])) ?? [];
    const { profile, trace } = this.#options;
    const traced =
      trace === undefined ? [] : this.#living.map(async (child) => (await child.next("traced"))?.trace ?? null);
    await this.#stopAll();
    if (trace !== undefined) {
      const told = writeTrace(trace, this.#program, await Promise.all(traced));
      this.#log(told);
    }
    if (profile !== undefined) {
      const last = Math.max(...statuses.map(({ counts }) => counts.lastStepAt ?? 0));
      writeProfile(profile, this.#program, statuses, last - this.#startedAt);
      this.#log(`wrote ${profile}`);
    }
    const members = [...this.#children.values()].filter(({ hasLeft }) => !hasLeft);
    const nodes = members.map((child) =>
      nodeSummary(
        child.name,
        child.lastStatus,
        this.#dead.includes(child) ? child.ending : "",
        this.#restarts.get(child.name) ?? 0,
      ),
    );
    const badLines = this.#stdin?.badLines ?? 0;
    const failed = this.#dead.length > 0 || this.#untaken || badLines > 0 || nodes.some(({ badRows }) => badRows > 0);
    const exitCode = this.#signal ?? (failed ? 1 : 0);
    return { nodes, awaited: awaitedSeals(statuses, sealColumns(this.#program)), badLines, elapsedMs, exitCode };
  }

  #report(summary: RunSummary): void {
    // Not a matter of taste: the answer lacks what waits.
    for (const awaited of summary.awaited) process.stderr.write(`dlc: ${awaitedLine(awaited)}\n`);
    for (const child of this.#dead) process.stderr.write(`dlc: ${child.name} died (${child.ending})\n`);
    const bad = summary.badLines + summary.nodes.reduce((sum, { badRows }) => sum + badRows, 0);
    if (bad > 0) process.stderr.write(`dlc: ${plural(bad, "bad row")} skipped\n`);
    if (this.#chaos !== null) this.#log(this.#chaos.told);
    if (this.#options.json) process.stderr.write(JSON.stringify(summary) + "\n");
    else for (const line of summaryTable(summary)) this.#log(line);
  }

  async #stopAll(): Promise<void> {
    this.#isEnding = true;
    this.#chaos?.stop();
    for (const timer of this.#killTimers) clearTimeout(timer);
    for (const timer of this.#restartTimers) clearTimeout(timer);
    this.#stdin?.stop();
    for (const child of this.#living) child.stop(this.#signal === null ? 2000 : 200);
    const timer = setTimeout(() => {
      this.#killAll();
      // A pipe that nobody reads does not close.
      if (this.#signal !== null) this.#isUnread = true;
      for (const child of this.#children.values()) child.resumeOutput();
    }, STOP_MS);
    await Promise.all([...this.#children.values()].map((child) => child.closed));
    clearTimeout(timer);
    await this.#handedOn();
  }

  /** Outputs that this process has not handed on yet. Who ends a run by a signal does not wait long for a reader that does not read. */
  async #handedOn(): Promise<void> {
    if (!process.stdout.writableNeedDrain || process.stdout.destroyed) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      const onSignal = (): void => {
        timer ??= setTimeout(resolve, STOP_MS);
      };
      process.stdout.once("drain", resolve).once("error", resolve);
      if (this.#signal === null) this.#wake = onSignal;
      else onSignal();
    });
    clearTimeout(timer);
    this.#isStuck = process.stdout.writableNeedDrain && !process.stdout.destroyed;
    if (this.#isStuck) this.#print("dlc: whoever reads the outputs has not read them to their end: the rest is lost");
  }

  #killAll(): void {
    for (const child of this.#children.values()) if (child.isAlive) child.kill(true);
  }

  #print(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  #log(line: string): void {
    if (!this.#options.quiet) process.stderr.write(`dlc: ${line}\n`);
  }
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}
