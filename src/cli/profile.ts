/** A profile: how much came where in a run. `dlc run --profile` writes one, `dlc check --profile` chooses plans by it. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CollectionId, Ir } from "../compiler/ir.ts";
import type { Measured, Profile } from "../compiler/plan.ts";
import type { Description, Status } from "../runtime/control.ts";
import { writeAsked } from "./files.ts";
import { WrongUse } from "./io.ts";

/** As the file holds it. */
interface Line extends Measured {
  readonly role: string;
  readonly collection: string;
  readonly instances: number;
  /** At all instances together. */
  readonly facts: number;
}

export function writeProfile(path: string, program: Description, statuses: readonly Status[], elapsedMs: number): void {
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const lines = program.roles.flatMap(({ role, collections }): Line[] => {
    const own = statuses.filter(({ name }) => name.split("#")[0] === role);
    return collections.flatMap(({ name, sealed }): Line[] => {
      const arrived = own.flatMap(({ arrived: all }) => all?.filter(({ collection }) => collection === name) ?? []);
      if (arrived.length === 0) return [];
      const facts = arrived.reduce((sum, each) => sum + each.facts, 0);
      const partitions = arrived.map((each) => each.partitions ?? 0);
      // Each producer seals every partition, unless a partition has one producer.
      const ended = sealed?.single ? partitions.reduce((sum, each) => sum + each, 0) : Math.max(...partitions);
      const isSealed = arrived.some((each) => each.partitions !== null);
      return [
        {
          role,
          collection: name,
          instances: arrived.length,
          facts,
          perSecond: short(facts / arrived.length / seconds),
          partitionsPerSecond: isSealed ? short(ended / seconds) : null,
        },
      ];
    });
  });
  const profile = { version: 1, program: program.program, seconds: short(seconds), collections: lines };
  writeAsked(path, process.cwd(), `${JSON.stringify(profile, null, 2)}\n`);
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}

/** Absolute paths of profiles that were asked for exist, or it is wrong use. */
export function readProfile(path: string, cwd: string): ProfileFile {
  const absolute = resolve(cwd, path);
  if (!existsSync(absolute))
    throw new WrongUse(`there is no profile ${path}; \`dlc run FILE --profile ${path}\` writes one`);
  const text = readFileSync(absolute, "utf8");
  const lines = linesIn(text);
  if (lines === null) throw new WrongUse(`${path} is no profile; \`dlc run FILE --profile ${path}\` writes one`);
  return { text, lines };
}

export interface ProfileFile {
  readonly text: string;
  readonly lines: readonly Line[];
}

function linesIn(text: string): readonly Line[] | null {
  try {
    const { version, collections } = JSON.parse(text) as { version?: unknown; collections?: unknown };
    if (version !== 1 || !Array.isArray(collections)) return null;
    return (collections as Line[]).every(isLine) ? collections : null;
  } catch {
    return null;
  }
}

function isLine(line: Partial<Line> | null): boolean {
  const isRate = (value: unknown): boolean => typeof value === "number" && value >= 0;
  return (
    typeof line?.role === "string" &&
    typeof line.collection === "string" &&
    isRate(line.perSecond) &&
    (line.partitionsPerSecond === null || isRate(line.partitionsPerSecond))
  );
}

/** By the program's ids; what it does not have (any more) is left out. */
export function profileOf({ lines }: ProfileFile, ir: Ir): Profile {
  const byName = new Map(lines.map((line) => [`${line.role} ${line.collection}`, line]));
  const collections = new Map<CollectionId, Measured>();
  for (const { id, role, name } of ir.collections.values()) {
    const line = byName.get(`${role} ${name}`);
    if (line !== undefined)
      collections.set(id, { perSecond: line.perSecond, partitionsPerSecond: line.partitionsPerSecond });
  }
  return { collections };
}
