/** Of each sealed channel whose producers change: of which values it is settled whose seals they need. Pure. */
import type { Members } from "../members.ts";
import type { Part } from "../messages.ts";
import { partKey } from "../partitions.ts";
import type { PartKey } from "../partitions.ts";
import type { RoleMeta, Row } from "../program.ts";
import type { State } from "../state.ts";

interface Channel {
  /** The role that receives it. */
  readonly role: string;
  /** Those whose instances send to it. */
  readonly producers: readonly string[];
  /** It is sealed by no column: everything is one value. */
  readonly isOne: boolean;
  readonly fixed: Map<PartKey, Row>;
  /** Everything is. */
  isFixed: boolean;
  /** Producers that have sealed everything. */
  readonly ended: Set<string>;
}

export interface Fixed {
  readonly part: Extract<Part, { kind: "fix" }>;
  readonly receivers: readonly string[];
}

export class Fixes {
  readonly #members: Members;
  readonly #channels = new Map<string, Channel>();

  constructor(metas: readonly RoleMeta[], members: Members) {
    this.#members = members;
    for (const { role, collections } of metas) {
      for (const { name, kind, sealed } of collections) {
        if (kind !== "channel" || !sealed?.producers.some((producer) => members.isDynamic(producer))) continue;
        this.#channels.set(`${role}.${name}`, {
          role,
          producers: sealed.producers,
          isOne: sealed.key.length === 0,
          fixed: new Map(),
          isFixed: false,
          ended: new Set(),
        });
      }
    }
  }

  /**
   * A producer has sealed a value (null: everything); what is settled by it. Whose seals a value needs is settled by the first
   * that seals it; where it is sealed only with everything, when all that take part have sealed that.
   */
  sealed(from: string, target: string, key: Row | null): Fixed | null {
    const channel = this.#channels.get(target);
    if (channel === undefined || this.isSettled(target, key)) return null;
    if (key === null || channel.isOne) {
      channel.ended.add(from);
      return channel.isOne || this.#haveAllEnded(channel) ? this.#fixAll(target, channel) : null;
    }
    channel.fixed.set(partKey(key), key);
    return this.#fix(target, channel, key);
  }

  /** Nothing more is settled by a seal of it. */
  isSettled(target: string, key: Row | null): boolean {
    const channel = this.#channels.get(target);
    if (channel === undefined || channel.isFixed) return true;
    return key !== null && channel.fixed.has(partKey(key));
  }

  /** One has left: whoever is left may have ended. */
  left(): readonly Fixed[] {
    const settled: Fixed[] = [];
    for (const [target, channel] of this.#channels)
      if (!channel.isFixed && channel.ended.size > 0 && this.#haveAllEnded(channel))
        settled.push(this.#fixAll(target, channel));
    return settled;
  }

  #haveAllEnded({ producers, ended }: Channel): boolean {
    return producers.every((role) => this.#members.of(role).every((address) => ended.has(address)));
  }

  #fixAll(target: string, channel: Channel): Fixed {
    channel.isFixed = true;
    return this.#fix(target, channel, null);
  }

  #fix(target: string, { role, producers }: Channel, key: Row | null): Fixed {
    return {
      part: { kind: "fix", target, key, producers: producers.flatMap((each) => this.#members.of(each)) },
      receivers: this.#members.of(role),
    };
  }

  persist(state: State): void {
    for (const channel of this.#channels.values()) {
      state.map(channel.fixed);
      channel.isFixed = state.of(channel.isFixed);
      state.set(channel.ended);
    }
  }

  /** What a newcomer of the role may not send. */
  barred(role: string): readonly Part[] {
    const parts: Part[] = [];
    for (const [target, { producers, fixed, isFixed }] of this.#channels) {
      if (!producers.includes(role) || (fixed.size === 0 && !isFixed)) continue;
      parts.push({ kind: "barred", target, keys: isFixed ? null : [...fixed.values()] });
    }
    return parts;
  }
}
