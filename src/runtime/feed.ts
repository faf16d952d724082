/** Files and stdin into the inputs of one instance, and the end of each input when its sources are done. */
import { resolve } from "node:path";
import { readInputFile } from "./files.ts";
import type { InputFile } from "./files.ts";
import { eventOf } from "./lines.ts";
import type { InputEvent } from "./lines.ts";
import type { DlcNode } from "./node.ts";
import type { CollectionMeta } from "./program.ts";

/** Bad rows reported one by one. */
const SHOWN_BAD_ROWS = 100;

export interface FeedFile extends InputFile {
  readonly collection: string;
}

export interface FeedOptions {
  readonly files: readonly FeedFile[];
  /** Whether lines will come through `line`; it feeds every input that no file feeds. */
  readonly stdin: boolean;
  readonly report: (message: string) => void;
  /** Which stdin it is; null: another one in each life, beginning with its first line. */
  readonly stdinName?: string | null;
  /** After so many rows, `onLimit` is called and nothing more is taken. */
  readonly limit?: number | null;
  readonly onLimit?: () => void;
}

export class Feed {
  readonly #node: DlcNode;
  readonly #inputs: readonly CollectionMeta[];
  readonly #options: FeedOptions;
  /** What stdin is called where its position is kept; null: it is not. */
  readonly #lines: string | null;
  #rows = 0;
  #isStopped = false;
  /** Sources that are not done. */
  #open = 0;
  badRows = 0;

  constructor(node: DlcNode, collections: readonly CollectionMeta[], options: FeedOptions) {
    this.#node = node;
    this.#inputs = collections.filter(({ kind }) => kind === "input");
    this.#options = options;
    const { stdinName = null } = options;
    this.#lines = stdinName === null ? null : `stdin ${stdinName}`;
  }

  /** Reads all files, at the same time, and ends what nothing feeds. */
  start(): void {
    const { files, stdin } = this.#options;
    if (stdin) this.#open++;
    for (const collection of this.#inputs) {
      const own = files.filter((file) => file.collection === collection.name);
      if (own.length > 0) void this.#read(collection, own);
      else if (!stdin) this.#node.end(collection.name);
    }
  }

  /** Not where a limit stopped it: who waits for the end would come before what the limit brings. */
  get ended(): boolean {
    return this.#open === 0 && this.#rows !== this.#options.limit;
  }

  async #read(collection: CollectionMeta, files: readonly FeedFile[]): Promise<void> {
    this.#open++;
    await Promise.all(
      files.map(async (file) => {
        try {
          const source = sourceOf(file);
          await readInputFile(file, collection, {
            from: this.#node.fedUpTo(source),
            took: (records) => this.#node.fed(source, records),
            take: (event) => this.#take(event),
            bad: (message) => this.bad(message),
            room: () => this.#node.room(),
            stopped: () => this.#isStopped,
          });
        } catch (error) {
          this.bad(`${file.path}: cannot be read: ${(error as Error).message}`);
        }
      }),
    );
    if (!this.#isStopped) this.#node.end(collection.name);
    this.#open--;
  }

  /** One event of stdin, as JSON; line by line. */
  line(number: number, json: unknown): void {
    if (this.#lines !== null && number <= this.#node.fedUpTo(this.#lines)) return;
    const decoded = eventOf(json, this.#inputs, this.#node.role);
    const problem = decoded.ok ? this.#take(decoded.value) : decoded.problem;
    if (problem !== null) this.bad(`stdin:${number}: ${problem}`);
    if (this.#lines !== null && !this.#isStopped) this.#node.fed(this.#lines, number);
  }

  /** stdin is at its end. */
  endLines(): void {
    if (!this.#options.stdin || this.#isStopped) return;
    for (const { name } of this.#inputs) {
      if (!this.#options.files.some((file) => file.collection === name)) this.#node.end(name);
    }
    this.#open--;
  }

  #take(event: InputEvent): string | null {
    if (this.#isStopped) return null;
    const fault =
      event.kind === "row"
        ? this.#node.offer(event.collection, event.row, event.traceparent)
        : this.#node.offerSeal(event.collection, event.key);
    if (event.kind === "row" && ++this.#rows === this.#options.limit) {
      this.#isStopped = true;
      this.#options.onLimit?.();
    }
    return fault === null ? null : fault.message;
  }

  /** Reports a bad row; of very many, the first ones. */
  bad(message: string): void {
    this.badRows++;
    if (this.badRows <= SHOWN_BAD_ROWS) this.#options.report(message);
    if (this.badRows === SHOWN_BAD_ROWS) this.#options.report("further bad rows are counted, not shown");
  }

  stop(): void {
    this.#isStopped = true;
  }
}

/** What a file is called where its position is kept. */
function sourceOf({ collection, path, deal }: FeedFile): string {
  return `${collection} ${resolve(path)}${deal === null ? "" : ` ${deal.part}/${deal.of}`}`;
}
