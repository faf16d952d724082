/**
 * The sequencer of a deployment whose members change: it also puts the changes in one order, and tells every member. The
 * batches that it numbers after a change go to those who are members then. Pure.
 */
import type { Place } from "../deployment.ts";
import type { Deployment } from "../instance.ts";
import type { Envelope, Part } from "../messages.ts";
import type { Fault, RoleMeta, Row } from "../program.ts";
import { parseAddress } from "../routing.ts";
import { Sequencer } from "../sequencer.ts";
import type { State } from "../state.ts";
import { isMembership } from "./changes.ts";
import { Fixes } from "./fixes.ts";
import type { Fixed } from "./fixes.ts";
import type { Change, Word } from "./changes.ts";

/** One that has been let in and has not got its state. */
interface Newcomer {
  sponsor: string;
  /** In which it was named. */
  view: number;
  isHeard: boolean;
}

export class Registry extends Sequencer {
  /** Told where one that is no member is before anything is sent to it; null: where the deployment says. */
  onPlace: ((address: string, place: Pick<Place, "host" | "port"> | null) => void) | null = null;
  onChange: ((change: Change) => void) | null = null;
  /** By role whose members change: the roles that send to it. */
  readonly #dynamic: ReadonlyMap<string, readonly string[]>;
  readonly #replicated: ReadonlySet<string>;
  readonly #fixes: Fixes;
  readonly #changes: Change[] = [];
  /** In which life each replica has begun. */
  readonly #lives = new Map<string, number>();
  readonly #newcomers = new Map<string, Newcomer>();
  #said: Envelope[] = [];

  /** `dynamic`: the roles whose members change. */
  constructor(deployment: Deployment, metas: readonly RoleMeta[], epoch: number, dynamic: Iterable<string>) {
    super({ ...deployment, dynamic: new Set(dynamic) }, metas, epoch);
    this.#replicated = new Set(metas.filter(({ replicated }) => replicated).map(({ role }) => role));
    this.#fixes = new Fixes(metas, this.members);
    const sendersTo = (role: string): readonly string[] =>
      metas.filter(({ targets }) => targets.some((target) => target.role === role)).map((meta) => meta.role);
    this.#dynamic = new Map(Array.from(dynamic, (role) => [role, sendersTo(role)]));
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** Whether some have been let in that have not got their state. */
  get hasNewcomers(): boolean {
    return this.#newcomers.size > 0;
  }

  /** Any instance of a role whose members change may ask to be let in. */
  protected override knows(address: string): boolean {
    return super.knows(address) || this.#dynamic.has(parseAddress(address)?.role ?? "");
  }

  protected override hear(envelope: Envelope, part: Part, faults: Fault[]): void {
    const { from } = envelope;
    if (!isMembership(part)) {
      if (part.kind === "seals" && super.knows(from)) this.#fix(this.#fixes.sealed(from, part.target, part.key));
      else if (super.knows(from)) super.hear(envelope, part, faults);
      else faults.push({ code: "DLC906", message: `the sequencer refused ${part.kind} from ${from}: it is no member` });
      return;
    }
    if (part.kind === "view") return;
    if (part.kind === "join") this.#join(from, { host: part.host, port: part.port }, faults);
    else if (part.kind === "whole") this.#whole(from, part.view);
    else if (part.kind === "word") {
      if (part.word === "changes" && this.#hasLost(envelope)) this.#leave(from);
      if (super.knows(from)) this.#word(from, part.word);
      else this.#remind(from);
    } else super.hear(envelope, part, faults);
  }

  #join(address: string, place: Pick<Place, "host" | "port">, faults: Fault[]): void {
    const { role } = parseAddress(address)!;
    if (super.knows(address)) return this.refuseTaken(address, place, faults);
    this.onPlace?.(address, place);
    const sponsor = this.#nextSponsor(address, null);
    const hasBeen = this.#changes.some((change) => change.address === address);
    if (hasBeen)
      return this.#say(address, [
        {
          kind: "refused",
          why: `${address} has been a member of this deployment before: give the newcomer another number`,
        },
      ]);
    if (!this.#replicated.has(role)) return this.#letIn(address, place);
    if (sponsor === null)
      return this.#say(address, [{ kind: "refused", why: `there is no instance of ${role} whose state it could get` }]);
    this.#newcomers.set(address, { sponsor, view: this.#changes.length + 1, isHeard: true });
    this.members.add(address);
    this.#change({ kind: "join", address, place, sponsor, senders: this.#dynamic.get(role)! });
  }

  /** Whoever is there would get the answer. */
  protected refuseTaken(address: string, { host, port }: Pick<Place, "host" | "port">, faults: Fault[]): void {
    const why = `${address} is a member of this deployment already: give the newcomer at ${host}:${port} another number`;
    faults.push({ code: "DLC906", message: `the sequencer does not let a newcomer in: ${why}` });
  }

  /** One that needs no state. What was settled before it came, it is told first. */
  #letIn(address: string, place: Pick<Place, "host" | "port">): void {
    const { role } = parseAddress(address)!;
    const barred = this.#fixes.barred(role);
    this.members.add(address);
    this.#change({ kind: "join", address, place, sponsor: null, senders: [] }, barred);
  }

  /** Another seal of the value would settle nothing. */
  isSettled(target: string, key: Row | null): boolean {
    return this.#fixes.isSettled(target, key);
  }

  #fix(fixed: Fixed | null): void {
    if (fixed !== null) for (const receiver of fixed.receivers) this.#say(receiver, [fixed.part]);
  }

  /** The replica after that one, of those that have their state. */
  #nextSponsor(newcomer: string, after: string | null): string | null {
    const living = this.members
      .of(parseAddress(newcomer)!.role)
      .filter((each) => each !== newcomer && !this.#newcomers.has(each) && !this.gone.has(each));
    if (living.length === 0) return null;
    return living[(living.indexOf(after ?? "") + 1) % living.length];
  }

  /** `more`: what a newcomer has to know as well. */
  #change(given: Omit<Change, "view"> & { readonly view?: number }, more: readonly Part[] = []): void {
    const change: Change = { ...given, view: this.#changes.length + 1 };
    this.#changes.push(change);
    this.view = change.view;
    this.onChange?.(change);
    const { address, sponsor, kind } = change;
    for (const member of this.members.all()) {
      if (this.gone.has(member)) continue;
      // What is of earlier views has to be known to a newcomer as well.
      const changes = member === address && kind === "join" ? this.#changes : [change];
      const parts: Part[] = changes.map((each) => ({ kind: "change", change: each }));
      if (member === address) parts.push(...more);
      if (member === sponsor) parts.push({ kind: "mark", view: change.view });
      this.#say(member, parts);
    }
  }

  #word(from: string, word: Word): void {
    const newcomer = this.#newcomers.get(from);
    if (newcomer !== undefined) newcomer.isHeard = true;
    if (word === "leave") this.#leave(from);
    else if (word === "changes")
      this.#say(from, [
        ...this.#changes.map((change): Part => ({ kind: "change", change })),
        { kind: "whole", view: this.#changes.length },
      ]);
    else if (word === "sponsor" && newcomer !== undefined) this.#sponsor(from);
  }

  /** From now on it is as all others; unless it has been told meanwhile to take another's state. */
  #whole(address: string, view: number): void {
    if (this.#newcomers.get(address)?.view !== view) return;
    this.#newcomers.delete(address);
    this.#say(address, [{ kind: "whole", view }]);
  }

  /** It is to get its state from the next replica. */
  #sponsor(address: string): void {
    const newcomer = this.#newcomers.get(address)!;
    const sponsor = this.#nextSponsor(address, newcomer.sponsor);
    if (sponsor === null) return;
    newcomer.sponsor = sponsor;
    newcomer.view = this.#changes.length + 1;
    const joined = this.#changes.find((change) => change.address === address && change.kind === "join")!;
    this.#change({ ...joined, kind: "sponsor", sponsor });
  }

  /** Forgets the newcomers of which nothing was heard since the last time. */
  forgetSilent(): void {
    for (const [address, newcomer] of this.#newcomers) {
      if (newcomer.isHeard) newcomer.isHeard = false;
      else this.#leave(address);
    }
  }

  /** It has died and begun again, and is one of replicas: it has not what the others have, and could not hand it over. */
  #hasLost({ from, epoch }: Envelope): boolean {
    const { role } = parseAddress(from)!;
    if (!this.#dynamic.has(role) || !this.#replicated.has(role) || !super.knows(from)) return false;
    const life = this.#lives.get(from) ?? epoch;
    this.#lives.set(from, life);
    return life !== epoch;
  }

  /** One that is no member any more, and does not know it. */
  #remind(address: string): void {
    const own = this.#changes.filter((change) => change.address === address);
    if (own.length === 0) return;
    this.onPlace?.(address, own[0].place);
    this.#say(address, [
      {
        kind: "refused",
        why: "it has left, has died and lost its state, or was not heard of for a while: let it join with a number that none has had",
      },
    ]);
  }

  /** All hear of it, and whoever joins later. */
  override declareGone(address: string): void {
    if (this.gone.has(address) || !this.members.has(address)) return;
    super.declareGone(address);
    this.#newcomers.delete(address);
    this.#change({ kind: "gone", address, place: null, sponsor: null, senders: [] });
    for (const [newcomer, { sponsor }] of this.#newcomers) if (sponsor === address) this.#sponsor(newcomer);
  }

  /** Nothing more is sent to it. Those that wait for its state get another's. */
  #leave(address: string): void {
    this.#newcomers.delete(address);
    this.members.remove(address);
    this.#change({ kind: "leave", address, place: null, sponsor: null, senders: [] });
    for (const fixed of this.#fixes.left()) this.#fix(fixed);
    for (const [newcomer, { sponsor }] of this.#newcomers) if (sponsor === address) this.#sponsor(newcomer);
  }

  #say(to: string, parts: readonly Part[]): void {
    this.#said.push(this.envelope(to, parts));
  }

  override persist(state: State): void {
    const changes = state.of(this.#changes.slice());
    if (state.isLoading) {
      for (const change of changes) {
        this.#changes.push(change);
        if (change.kind === "join") this.members.add(change.address);
        else if (change.kind === "leave") this.members.remove(change.address);
      }
      this.view = changes.length;
    }
    super.persist(state);
    state.map(this.#lives);
    state.map(this.#newcomers);
    this.#said = state.of(this.#said);
    this.#fixes.persist(state);
  }

  override flush(): readonly Envelope[] {
    const said = this.#said;
    this.#said = [];
    return [...said, ...super.flush()];
  }
}
