/** What waits for peers that acknowledge nothing: who they are is said, on stderr once and to those who ask. */
import type { Backlog } from "./transports/transport.ts";

const LOOK_MS = 1000;
/** One that acknowledges nothing for so long is worth a line. */
const SILENT_MS = 10_000;

/** As one is asked for it. */
export interface SilentBacklog {
  readonly messages: number;
  readonly bytes: number;
  /** How long nothing of it has been acknowledged, as far as is known. */
  readonly silentMs: number;
}

interface Awaited {
  readonly acked: number;
  readonly since: number;
  isTold: boolean;
}

export interface BacklogsOptions {
  readonly backlogs: () => ReadonlyMap<string, Backlog>;
  readonly log: (line: string) => void;
}

export class Backlogs {
  readonly #options: BacklogsOptions;
  readonly #awaited = new Map<string, Awaited>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: BacklogsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.look(Date.now()), LOOK_MS);
    this.#timer.unref();
  }

  look(now: number): ReadonlyMap<string, Backlog> {
    const { backlogs, log } = this.#options;
    const current = backlogs();
    for (const [name, { isTold }] of this.#awaited) {
      if (current.has(name)) continue;
      this.#awaited.delete(name);
      if (isTold) log(`${name} acknowledges again`);
    }
    for (const [name, { acked, messages, bytes, isReported }] of current) {
      const known = this.#awaited.get(name);
      if (known === undefined || known.acked !== acked) {
        if (known?.isTold) log(`${name} acknowledges again`);
        this.#awaited.set(name, { acked, since: now, isTold: false });
      } else if (!known.isTold && !isReported && now - known.since >= SILENT_MS) {
        known.isTold = true;
        log(
          `${name} has acknowledged nothing for ${SILENT_MS / 1000} s; messages that wait: ${messages} (${bytes} bytes)`,
        );
      }
    }
    return current;
  }

  /** By receiver. */
  of(now: number): Readonly<Record<string, SilentBacklog>> {
    return Object.fromEntries(
      [...this.look(now)].map(([name, { messages, bytes }]) => [
        name,
        { messages, bytes, silentMs: now - this.#awaited.get(name)!.since },
      ]),
    );
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
