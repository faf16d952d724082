/** A smaller program that still fails: lines, literals, words and inputs are left out while it does. */
import type { Given } from "../support/runs.ts";
import type { Generated } from "./generate.ts";

export function shrink(generated: Generated, fails: (candidate: Generated) => boolean, most = 600): Generated {
  let best = generated;
  let tried = 0;
  const accept = (candidate: Generated): boolean => {
    if (++tried > most || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let size = -1; size !== sizeOf(best);) {
    size = sizeOf(best);
    for (let chunk = 4; chunk >= 1; chunk = chunk >> 1) {
      for (let at = best.given.length - chunk; at >= 0; at -= 1)
        accept({ ...best, given: without(best.given, at, chunk) });
      for (let at = lines(best).length - chunk; at >= 0; at -= 1)
        accept({ ...best, text: without(lines(best), at, chunk).join("\n") });
    }
    for (let at = lines(best).length - 1; at >= 0; at--) {
      for (const smaller of smallerLines(lines(best)[at]))
        accept({ ...best, text: lines(best).with(at, smaller).join("\n") });
    }
  }
  return best;
}

function lines({ text }: Generated): string[] {
  return text.split("\n");
}

function sizeOf({ text, given }: Generated): number {
  return text.length + (given as Given).length;
}

function without<T>(of: readonly T[], at: number, count: number): T[] {
  return [...of.slice(0, at), ...of.slice(at + count)];
}

const words = [
  " single",
  " unique",
  " lossy",
  " strict",
  " agreed",
  " eventual",
  " any",
  " replicated x2",
  " x2",
  / sealed by \([^)]*\)/,
  " sealed",
  / partitioned by \([^)]*\) x2/,
  / having .*(?=;)/,
  " distinct",
];

function smallerLines(line: string): string[] {
  const out: string[] = [];
  for (const word of words) {
    const smaller = line.replace(word, "");
    if (smaller !== line) out.push(smaller);
  }
  const match = /^(.* (?:<=|<~|<\+-|<\+|<-) )(.*);$/.exec(line);
  if (match === null) return out;
  const literals = split(match[2]);
  for (let i = 0; i < literals.length && literals.length > 1; i++)
    out.push(`${match[1]}${without(literals, i, 1).join(", ")};`);
  return out;
}

/** At commas outside of brackets. */
function split(body: string): string[] {
  const out: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < body.length; i++) {
    if ("([".includes(body[i])) depth++;
    else if (")]".includes(body[i])) depth--;
    else if (body[i] === "," && depth === 0) {
      out.push(body.slice(from, i).trim());
      from = i + 1;
    }
  }
  out.push(body.slice(from).trim());
  return out;
}
