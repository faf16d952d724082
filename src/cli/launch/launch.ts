/** A built program as processes on this machine: what is asked for, in order, and where data are kept while it runs. */
import { randomBytes } from "node:crypto";
import { fstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Description } from "../../runtime/control.ts";
import { natsOf } from "../../runtime/deployment.ts";
import { isFile as isSpansFile } from "../../runtime/otlp-settings.ts";
import { writeAsked } from "../files.ts";
import { planLaunch } from "./plan.ts";
import type { LaunchOptions } from "./plan.ts";
import { Run } from "./run.ts";

/**
 * Exit codes: 0 done; 1 a node failed or a row was bad; 2 wrong use; 130, 143 ended by SIGINT, SIGTERM. `begins` is called
 * when nothing is wrong with the options, before anything starts.
 */
export async function launch(
  folder: string,
  program: Description,
  options: LaunchOptions,
  begins: () => void = () => {},
): Promise<number> {
  const run = randomBytes(9).toString("base64url");
  const planned = planLaunch(program, options, run, isFile(0));
  if (!planned.ok) {
    for (const problem of planned.problems) process.stderr.write(`dlc: ${problem}\n`);
    return 2;
  }
  begins();
  const { plan } = planned;
  // All processes add to it.
  const spans = plan.deploy.otlp?.to;
  if (spans !== undefined && isSpansFile(spans)) writeAsked(spans, process.cwd(), "");
  const { data: kept } = plan.deploy;
  if (kept !== undefined && natsOf(plan.deploy) !== null) {
    const deploy = { ...plan.deploy, cluster: clusterIn(kept, run) };
    return new Run(run, folder, program, options, { ...plan, deploy }).finish();
  }
  if (!plan.keepsData || kept !== undefined) return new Run(run, folder, program, options, plan).finish();
  const data = mkdtempSync(join(tmpdir(), "dlc-data-"));
  const remove = (): void => rmSync(data, { recursive: true, force: true });
  process.on("exit", remove);
  try {
    return await new Run(run, folder, program, options, { ...plan, deploy: { ...plan.deploy, data } }).finish();
  } finally {
    remove();
    process.off("exit", remove);
  }
}

/** The name under which the data in a folder have their logs on NATS: that of the run which began them. */
function clusterIn(data: string, run: string): string {
  mkdirSync(data, { recursive: true });
  const path = join(data, "cluster");
  try {
    writeFileSync(path, `${run}\n`, { flag: "wx" });
    return run;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return readFileSync(path, "utf8").trim();
  }
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
