/** The log service: gives what is appended its place, one batch per log, gate value and flush. Pure. */
import type { Deployment } from "./instance.ts";
import type { Envelope } from "./messages.ts";
import type { Fault, RoleMeta } from "./program.ts";

export class Sequencer {
  readonly address = "log";

  constructor(deployment: Deployment, metas: readonly RoleMeta[], epoch: number) {
    void deployment;
    void metas;
    void epoch;
  }

  /** `take` and `flush` at once. */
  receive(envelope: Envelope): readonly Envelope[] {
    this.take(envelope);
    return this.flush();
  }

  /** Drops duplicates and queues; several taken before one `flush` share their batches. */
  take(envelope: Envelope): readonly Fault[] {
    throw new Error(envelope.from);
  }

  /** One envelope per instance that has new batches. */
  flush(): readonly Envelope[] {
    return [];
  }
}
