/** An operator says that an instance of a running deployment will not come back: to all others, and what they answer, in words. */
import { hostname, userInfo } from "node:os";
import { dynamicOf, natsOf, placesOf } from "./deployment.ts";
import type { DeployFile } from "./deployment.ts";
import { LOG, parseAddress } from "./routing.ts";
import { declareGoneOnNats } from "./transports/nats/declare.ts";
import { declareGone, LIVES } from "./transports/operator.ts";
import type { Told } from "./transports/operator.ts";

/** How long a process may take to answer, milliseconds. */
export const ANSWERS_WITHIN_MS = 2000;

export interface Declared {
  /** Every other process knows it. Else the instance lives, or some other could not be told. */
  readonly isKnown: boolean;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** Why this cannot be said of an instance at all; null: it can. `path`: the deployment's file. */
export function whyNeverGone(deploy: DeployFile, path: string, gone: string): string | null {
  const names = [...placesOf(deploy).keys()];
  if (gone === LOG && names.includes(LOG))
    return "the sequencer cannot be declared gone, since nobody else has the logs: start it again";
  const instances = names.filter((name) => name !== LOG);
  if (instances.includes(gone) || isNewcomer(deploy, gone)) return null;
  return `${path} has no instance ${gone}; it has ${instances.join(", ")}`;
}

/** It may have joined: whether it has, those know who take part. */
function isNewcomer(deploy: DeployFile, gone: string): boolean {
  const { role = "", index = 0 } = parseAddress(gone) ?? {};
  return dynamicOf(deploy).has(role) && index >= deploy.roles[role].instances.length;
}

/** Throws TransportError where nobody can be told. */
export async function declare(deploy: DeployFile, gone: string, timeoutMs: number): Promise<Declared> {
  const told = await tell(deploy, gone, timeoutMs);
  if (told === null)
    return {
      isKnown: false,
      out: [],
      err: [`${gone} has not been declared gone: nobody who answers knows it: it has not joined, or has left`],
    };
  const itself = told.find(({ name }) => name === gone);
  if (itself !== undefined) {
    const why = itself.kind === "done" ? LIVES : itself.reason;
    return { isKnown: false, out: [], err: [`${gone} has not been declared gone: ${why}`] };
  }
  const width = Math.max(...told.map(({ name }) => name.length));
  const lines = told.map((each) => `  ${each.name.padEnd(width)}  ${answerText(each)}`);
  const unaware = told.filter(({ kind }) => kind !== "done").map(({ name }) => name);
  // There it is kept, for those who come later.
  const isKept = natsOf(deploy) !== null;
  const isHeard = isKept || unaware.length < told.length;
  return {
    isKnown: unaware.length === 0,
    out: [...(isHeard ? [`${gone} is declared gone`] : []), ...lines],
    err: [
      ...(isHeard ? [] : [`nobody has heard that ${gone} is gone`]),
      ...(unaware.length === 0 || isKept ? [] : [`declare it again when ${unaware.join(", ")} can be reached`]),
    ],
  };
}

/** null: nobody knows a newcomer of that name. */
async function tell(deploy: DeployFile, gone: string, timeoutMs: number): Promise<readonly Told[] | null> {
  const by = `${userName()} on ${hostname()}`;
  const nats = natsOf(deploy);
  if (nats === null) return declareGone(deploy, gone, by, timeoutMs);
  const names = [...placesOf(deploy).keys()];
  const others = names.filter((name) => name !== gone);
  const isPlaced = names.includes(gone);
  return declareGoneOnNats(nats, { cluster: deploy.cluster ?? "", gone, isPlaced, by, others }, timeoutMs);
}

/** In a container a user may have a number only. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}

function answerText(told: Told): string {
  if (told.kind !== "done") return `${told.kind}: ${told.reason}`;
  return told.failed === 0 ? "knows it" : `knows it: ${told.failed} partition${told.failed === 1 ? "" : "s"} given up`;
}
