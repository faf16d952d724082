/** One process of a run, seen from the launcher. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { FromChild, Status, ToChild } from "../../runtime/control.ts";

/** Events with the numbers of their lines. */
export type StdinLines = Extract<ToChild, { type: "lines" }>["lines"];

/** What one that leaves has sent must arrive within that. */
const LEAVES_WITHIN_MS = 4000;

/** Lines of stderr kept for the message when a process dies. */
const LAST_LINES = 12;

export interface ChildEvents {
  /** Whole lines of stdout; false: wait for `resumeOutput`. */
  readonly output: (lines: Buffer) => boolean;
  readonly stderr: (line: string) => void;
  /** Unasked for. */
  readonly died: (child: Child) => void;
}

export class Child {
  /** `Report#1` or `log`. */
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #events: ChildEvents;
  readonly lastLines: string[] = [];
  /** Everything it will ever print has been handed over. */
  readonly closed: Promise<void>;
  readonly #waiting: { readonly type: FromChild["type"]; readonly resolve: (message: FromChild | null) => void }[] = [];
  isAlive = true;
  /** `exit code 1`, `signal SIGKILL`. */
  ending = "";
  #isEndingAsked = false;
  #isLeaving = false;
  /** It is dead, and none will go on in its place. */
  isGone = false;
  /** It has left in an earlier run with its data. */
  hasLeft = false;
  /** It has its inputs, and takes part. */
  isStarted = false;
  /** It goes on in the place of one that was killed, and has not been started. */
  isReturning = false;
  /** Stdin batches it has not taken. */
  readonly linesOut: StdinLines[] = [];
  onTaken: (() => void) | null = null;
  lastStatus: Status | null = null;

  constructor(
    name: string,
    main: string,
    events: ChildEvents,
    nodeOptions: readonly string[] = ["--enable-source-maps"],
  ) {
    this.name = name;
    this.#events = events;
    const [role, index = "0"] = name.split("#");
    const child = spawn(process.execPath, [...nodeOptions, main, role, "--index", index, "--launched"], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#process = child;
    child.on("message", (message: FromChild) => this.#take(message));
    child.stdout!.on("data", (chunk: Buffer) => this.#output(chunk));
    this.#cutStderr();
    child.on("error", (error) => this.lastLines.push(error.message));
    child.on("exit", (code, signal) => {
      this.ending = signal !== null ? `signal ${signal}` : `exit code ${code}`;
      this.#end();
    });
    this.closed = new Promise((resolve) =>
      child.on("close", (_, signal) => {
        // Of a line that a killed process has not written whole, nothing is known.
        if (this.#rest.length > 0 && signal === null) events.output(this.#rest);
        // A process that could not even be started has no exit.
        if (this.isAlive) this.#end();
        resolve();
        if (!this.#isEndingAsked || (this.#isLeaving && signal !== null)) events.died(this);
      }),
    );
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  #end(): void {
    this.isAlive = false;
    for (const { resolve } of this.#waiting.splice(0)) resolve(null);
    this.onTaken?.();
  }

  #rest: Buffer = Buffer.alloc(0);

  #output(chunk: Buffer): void {
    const end = chunk.lastIndexOf(10) + 1;
    if (end === 0) {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      return;
    }
    const whole = chunk.subarray(0, end);
    const lines = this.#rest.length === 0 ? whole : Buffer.concat([this.#rest, whole]);
    this.#rest = chunk.subarray(end);
    if (!this.#events.output(lines)) this.#process.stdout!.pause();
  }

  resumeOutput(): void {
    this.#process.stdout!.resume();
  }

  #cutStderr(): void {
    let rest = "";
    const take = (line: string): void => {
      this.lastLines.push(line);
      if (this.lastLines.length > LAST_LINES) this.lastLines.shift();
      this.#events.stderr(line);
    };
    this.#process.stderr!.setEncoding("utf8");
    this.#process.stderr!.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) take(line);
    });
    this.#process.stderr!.on("end", () => {
      if (rest !== "") take(rest);
    });
  }

  #take(message: FromChild): void {
    if (message.type === "taken") {
      this.linesOut.shift();
      this.onTaken?.();
      return;
    }
    if (message.type === "status") this.lastStatus = message.status;
    if (message.type === "left") this.hasLeft = this.#isEndingAsked = this.isGone = true;
    if (message.type === "listening" && message.leaves) this.#goes();
    const isNoAnswer = message.type === "failed" || message.type === "left";
    const at = this.#waiting.findIndex(({ type }) => type === message.type || isNoAnswer);
    if (at >= 0) this.#waiting.splice(at, 1)[0].resolve(isNoAnswer ? null : message);
  }

  send(message: ToChild): void {
    // A process that ends closes its channel; that is seen by its exit.
    if (this.isAlive && this.#process.connected) this.#process.send(message, () => {});
  }

  /** The next message of this type; null if the process fails or ends before. */
  next<T extends FromChild["type"]>(type: T): Promise<Extract<FromChild, { type: T }> | null> {
    if (!this.isAlive) return Promise.resolve(null);
    return new Promise((resolve) =>
      this.#waiting.push({ type, resolve: resolve as (message: FromChild | null) => void }),
    );
  }

  /** What it had not taken from stdin is for this one. */
  succeed(dead: Child): void {
    this.onTaken = dead.onTaken;
    this.linesOut.push(...dead.linesOut);
  }

  sendLines(lines: StdinLines): void {
    this.linesOut.push(lines);
    // Who comes back gets it then, with all that was not taken.
    if (!this.isReturning) this.send({ type: "lines", lines });
  }

  /** Stands still for so long, and goes on as if nothing had been. */
  pause(ms: number): void {
    this.#process.kill("SIGSTOP");
    setTimeout(() => this.#process.kill("SIGCONT"), ms);
  }

  /** Asks for a clean end; `graceMs`: how long it may wait for acknowledgements. */
  stop(graceMs: number): void {
    this.#isEndingAsked = true;
    this.#process.kill("SIGCONT");
    this.send({ type: "stop", graceMs, leaves: false });
  }

  /** It goes, and the others go on. */
  leave(): void {
    if (this.#isLeaving) return;
    this.#goes();
    this.send({ type: "stop", graceMs: LEAVES_WITHIN_MS, leaves: true });
  }

  /** It ends by itself, and that is as it should be, unless it is killed before. */
  #goes(): void {
    this.#isLeaving = this.#isEndingAsked = this.isGone = true;
  }

  /** `isAsked` false: as if it happened by itself. */
  kill(isAsked: boolean): void {
    if (isAsked) this.#isEndingAsked = true;
    this.#process.kill("SIGKILL");
  }
}
