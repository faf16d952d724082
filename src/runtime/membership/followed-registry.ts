/**
 * A registry that is no process: what would be said to it stands in a log, and every instance reads that log from its first entry and
 * hands it to a registry of its own. All come to the same changes in the same order, and each takes what is said to it. Pure.
 */
import { FollowedLog } from "../followed-log.ts";
import type { LogEntry } from "../followed-log.ts";
import { FollowedLogs } from "../followed-logs.ts";
import type { Brought } from "../followed-logs.ts";
import type { Deployment } from "../instance.ts";
import type { Envelope } from "../messages.ts";
import type { RoleMeta, Row } from "../program.ts";
import { LOG } from "../routing.ts";
import type { State } from "../state.ts";
import { Registry } from "./registry.ts";

/** The log of what is said to the registry. Those of roles have a dot in their names. */
export const MEMBERS_LOG = "members";

/** An epoch of its log is a time in which newcomers should be heard of. */
class ReadersRegistry extends Registry {
  override get isGathering(): boolean {
    return this.hasNewcomers;
  }

  override endEpoch(): readonly Envelope[] {
    this.forgetSilent();
    return this.flush();
  }

  isMember(address: string): boolean {
    return this.members.has(address);
  }

  /** That one hears of it as the one that reads. */
  protected override refuseTaken(): void {}
}

export interface ReaderOptions {
  /** Of all roles. */
  readonly metas: readonly RoleMeta[];
  /** It is a newcomer: not among those that the deployment counts. */
  readonly joins: boolean;
}

/** The logs of an instance whose registry stands in one of them. */
export class MemberLogs extends FollowedLogs {
  readonly #self: string;
  readonly #epoch: number;
  readonly #joins: boolean;
  readonly #registry: ReadersRegistry;
  readonly #log: FollowedLog;
  /** Envelopes of the registry to this instance. */
  #said = 0;
  /**
   * What was said to its address before it has been heard of itself: to an earlier process of that name, perhaps. null: it has
   * been heard of.
   */
  #before: Envelope[] | null = [];

  constructor(deployment: Deployment, meta: RoleMeta, self: string, epoch: number, { metas, joins }: ReaderOptions) {
    super(deployment, meta, self, epoch);
    this.#self = self;
    this.#epoch = epoch;
    this.#joins = joins;
    this.#registry = new ReadersRegistry({ counts: deployment.counts }, metas, 0, deployment.dynamic ?? []);
    this.#log = new FollowedLog(this.#registry);
  }

  /** Of the log of the registry: what that says to this instance. */
  override take(entry: LogEntry): Brought {
    if (entry.log !== MEMBERS_LOG) return super.take(entry);
    const wasTaken = this.#registry.isMember(this.#self);
    const { envelopes, faults } = this.#log.take(entry);
    let own = envelopes.filter(({ to }) => to === this.#self);
    if (this.#before !== null) {
      const isOwn = entry.kind === "appended" && entry.from === this.#self && entry.epoch === this.#epoch;
      if (!isOwn) {
        this.#before.push(...own);
        return { batches: [], faults };
      }
      if (this.#joins && wasTaken) own = [this.#taken()];
      // What was said to another process of its name, or to the one that it was and whose state it has lost, is not for it.
      else if (!this.#joins && this.#registry.isMember(this.#self)) own = [...this.#before, ...own];
      this.#before = null;
    }
    return { batches: own.map((envelope) => ({ ...envelope, epoch: 0, seq: ++this.#said })), faults };
  }

  #taken(): Envelope {
    const why = `${this.#self} is a member of this deployment already: give the newcomer another number`;
    return { from: LOG, to: this.#self, epoch: 0, seq: 0, parts: [{ kind: "refused", why }] };
  }

  override upTo(log: string): number {
    return log === MEMBERS_LOG ? this.#log.upTo : super.upTo(log);
  }

  override ended(log: string): number {
    return log === MEMBERS_LOG ? this.#log.ended : super.ended(log);
  }

  override isSettled(target: string, key: Row | null): boolean {
    return this.#registry.isSettled(target, key);
  }

  override isGathering(log: string): boolean {
    return log === MEMBERS_LOG ? this.#log.isGathering : super.isGathering(log);
  }

  override persist(state: State): void {
    super.persist(state);
    this.#log.persist(state);
    this.#said = state.of(this.#said);
    this.#before = state.of(this.#before);
  }

  override get repeated(): number {
    return super.repeated + this.#log.repeated;
  }
}
