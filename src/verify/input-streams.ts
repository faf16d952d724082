/** What hosts give, as streams whose items come one after the other. */
import { addressOf } from "../runtime/routing.ts";
import type { Choosable } from "./exhaust.ts";
import type { SimulatedInput, Simulation } from "./simulator.ts";

/** A thing that can happen next. */
export interface Action extends Choosable {
  readonly act: () => void;
}

export interface Stream extends Action {
  readonly address: string;
  readonly items: SimulatedInput[];
  next: number;
}

/** `apart`: each collection is a stream of its own; else each instance has one. */
export function streamsOf(
  { programs, deployment, inputs, ends }: Simulation,
  apart: boolean,
  instances: { has(address: string): boolean },
  give: (stream: Stream) => void,
): Stream[] {
  const streams = new Map<string, Stream>();
  const add = (item: SimulatedInput): void => {
    const address = addressOf(item.role, item.node);
    if (!instances.has(address))
      throw new RangeError(`there is no instance ${address} for the input ${item.collection}`);
    const name = apart ? `${address}.${item.collection}` : address;
    let stream = streams.get(name);
    if (stream === undefined) {
      const added: Stream = { address, items: [], next: 0, on: address, id: `${name}?`, act: () => give(added) };
      stream = added;
      streams.set(name, added);
    }
    stream.items.push(item);
  };
  for (const item of inputs) add(item);
  if (ends === "listed") return [...streams.values()];
  for (const { meta } of programs) {
    for (let node = 0; node < (deployment.counts[meta.role] ?? 0); node++) {
      for (const { name, kind } of meta.collections) {
        if (kind === "input") add({ role: meta.role, node, collection: name, end: true });
      }
    }
  }
  return [...streams.values()];
}
