/** Whose data lie in a folder: instances that have joined in earlier runs with it. */
import { readdirSync } from "node:fs";
import type { Description } from "../../runtime/control.ts";

/** Beyond those that the deployment places, of roles whose members change. */
export function newcomersIn(
  folder: string,
  { roles }: Description,
  counts: ReadonlyMap<string, number>,
): readonly string[] {
  let files: readonly string[];
  try {
    files = readdirSync(folder);
  } catch {
    return [];
  }
  return roles
    .filter(({ dynamic }) => dynamic === true)
    .flatMap(({ role }) =>
      files
        .flatMap((file) =>
          file.startsWith(`${role}-`) ? [/^(\d{1,9})\.journal$/.exec(file.slice(role.length + 1))] : [],
        )
        .flatMap((match) => (match === null ? [] : [Number(match[1])]))
        .filter((index) => index >= (counts.get(role) ?? 0))
        .sort((a, b) => a - b)
        .map((index) => `${role}#${index}`),
    );
}
