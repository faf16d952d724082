/** `dlc gone`: an operator says that an instance of a running deployment will not come back, so that the others go on without it. */
import { declare, whyNeverGone } from "../runtime/gone.ts";
import type { Declared } from "../runtime/gone.ts";
import { TransportError } from "../runtime/transports/transport.ts";
import { readDeployment } from "./deployed.ts";
import { WrongUse } from "./io.ts";
import type { Io } from "./io.ts";

export interface GoneOptions {
  /** How long a process may take to answer, milliseconds. */
  readonly timeout: number;
}

/** 0: every other process knows it; 1: it lives, or some other does not know it. */
export async function goneCommand(path: string, gone: string, { timeout }: GoneOptions, io: Io): Promise<number> {
  const deploy = readDeployment(path, io);
  const why = whyNeverGone(deploy, path, gone);
  if (why !== null) throw new WrongUse(why);
  let declared: Declared;
  try {
    declared = await declare(deploy, gone, timeout);
  } catch (error) {
    if (error instanceof TransportError) throw new WrongUse(error.message);
    throw error;
  }
  for (const line of declared.out) io.out(`${line}\n`);
  for (const line of declared.err) io.err(`dlc: ${line}\n`);
  return declared.isKnown ? 0 : 1;
}
