import { writeSync } from "node:fs";

/** What a command sees of the world around it, so that tests can stand in for it. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether stdout may be coloured; stderr apart, since either may be redirected. */
  readonly colour: boolean;
  readonly errColour: boolean;
  /** Whether stdout is a terminal, which can be cleared. */
  readonly terminal: boolean;
  /** All of stdin. */
  readonly input: () => Promise<string>;
  /** Calls back at Ctrl-C, which then does not end the process by itself, and when nobody reads what is printed any more. */
  readonly onInterrupt: (callback: () => void) => void;
  /** Columns of the terminal; no end where there is none. */
  readonly width: number;
}

/** Whether what goes there may be coloured: on a terminal, unless the environment says otherwise. */
export function isColoured(stream: { readonly isTTY?: boolean }, env: Io["env"]): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0") return true;
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

export function processIo(): Io {
  const { env } = process;
  for (const stream of [process.stdout, process.stderr]) stream.on("error", unwritable);
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    cwd: process.cwd(),
    env,
    colour: isColoured(process.stdout, env),
    errColour: isColoured(process.stderr, env),
    terminal: process.stdout.isTTY === true,
    input: readStdin,
    onInterrupt: (callback) => {
      process.once("SIGINT", callback);
      process.stdout.once("error", callback);
    },
    width: process.stdout.columns ?? Infinity,
  };
}

/** Whoever reads may have seen enough, as `head` has: what was begun goes on. A disk that is full is another matter. */
function unwritable({ code, message }: NodeJS.ErrnoException): void {
  if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") return;
  try {
    writeSync(2, `dlc: what it prints cannot be written (${message}). Free space there, or send it elsewhere.\n`);
  } catch {
    // Nor can this.
  }
  process.exit(2);
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** The command cannot be carried out as it was given: exit code 2, the message alone is printed. */
export class WrongUse extends Error {}
