/** Instances and a registry in one process: what they say arrives in any order, and twice, while newcomers join. */
import type { Fault, RoleProgram, Row } from "../../src/runtime/program.ts";
import { isMembership } from "../../src/runtime/membership/changes.ts";
import { MemberInstance } from "../../src/runtime/membership/member.ts";
import { Registry } from "../../src/runtime/membership/registry.ts";
import type { Envelope, Part } from "../../src/runtime/messages.ts";
import { addressOf, LOG } from "../../src/runtime/routing.ts";
import { Random } from "../../src/verify/schedule.ts";

export interface JoiningOptions {
  readonly programs: readonly RoleProgram[];
  readonly counts: Readonly<Record<string, number>>;
  readonly dynamic: readonly string[];
  readonly seed: number;
  /** What becomes of an envelope on its way, for controls. */
  readonly spoil?: (envelope: Envelope) => Envelope;
}

export class Joining {
  readonly random: Random;
  readonly registry: Registry;
  readonly instances = new Map<string, MemberInstance>();
  /** Rows that an output has delivered, by `Store#0.total`. */
  readonly delivered = new Map<string, Row[]>();
  /** But for the program's own, conflicts of keys. */
  readonly faults: Fault[] = [];
  /** Answers that its sponsor had told when it handed its state to a newcomer, by newcomer. */
  readonly toldAtCut = new Map<string, readonly Row[]>();
  readonly refused = new Map<string, string>();
  readonly dead = new Set<string>();
  readonly #options: JoiningOptions;
  #pool: Envelope[] = [];

  constructor(options: JoiningOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    const { programs, counts, dynamic } = options;
    this.registry = new Registry({ counts }, programs.map(({ meta }) => meta), 1, dynamic);
    for (const { meta } of programs) for (let index = 0; index < counts[meta.role]; index++) this.#add(meta.role, index, false);
  }

  #add(role: string, index: number, joins: boolean): MemberInstance {
    const program = this.#options.programs.find(({ meta }) => meta.role === role)!;
    const instance = new MemberInstance(program, { counts: this.#options.counts, dynamic: new Set(this.#options.dynamic) }, index, this.random.below(1000), { joins, pieceBytes: 512 });
    instance.onRefused = (why) => void this.refused.set(instance.address, why);
    this.instances.set(instance.address, instance);
    return instance;
  }

  /** It is dead, and begins again with nothing, as one that the deployment places. */
  restart(role: string, index: number): MemberInstance {
    this.dead.delete(addressOf(role, index));
    return this.#add(role, index, false);
  }

  join(role: string, index: number): MemberInstance {
    const instance = this.#add(role, index, true);
    instance.join({ host: "127.0.0.1", port: 7000 + index });
    return instance;
  }

  /** It says and hears nothing more; what it has said arrives. */
  kill(address: string): void {
    this.dead.add(address);
  }

  /** It takes the steps that wait; all that it has said arrives, and then its last word. */
  leave(address: string): void {
    const instance = this.instances.get(address)!;
    while (instance.wantsStep()) this.#step(instance);
    this.#send(instance.depart());
    this.#arriveFrom(address);
    this.#send([instance.leave()]);
    this.#arriveFrom(address);
    this.kill(address);
  }

  #arriveFrom(address: string): void {
    for (let at; (at = this.#pool.findIndex(({ from }) => from === address)) >= 0; ) this.#deliver(at);
  }

  #act(): boolean {
    const able = [...this.instances.values()].filter((each) => !this.dead.has(each.address) && each.wantsStep());
    const pool = this.#pool;
    if (able.length === 0 && pool.length === 0) return false;
    const at = this.random.below(able.length + pool.length);
    if (at < able.length) this.#step(able[at]);
    else this.#deliver(at - able.length);
    return true;
  }

  #step(instance: MemberInstance): void {
    // Mostly all that waits, sometimes a part of it.
    const choice = instance.isLiving && this.random.chance(0.3) ? { limit: 1 + this.random.below(2) } : undefined;
    const { envelopes, outputs, faults } = instance.step(choice);
    this.#send(envelopes);
    for (const { to, parts } of envelopes) if (parts.some(({ kind }) => kind === "snapshot")) this.toldAtCut.set(to, [...(this.delivered.get(`${instance.address}.answer`) ?? [])]);
    this.faults.push(...faults.filter(({ code }) => code !== "DLC924"));
    for (const { collection, rows } of outputs) {
      const id = `${instance.address}.${collection}`;
      this.delivered.set(id, [...(this.delivered.get(id) ?? []), ...rows]);
    }
  }

  #send(envelopes: readonly Envelope[]): void {
    const { spoil = (envelope) => envelope } = this.#options;
    for (const envelope of envelopes) {
      this.#pool.push(spoil(envelope));
      if (this.random.chance(0.1)) this.#pool.push(spoil(envelope));
    }
  }

  #deliver(at: number): void {
    const [envelope] = this.#pool.splice(at, 1);
    if (this.dead.has(envelope.to)) return;
    if (envelope.to === LOG) {
      this.faults.push(...this.registry.take(envelope));
      this.#send(this.registry.flush());
    } else this.faults.push(...(this.instances.get(envelope.to)?.receive(envelope) ?? []));
  }

  /** So many things happen, or fewer where nothing more can. */
  run(actions = 100_000): void {
    for (let i = 0; i < actions && this.#act(); i++);
  }

  /** Nothing heard of silent newcomers is sent on. */
  forgetSilent(): void {
    this.registry.forgetSilent();
    this.#send(this.registry.flush());
  }
}

/** Takes parts of a kind out of what goes to some. */
export function without(isLost: (part: Part, envelope: Envelope) => boolean): (envelope: Envelope) => Envelope {
  return (envelope) => ({ ...envelope, parts: envelope.parts.filter((part) => !isLost(part, envelope)) });
}

/** Marks come outside the numbered streams: they overtake what was numbered before them. */
export function marksApart(envelope: Envelope): Envelope {
  const isMark = envelope.parts.some((part) => isMembership(part) && part.kind === "mark");
  return isMark && envelope.from !== LOG ? { ...envelope, epoch: envelope.epoch + 5000, seq: 1 } : envelope;
}

export function addresses(role: string, indices: readonly number[]): string[] {
  return indices.map((index) => addressOf(role, index));
}
