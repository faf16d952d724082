/** Checks of whole programs in the background: one at a time, of the latest text, the last edited program first. */
import { Worker } from "node:worker_threads";
import type { CheckAnswer, CheckJob, CheckResult } from "./check-worker.ts";

export interface ChecksOptions {
  readonly startWorker: () => Worker;
  /** The job for a program as it is now; null: it is not open any more. */
  readonly jobOf: (path: string) => Omit<CheckJob, "id" | "path"> | null;
  readonly done: (path: string, result: CheckResult) => void;
  readonly failed: (path: string, fault: string) => void;
}

/** Milliseconds without a further edit after which a check begins. */
const quiet = 150;
/** Milliseconds after which a check is given up: functions of the user have limits of their own, far below. */
const longest = 60_000;

export class Checks {
  readonly #options: ChecksOptions;
  /** Programs to check, the first one last. */
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | null = null;
  #worker: Worker | null = null;
  #running: { readonly id: number; readonly path: string; readonly limit: NodeJS.Timeout } | null = null;
  #ids = 0;

  constructor(options: ChecksOptions) {
    this.#options = options;
  }

  /** Checks the program soon; at once where nothing is being typed. */
  ask(path: string, wait = true): void {
    this.#waiting = [...this.#waiting.filter((one) => one !== path), path];
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#next(), wait ? quiet : 0);
  }

  forget(path: string): void {
    this.#waiting = this.#waiting.filter((one) => one !== path);
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#running !== null) clearTimeout(this.#running.limit);
    this.#running = null;
    this.#waiting = [];
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #next(): void {
    this.#timer = null;
    if (this.#running !== null) return;
    const path = this.#waiting.pop();
    if (path === undefined) return;
    const job = this.#options.jobOf(path);
    if (job === null) return this.#next();
    const id = ++this.#ids;
    const limit = setTimeout(() => this.#giveUp(`it takes longer than ${longest / 1000} s`), longest);
    this.#running = { id, path, limit };
    this.#started().postMessage({ ...job, id, path } satisfies CheckJob);
  }

  #started(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = this.#options.startWorker();
    const gone = (why: string): void => {
      if (this.#worker === worker) this.#giveUp(why);
    };
    worker.on("message", (answer: CheckAnswer) => this.#answered(answer));
    worker.on("error", (error) => gone(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    worker.on("exit", (code) => gone(`its thread ended with ${code}`));
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #answered(answer: CheckAnswer): void {
    if (this.#running?.id !== answer.id) return;
    const { path, limit } = this.#running;
    clearTimeout(limit);
    this.#running = null;
    if ("fault" in answer) this.#options.failed(path, answer.fault);
    else this.#options.done(path, answer);
    if (this.#timer === null) this.#next();
  }

  /** The next check gets a thread of its own. */
  #giveUp(why: string): void {
    const { path, limit } = this.#running ?? { path: null, limit: undefined };
    clearTimeout(limit);
    this.#running = null;
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    if (path !== null) this.#options.failed(path, why);
    if (this.#timer === null) this.#next();
  }
}
