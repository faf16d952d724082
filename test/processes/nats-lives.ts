/** Transports on NATS of two instances, without processes: A#0 sends to B#0, and the test says what is on their disks. */
import { randomInt } from "node:crypto";
import { Duplicates } from "../../src/runtime/duplicates.ts";
import type { Envelope } from "../../src/runtime/messages.ts";
import type { CollectionMeta, RoleMeta, TargetMeta } from "../../src/runtime/program.ts";
import { NatsTransport } from "../../src/runtime/transports/nats/nats.ts";
import { parseNats } from "../../src/runtime/transports/nats/settings.ts";
import { columns } from "../support/roles.ts";

export const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; !holds(); i++) {
    if (i === 500) throw new Error("it does not come to that");
    await after(10);
  }
}

const channel: CollectionMeta = { name: "c", kind: "channel", columns: columns({ x: "int", text: "string" }) };
const target: TargetMeta = { id: "B.c", role: "B", collection: channel, route: { kind: "one" } };
const role = { count: 1, replicated: false, partitionedBy: null, travels: [] };
const metas: readonly RoleMeta[] = [
  { ...role, role: "A", collections: [], targets: [target] },
  { ...role, role: "B", collections: [channel], targets: [] },
];

/** What an earlier life has left, and what this one does. */
export interface Lived {
  readonly keepsData?: boolean;
  /** Of all lives with the same data; drawn where none are kept. */
  readonly epoch?: number;
  readonly received?: Duplicates;
  readonly lastSent?: number;
  readonly isEmpty?: boolean;
  readonly onCame?: (life: Life, envelope: Envelope) => void;
}

export interface Life {
  readonly self: string;
  readonly epoch: number;
  readonly transport: NatsTransport;
  /** Numbers of what has been handed on, in that order. */
  readonly came: number[];
  readonly outdated: string[];
  readonly faults: string[];
  readonly said: string[];
}

export class Lives {
  readonly #open: NatsTransport[] = [];

  async begin(self: "A#0" | "B#0", url: string, lived: Lived = {}): Promise<Life> {
    const { keepsData = false, received = new Duplicates(), lastSent = 0, isEmpty = true, onCame } = lived;
    const parsed = parseNats(url);
    if (!parsed.ok) throw new Error(parsed.problem);
    const epoch = lived.epoch ?? (keepsData ? (self === "A#0" ? 11 : 22) : randomInt(2 ** 47));
    const one = { instances: [{ host: "", port: 0 }] };
    const options = {
      self,
      epoch,
      program: "p",
      version: "v",
      deploy: { cluster: "c", transport: url, roles: { A: one, B: one } },
      metas: self === "A#0" ? metas : [metas[1]],
      onEnvelope: (envelope: Envelope) => {
        life.came.push(envelope.seq);
        onCame?.(life, envelope);
      },
      onFault: ({ message }: { message: string }) => void life.faults.push(message),
      onOutdated: (why: string) => void life.outdated.push(why),
      log: (line: string) => void life.said.push(line),
    };
    const transport = new NatsTransport(options, parsed.settings);
    this.#open.push(transport);
    const life: Life = { self, epoch, transport, came: [], outdated: [], faults: [], said: [] };
    const sent = new Map(lastSent === 0 ? [] : [["B#0", lastSent]]);
    if (keepsData) transport.resume({ path: "data", isEmpty, received, lastSent: sent });
    await transport.listen();
    transport.setAddresses(new Map(["A#0", "B#0"].map((name) => [name, { host: "", port: 0 }])));
    return life;
  }

  /** As if they were killed. */
  async end(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((transport) => transport.close(0)));
  }
}

/** Messages of these numbers, from A to B. */
export function send({ transport, self, epoch }: Life, from: number, to: number, text = ""): void {
  for (const seq of numbers(from, to)) {
    const parts = [{ kind: "rows", target: "B.c", rows: [[seq, text]] }] as const;
    transport.send({ from: self, to: "B#0", epoch, seq, parts });
  }
  transport.endStep();
}

/** What is on a disk: the first so many of A. */
export function kept(upTo: number, epoch = 11): Duplicates {
  const received = new Duplicates();
  for (const seq of numbers(1, upTo)) received.admit("A#0", epoch, seq);
  return received;
}

export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
