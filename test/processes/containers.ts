/** A deployment in containers, as `dlc build --target compose` writes it, for one test. */
import { spawn, spawnSync } from "node:child_process";
import { NATS_IMAGE, NODE_IMAGE } from "../../src/cli/targets/target.ts";

/** Docker takes the signals for itself, and a command of it that hangs is ended. */
const PATIENCE = 150_000;

function docker(
  args: readonly string[],
  cwd?: string,
): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync("docker", args, {
    cwd,
    encoding: "utf8",
    timeout: PATIENCE,
    killSignal: "SIGKILL",
  });
  return { code: status, out: stdout ?? "", err: stderr ?? "" };
}

const isThere = (image: string): boolean =>
  docker(["image", "inspect", image]).code === 0 || docker(["pull", "--quiet", image]).code === 0;

/** Whether images of programs can be made. */
export const hasEngine = docker(["info"]).code === 0 && isThere(NODE_IMAGE);
export const hasContainers = hasEngine && docker(["compose", "version"]).code === 0 && isThere(NATS_IMAGE);
if (!hasContainers)
  console.warn(
    `tests in containers are skipped: they need a Docker engine with Compose 2, and the images ${NODE_IMAGE} and ${NATS_IMAGE}; ` +
      "where no registry is reached, scripts/container-images.sh makes images of these names",
  );

export interface Container {
  readonly id: string;
  readonly pid: number;
  readonly status: string;
  readonly health: string;
  readonly restarts: number;
  readonly exitCode: number;
}

/** What is started from the folder of a build. */
export class Containers {
  readonly #folder: string;
  readonly #image: string;

  constructor(folder: string, image: string) {
    this.#folder = folder;
    this.#image = image;
  }

  /** `docker compose …`, which ends well; what it said on stdout. */
  compose(...args: string[]): string {
    const { code, out, err } = docker(["compose", ...args], this.#folder);
    if (code !== 0) throw new Error(`docker compose ${args.join(" ")} ended with ${code}: ${out}${err}`);
    return out;
  }

  inspect(service: string): Container {
    const id = this.compose("ps", "--all", "--quiet", service).trim();
    const [{ State, RestartCount }] = JSON.parse(docker(["inspect", id]).out) as readonly [
      {
        readonly State: { Pid: number; Status: string; ExitCode: number; Health: { Status: string } };
        readonly RestartCount: number;
      },
    ];
    const { Pid: pid, Status: status, ExitCode: exitCode, Health: health } = State;
    return { id, pid, status, exitCode, health: health.Status, restarts: RestartCount };
  }

  /** Rows that its processes have put out. */
  rows(service: string): readonly object[] {
    const lines = this.compose("logs", "--no-log-prefix", "--no-color", service).split("\n");
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as object);
  }

  /** Gives events to the stdin of a process until `isDone`, and leaves the process alone: by the command that is attached to it. */
  async feed(attach: string, events: readonly object[], isDone: () => boolean): Promise<void> {
    const attached = spawn("bash", ["-c", attach], {
      cwd: this.#folder,
      stdio: ["pipe", "ignore", "ignore"],
      // A group of its own: Compose is a second process.
      detached: true,
    });
    const ended = new Promise((resolve) => attached.once("exit", resolve));
    attached.stdin.write(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    try {
      await until(isDone);
    } finally {
      process.kill(-attached.pid!, "SIGKILL");
      await ended;
    }
  }

  /** What no engine asked for: an engine that is asked to kill starts nothing again. */
  kill(service: string): void {
    const { pid } = this.inspect(service);
    const kill = `process.kill(${pid}, "SIGKILL")`;
    const asRoot = ["--pid", "host", "--user", "root", "--entrypoint", "node"];
    const { code, err } = docker(["run", "--rm", ...asRoot, this.#image, "-e", kill]);
    if (code !== 0) throw new Error(`${service} cannot be killed: ${err}`);
  }

  remove(): void {
    docker(["compose", "kill"], this.#folder);
    docker(["compose", "down", "--volumes"], this.#folder);
    docker(["image", "rm", this.#image]);
  }
}

/** Waits for what becomes true in a minute. */
export async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await isDone())) {
    if (Date.now() > end) throw new Error("has not happened in a minute");
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
