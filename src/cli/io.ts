/** What a command sees of the world around it, so that tests can stand in for it. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether stdout may be coloured; stderr apart, since either may be redirected. */
  readonly colour: boolean;
  readonly errColour: boolean;
  /** Columns of the terminal; 100 where there is none. */
  readonly width: number;
}

export function processIo(): Io {
  const { env } = process;
  const may = (stream: NodeJS.WriteStream): boolean => {
    if (env["NO_COLOR"]) return false;
    if (env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0") return true;
    return stream.isTTY === true && env["TERM"] !== "dumb";
  };
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    cwd: process.cwd(),
    env,
    colour: may(process.stdout),
    errColour: may(process.stderr),
    width: process.stdout.columns ?? 100,
  };
}

/** The command cannot be carried out as it was given: exit code 2, the message alone is printed. */
export class WrongUse extends Error {}
