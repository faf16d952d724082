/** Where an instance is in its deployment, checked before it is made. */
import { countsOf, defaultDeployment, dynamicOf, natsOf, needsOf } from "./deployment.ts";
import type { DeployFile } from "./deployment.ts";
import type { NodeOptions } from "./node-options.ts";
import type { RoleMeta, RoleProgram } from "./program.ts";

export interface Placing {
  readonly deploy: DeployFile;
  /** Instances of each role. */
  readonly counts: Readonly<Record<string, number>>;
  readonly index: number;
  /** Roles whose members change. */
  readonly dynamic: ReadonlySet<string>;
  /** Of all roles that are known. */
  readonly metas: readonly RoleMeta[];
  /** Folder of its data, if it keeps any. */
  readonly data: string | undefined;
}

/** Throws RangeError for a deployment in which the instance cannot run. */
export function placingOf(program: RoleProgram, options: NodeOptions): Placing {
  const { meta } = program;
  const index = options.index ?? 0;
  const deploy = options.deploy ?? soleDeployment(program);
  const counts = countsOf(deploy);
  if (!Object.hasOwn(counts, meta.role)) throw new RangeError(`the deployment does not place the role ${meta.role}`);
  const dynamic = dynamicOf(deploy);
  if (options.join !== undefined) {
    if (!dynamic.has(meta.role))
      throw new RangeError(`${meta.role} is not dynamic in this deployment, so that no instance can join`);
    if (!Number.isInteger(index) || index < counts[meta.role])
      throw new RangeError(`the deployment places ${meta.role}#${index}: a newcomer has another number`);
  } else if (!Number.isInteger(index) || index < 0 || index >= counts[meta.role]) {
    const last = counts[meta.role] - 1;
    throw new RangeError(`${meta.role} has the instances 0 to ${last} in this deployment; there is no ${index}`);
  }
  const ordered = orderedBy(meta);
  if (ordered !== null && deploy.log === undefined && natsOf(deploy) === null)
    throw new RangeError(`${ordered} passes through a log, and the deployment has no place for it: "log" is missing`);
  const data = options.data ?? deploy.data;
  if (meta.durable === true && data === undefined)
    throw new RangeError(`${meta.role} has durable tables, and no folder for them: "data" is missing`);
  const metas = (options.programs ?? [program]).map((each) => each.meta);
  const unknown = Object.keys(counts).filter((role) => !metas.some((each) => each.role === role));
  if (dynamic.size > 0 && natsOf(deploy) !== null && unknown.length > 0)
    throw new RangeError(
      `members change on NATS where every instance knows all roles: "programs" lacks ${unknown.join(", ")}`,
    );
  return { deploy, counts, index, data, dynamic, metas };
}

/** A collection of the role, or that it sends to, whose events a log orders. */
function orderedBy({ role, collections, targets }: RoleMeta): string | null {
  const own = collections.find(({ ordering }) => ordering !== undefined);
  return own === undefined
    ? (targets.find(({ collection }) => collection.ordering !== undefined)?.id ?? null)
    : `${role}.${own.name}`;
}

/** A role that talks to no other can do without a deployment. */
export function soleDeployment(program: RoleProgram): DeployFile {
  const { meta } = program;
  const others = new Set(meta.targets.map(({ role }) => role).filter((role) => role !== meta.role));
  if (others.size > 0) {
    throw new RangeError(`${meta.role} sends to ${[...others].join(", ")}: say in \`deploy\` where the instances are`);
  }
  const { log } = needsOf([meta]);
  return defaultDeployment({ log, roles: [{ role: meta.role, count: 1 }] }, "127.0.0.1", 0);
}
