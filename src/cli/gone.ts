/** `dlc gone`: an operator says that an instance of a running deployment will not come back, so that the others go on without it. */
import { hostname, userInfo } from "node:os";
import { natsOf, placesOf } from "../runtime/deployment.ts";
import type { DeployFile } from "../runtime/deployment.ts";
import { LOG } from "../runtime/routing.ts";
import { declareGoneOnNats } from "../runtime/transports/nats/declare.ts";
import { declareGone, LIVES } from "../runtime/transports/operator.ts";
import type { Told } from "../runtime/transports/operator.ts";
import { TransportError } from "../runtime/transports/transport.ts";
import { readDeployment } from "./deployed.ts";
import { WrongUse } from "./io.ts";
import type { Io } from "./io.ts";
import { plural } from "./launch/report.ts";

export interface GoneOptions {
  /** How long a process may take to answer, milliseconds. */
  readonly timeout: number;
}

/** 0: every other process knows it; 1: it lives, or some other does not know it. */
export async function goneCommand(path: string, gone: string, { timeout }: GoneOptions, io: Io): Promise<number> {
  const deploy = readDeployment(path, io);
  const names = [...placesOf(deploy).keys()];
  if (gone === LOG && names.includes(LOG)) throw new WrongUse("the sequencer cannot be declared gone, since nobody else has the logs: start it again");
  const instances = names.filter((name) => name !== LOG);
  if (!instances.includes(gone)) throw new WrongUse(`${path} has no instance ${gone}; it has ${instances.join(", ")}`);
  const told = await tell(deploy, gone, timeout);
  const itself = told.find(({ name }) => name === gone);
  if (itself !== undefined) {
    io.err(`dlc: ${gone} has not been declared gone: ${itself.kind === "done" ? LIVES : itself.reason}\n`);
    return 1;
  }
  const unaware = told.filter(({ kind }) => kind !== "done");
  if (unaware.length === told.length && natsOf(deploy) === null) io.err(`dlc: nobody has heard that ${gone} is gone\n`);
  else io.out(`${gone} is declared gone\n`);
  const width = Math.max(...told.map(({ name }) => name.length));
  for (const each of told) io.out(`  ${each.name.padEnd(width)}  ${each.kind === "done" ? failedText(each.failed) : `${each.kind}: ${each.reason}`}\n`);
  if (unaware.length === 0) return 0;
  if (natsOf(deploy) === null) io.err(`dlc: declare it again when ${unaware.map(({ name }) => name).join(", ")} can be reached\n`);
  return 1;
}

async function tell(deploy: DeployFile, gone: string, timeout: number): Promise<readonly Told[]> {
  const by = `${userInfo().username} on ${hostname()}`;
  const nats = natsOf(deploy);
  try {
    if (nats === null) return await declareGone(deploy, gone, by, timeout);
    const others = [...placesOf(deploy).keys()].filter((name) => name !== gone);
    return await declareGoneOnNats(nats, { cluster: deploy.cluster ?? "", gone, by, others }, timeout);
  } catch (error) {
    if (error instanceof TransportError) throw new WrongUse(error.message);
    throw error;
  }
}

function failedText(failed: number): string {
  return failed === 0 ? "knows it" : `knows it: ${plural(failed, "partition")} given up`;
}
