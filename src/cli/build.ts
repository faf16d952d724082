/** `dlc build FILE -o DIR`: the emitted folder, whole or not at all. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { emit } from "../compiler/5-emit/emit.ts";
import { createName } from "../compiler/5-emit/components.ts";
import { durableRoles } from "../compiler/ir.ts";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import type { EmittedFile } from "../compiler/emitted.ts";
import type { Plan } from "../compiler/plan.ts";
import {
  defaultDeployment,
  FIRST_METRICS_PORT,
  FIRST_PORT,
  placesOf,
  transportProblem,
  withMetrics,
} from "../runtime/deployment.ts";
import type { DeployFile } from "../runtime/deployment.ts";
import { NATS_PACKAGES } from "../runtime/transports/nats/packages.ts";
import { checkProgram } from "./check.ts";
import type { Planning } from "./check.ts";
import { findConfig } from "./config.ts";
import { drawClaims } from "./draw/claims.ts";
import { count } from "./draw/count.ts";
import { drawDiagnostic } from "./draw/diagnostics.ts";
import { paint } from "./draw/paint.ts";
import { drawPlan } from "./draw/plan.ts";
import { createFolder, readProgram, whyNot } from "./files.ts";
import { bundleModules } from "./bundle.ts";
import { WrongUse } from "./io.ts";
import type { Io } from "./io.ts";
import { certificateText } from "./review.ts";
import { runtimeFiles } from "./runtime.ts";
import { targets } from "./targets/index.ts";
import type { TargetName } from "./targets/index.ts";
import { dnsName, ownNats, transportOf } from "./targets/target.ts";
import type { Deployable } from "./targets/target.ts";

/** Names the folder as one of dlc's, and the files that dlc put there. */
const markerName = ".dlc-build.json";

interface Marker {
  readonly program: string;
  readonly files: readonly string[];
}

export async function buildCommand(
  path: string,
  options: Planning & Deployed & { readonly out: string },
  io: Io,
): Promise<number> {
  const { transport } = options;
  const isOwn = options.target !== undefined && transport !== undefined && ownNats(transport) !== null;
  const problem = transportProblem(isOwn ? transportOf({ transport }, ["nats"]) : transport);
  if (problem !== null) throw new WrongUse(`--transport: ${problem}`);
  if (options.portBase !== undefined && options.target !== undefined)
    throw new WrongUse(
      `--port-base: with --target ${options.target} each process has a host of its own, and the same port there`,
    );
  const folder = resolve(io.cwd, options.out);
  refuseForeign(folder, options.out);
  const built = await buildProgram(path, options, io, options);
  if (built === null) return 1;
  writeFolder(folder, built.files, path);
  const style = paint(io.errColour);
  io.err(
    `${style.strong(path)} -> ${style.strong(options.out)} (${count(built.files.length, "file")})\n${drawPlan(built.plan, style, io.width)}${built.claims}`,
  );
  return 0;
}

/** The package with what a program on NATS needs. */
function withNatsPackages(file: EmittedFile): EmittedFile {
  if (file.path !== "package.json") return file;
  const text = JSON.stringify({ ...(JSON.parse(file.text) as object), dependencies: NATS_PACKAGES }, null, 2);
  return { ...file, text: `${text}\n` };
}

/** For `dlc run`: into a folder of its own. The plan as it is drawn; null when the program has errors. */
export async function buildInto(path: string, folder: string, options: Planning, io: Io): Promise<string | null> {
  const built = await buildProgram(path, options, io);
  if (built === null) return null;
  for (const { path: inside, text } of built.files) {
    const target = join(folder, ...inside.split("/"));
    createFolder(dirname(target));
    writeFileSync(target, text);
  }
  const style = paint(io.errColour);
  return `${style.strong(path)}\n${drawPlan(built.plan, style, io.width)}${built.claims}`;
}

/** On what a program is to be deployed. */
export interface Deployed {
  readonly target?: TargetName;
  readonly transport?: string;
  /** First of consecutive ports; those for metrics follow in the same distance as without it. */
  readonly portBase?: number;
}

function isOnNats({ transport }: Deployed): boolean {
  return transport !== undefined && transport !== "tcp";
}

export interface Built {
  readonly plan: Plan;
  /** What is known of the claims about its functions, as drawn after the plan. */
  readonly claims: string;
  /** All files of the emitted folder, in order of path. */
  readonly files: readonly EmittedFile[];
}

/** Compiles and emits; what was found goes to stderr. null when it holds errors. */
export async function buildProgram(path: string, planning: Planning, io: Io, on: Deployed = {}): Promise<Built | null> {
  const file = readProgram(path, io.cwd);
  const config = findConfig(io.cwd);
  const style = paint(io.errColour);
  for (const finding of config.findings) io.err(`${drawDiagnostic(finding, style, io.width)}\n`);
  if (config.findings.length > 0) {
    io.err(`dlc: ${config.file!.path} has ${count(config.findings.length, "error")}; nothing was built\n`);
    return null;
  }
  const { compilation, diagnostics, functions } = await checkProgram(file, planning, config, io);
  for (const diagnostic of diagnostics) {
    // What order-sensitive rules there are is settled by the plan, which is shown in one line each.
    const settled = diagnostic.code.startsWith("DLC3") && diagnostic.severity !== "error";
    if (diagnostic.severity !== "note" && !settled) io.err(`${drawDiagnostic(diagnostic, style, io.width)}\n`);
  }
  const { plan } = compilation;
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  if (plan === null || errors > 0) {
    io.err(`dlc: ${path} has ${count(errors, "error")}; nothing was built\n`);
    return null;
  }
  const missing = withoutModule(plan);
  for (const diagnostic of missing) io.err(`${drawDiagnostic(diagnostic, style, io.width)}\n`);
  if (missing.length > 0) {
    io.err(`dlc: ${path} has ${count(missing.length, "component")} that nothing here implements; nothing was built\n`);
    return null;
  }
  const emitted = emit(plan);
  for (const diagnostic of emitted.diagnostics) io.err(`${drawDiagnostic(diagnostic, style, io.width)}\n`);
  if (emitted.value === null) return null;
  const files = [
    ...emitted.value,
    ...(await runtimeFiles()),
    ...(await bundleModules(plan.coordinated, io.cwd)),
    { path: "coordination.json", text: certificateText(plan) },
    ...deployment(plan, path, on),
  ];
  return {
    plan,
    claims: drawClaims(functions, style),
    files: (isOnNats(on) ? files.map(withNatsPackages) : files).sort((a, b) =>
      a.path < b.path ? -1 : a.path > b.path ? 1 : 0,
    ),
  };
}

/** Components that nothing here implements. */
function withoutModule(plan: Plan): readonly Diagnostic[] {
  return [...plan.coordinated.externals.values()].flatMap((one): Diagnostic[] =>
    one.kind !== "component" || one.from !== null
      ? []
      : [
          {
            code: "DLC409",
            severity: "error",
            message: `nothing here implements ${one.name}, so that it can be checked and not run`,
            file: one.file,
            span: one.nameSpan,
            mend: `Name its module, \`component ${one.name} from "./${one.name.toLowerCase()}.ts"\`: it exports ${createName(one.name)}(out).`,
          },
        ],
  );
}

/** `deploy.json` and what goes with it. Without a target every instance on this machine, on ports counted up; to be edited under another name. */
function deployment(plan: Plan, path: string, on: Deployed): readonly EmittedFile[] {
  const program = basename(path, ".dlc");
  const needs = deployable(plan, dnsName(program), on.transport ?? "tcp");
  const dynamic = needs.roles.find((each) => each.dynamic)?.role;
  if (dynamic !== undefined && on.target !== undefined)
    throw new WrongUse(
      `--target ${on.target}: its files place every instance, and those of ${dynamic} may join; build without --target, or without --dynamic`,
    );
  const onCluster = isOnNats(on) ? { cluster: program, transport: on.transport } : {};
  const { deploy, files } =
    on.target === undefined
      ? {
          deploy: {
            program,
            ...onThisMachine(needs, on.portBase),
            ...(needs.keepsData && { data: "data" }),
            ...onCluster,
          },
          files: [],
        }
      : targets[on.target](needs);
  return [{ path: "deploy.json", text: `${JSON.stringify(deploy, null, 2)}\n` }, ...files];
}

function onThisMachine(needs: Deployable, firstPort = FIRST_PORT): DeployFile {
  const deploy = defaultDeployment(needs, "127.0.0.1", firstPort);
  const firstOfMetrics = firstPort + FIRST_METRICS_PORT - FIRST_PORT;
  const count = [...placesOf(deploy).keys()].length;
  if (firstPort < 1 || firstOfMetrics + count > 65_536)
    throw new WrongUse(
      `--port-base ${firstPort}: ${count} ports from there on, and as many for metrics from ${firstOfMetrics} on, have to lie between 1 and 65535`,
    );
  return withMetrics(deploy, firstOfMetrics);
}

function deployable(plan: Plan, name: string, transport: string): Deployable {
  const { roles, collections } = plan.coordinated;
  const all = [...collections.values()];
  const orderings = all.flatMap(({ ordering }) => ordering ?? []);
  return {
    name,
    roles: [...roles.values()].map(({ name: role, count: instances, dynamic = false }) => ({
      role,
      count: instances,
      dynamic,
      hasInputs: all.some((each) => each.role === role && each.kind === "input"),
    })),
    log: orderings.length > 0 || [...roles.values()].some(({ dynamic }) => dynamic),
    transport,
    epochMs: orderings.find(({ everyMs }) => everyMs !== undefined)?.everyMs ?? null,
    keepsData: durableRoles(plan.coordinated).size > 0,
  };
}

/** A folder with other things in it is never touched. */
function refuseForeign(folder: string, shown: string): void {
  if (!existsSync(folder)) return;
  let entries;
  try {
    entries = readdirSync(folder);
  } catch {
    throw new WrongUse(`${shown} is not a folder`);
  }
  if (entries.length > 0 && !entries.includes(markerName)) {
    throw new WrongUse(
      `the folder ${shown} is not empty and was not written by dlc build; choose another, or empty it`,
    );
  }
}

/**
 * Writes all files beside `folder` first and puts them in place by renaming, so that whoever looks sees the old build
 * or the new one. Files that dlc did not write (an edited deployment under another name, logs) are kept.
 */
export function writeFolder(folder: string, files: readonly EmittedFile[], program: string): void {
  const next = join(dirname(folder), `.${basename(folder)}.${process.pid}.new`);
  const old = join(dirname(folder), `.${basename(folder)}.${process.pid}.old`);
  const marker: Marker = { program: basename(program), files: files.map(({ path }) => path) };
  try {
    rmSync(next, { recursive: true, force: true });
    for (const { path, text } of [...files, { path: markerName, text: `${JSON.stringify(marker, null, 2)}\n` }]) {
      const target = join(next, ...path.split("/"));
      createFolder(dirname(target));
      writeFileSync(target, text);
    }
    if (existsSync(folder)) {
      renameSync(folder, old);
      renameSync(next, folder);
      keepForeign(old, folder);
      rmSync(old, { recursive: true, force: true });
    } else renameSync(next, folder);
  } catch (error) {
    if (existsSync(next)) rmSync(next, { recursive: true, force: true });
    if (existsSync(old) && !existsSync(folder)) renameSync(old, folder);
    throw new WrongUse(`cannot write ${folder}: ${whyNot(error)}`);
  }
}

function keepForeign(old: string, folder: string): void {
  const marker = join(old, markerName);
  if (!existsSync(marker)) return;
  const own = new Set([...(JSON.parse(readFileSync(marker, "utf8")) as Marker).files, markerName]);
  for (const entry of readdirSync(old, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const inside = relative(old, path).split(sep).join("/");
    const target = join(folder, inside);
    if (own.has(inside) || existsSync(target)) continue;
    createFolder(dirname(target));
    renameSync(path, target);
  }
}
