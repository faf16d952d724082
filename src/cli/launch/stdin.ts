/** Events on stdin, dealt to the instances they name; read no faster than those take them. */
import type { Readable } from "node:stream";
import type { ChildInput } from "../../runtime/control.ts";
import { destinationOf, parseLine } from "../../runtime/lines.ts";
import { Utf8 } from "../../runtime/utf8.ts";
import type { Child } from "./child.ts";

/** Lines for one instance that it has not taken, in batches, at most. */
const BATCHES_OUT = 4;

const SHOWN_BAD_LINES = 100;

export interface StdinFeed {
  /** Lines that no instance of the run takes. */
  badLines: number;
  /** Everybody has been told. */
  isEnded: boolean;
  stop(): void;
}

/**
 * Reads until the end of the stream, then tells every instance. `bad` gets `stdin:LINE:COLUMN: ...`. What `files` feed, by
 * instance, takes no lines: it ends with its file, and how many of them came before that would be chance.
 */
export function feedStdin(
  stream: Readable,
  children: ReadonlyMap<string, Child>,
  counts: Readonly<Record<string, number>>,
  files: ReadonlyMap<string, readonly ChildInput[]>,
  bad: (message: string) => void,
): StdinFeed {
  const feed: StdinFeed = { badLines: 0, isEnded: false, stop: () => stream.destroy() };
  const complain = (message: string): void => {
    feed.badLines++;
    if (feed.badLines <= SHOWN_BAD_LINES) bad(message);
    if (feed.badLines === SHOWN_BAD_LINES) bad("stdin: further bad lines are counted, not shown");
  };
  let number = 0;
  let rest = "";
  let batches = new Map<string, [number, unknown][]>();

  const take = (text: string): void => {
    number++;
    if (text.trim() === "") return;
    const parsed = parseLine(text);
    if (!parsed.ok) return complain(`stdin:${number}:${parsed.column}: ${parsed.problem}`);
    const to = destinationOf(parsed.value, null);
    if (!to.ok) return complain(`stdin:${number}: ${to.problem}`);
    const { role, node } = to.value;
    const name = `${role}#${node}`;
    if (!Object.hasOwn(counts, role)) {
      return complain(`stdin:${number}: there is no role ${role} (there are ${Object.keys(counts).join(", ")})`);
    }
    if (node >= counts[role]) {
      return complain(`stdin:${number}: ${role} has ${counts[role]} instances, numbered from 0; there is no ${name}`);
    }
    if (children.get(name)?.hasLeft) return complain(`stdin:${number}: ${name} has left in an earlier run`);
    // A source's lines may leave its name out.
    const { collection: named = role.slice(role.lastIndexOf(".") + 1) } = parsed.value as {
      readonly collection?: unknown;
    };
    const fed = files.get(name)?.find(({ collection }) => collection === named);
    if (fed !== undefined) {
      return complain(
        `stdin:${number}: ${name}.${fed.collection} takes its rows from ${fed.path}: put this one there, or give all of them on stdin`,
      );
    }
    let batch = batches.get(name);
    if (batch === undefined) batches.set(name, (batch = []));
    batch.push([number, parsed.value]);
  };

  const send = (): void => {
    for (const [name, lines] of batches) {
      const child = children.get(name)!;
      if (!child.isGone) child.sendLines(lines);
    }
    batches = new Map();
  };

  const isFull = (): boolean =>
    [...children.values()].some(({ isGone, linesOut }) => !isGone && linesOut.length >= BATCHES_OUT);
  for (const child of children.values()) {
    child.onTaken = () => {
      if (stream.isPaused() && !isFull()) stream.resume();
    };
  }

  const decoder = new Utf8();
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.decode(chunk)).split("\n");
    rest = lines.pop()!;
    for (const line of lines) take(line);
    send();
    if (isFull()) stream.pause();
  });
  stream.on("error", (error) => complain(`stdin: ${error.message}`));
  stream.on("end", () => {
    rest += decoder.end();
    if (rest !== "") take(rest);
    send();
    feed.isEnded = true;
    for (const child of children.values()) child.send({ type: "stdinEnd" });
  });
  return feed;
}
