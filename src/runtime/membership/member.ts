/**
 * An instance of a deployment whose members change. In each view it knows who takes part; a newcomer to replicas gets the state
 * of one, its sponsor, by an aligned cut:
 *
 * - Every member that can send to the newcomer's role and enters the newcomer's view sends the sponsor a mark, and from there
 *   on sends the newcomer what it sends the whole role. The registry, which is the sequencer, does so too.
 * - The sponsor takes what was sent in earlier views, and lets the rest wait. When all marks and all that was numbered before
 *   them are here, its state is what follows from exactly the messages that the newcomer does not get: it hands that over.
 * - The newcomer takes no step before it has the state, and the registry has agreed that it takes this one; then it takes all
 *   that has come meanwhile.
 *
 * One that the deployment places takes no step either before it has heard who takes part: it may have lived before, and what it
 * sent would not reach those who came meanwhile.
 *
 * Pure, as the instance is.
 */
import type { Place } from "../deployment.ts";
import { Duplicates } from "../duplicates.ts";
import type { LogEntry } from "../followed-log.ts";
import { Instance } from "../instance.ts";
import type { Deployment, StepChoice, StepEffects } from "../instance.ts";
import type { Envelope, Part } from "../messages.ts";
import type { Fault, RoleMeta, RoleProgram } from "../program.ts";
import { addressOf, LOG, parseAddress } from "../routing.ts";
import { State } from "../state.ts";
import { isMembership, viewOf, viewOfEntry } from "./changes.ts";
import type { Change, MembershipPart } from "./changes.ts";
import { MEMBERS_LOG, MemberLogs } from "./followed-registry.ts";
import { ComingStates, piecesOf } from "./travelling-state.ts";

/** What a sponsor owes a newcomer. */
interface Cut {
  readonly view: number;
  readonly newcomer: string;
  /** Those whose marks it needs. */
  readonly members: readonly string[];
  readonly marks: Map<string, { readonly epoch: number; readonly seq: number }>;
}

interface Held {
  readonly view: number;
  readonly envelope: Envelope;
}

export interface MemberOptions {
  /** It is a newcomer: not among those that the deployment counts. */
  readonly joins: boolean;
  /** In pieces of so many bytes it sends its state. */
  readonly pieceBytes?: number;
  /** Of all roles, where the registry stands in a log that this instance reads. */
  readonly metas?: readonly RoleMeta[];
}

export class MemberInstance extends Instance {
  /** Told of each change before anything is sent because of it. */
  onChange: ((change: Change) => void) | null = null;
  /** Told when a newcomer has its state. */
  onLiving: (() => void) | null = null;
  /** The registry does not let it take part, or not any more. */
  onRefused: ((why: string) => void) | null = null;
  readonly #program: RoleProgram;
  readonly #pieceBytes: number | undefined;
  readonly #deployment: Deployment;
  #view = 0;
  readonly #changes: Change[] = [];
  /** In which view each newcomer came. */
  readonly #came = new Map<string, number>();
  #place: Pick<Place, "host" | "port"> | null = null;
  #isDeparting = false;
  #hasLeft = false;
  /** Changes that have come before those between. */
  readonly #early = new Map<number, Change>();
  /** Numbers of everything that has come, taken or waiting. */
  readonly #come = new Duplicates();
  /** What may not be taken yet, in the order in which it came. */
  #held: Held[] = [];
  #cuts: Cut[] = [];
  /** Declared gone before their joining has been heard of. */
  readonly #foretold = new Set<string>();
  /** Marks of views that this one has not entered. */
  #marks: { readonly view: number; readonly from: string; readonly epoch: number; readonly seq: number }[] = [];
  /** What it says on its own account, apart from its steps. */
  #said: Envelope[] = [];
  /** The view from which on what comes is for it; what was sent before is in the state that it gets. */
  #since = 0;
  #isLiving = false;
  readonly #joins: boolean;
  #sponsor = "";
  readonly #coming = new ComingStates();
  /** The views whose state it has said that it has, and whose it may take; of one that is no newcomer, all there are. */
  #whole = 0;
  #accepted = -1;
  /** Outputs that are to be told before those of the next step. */
  #outputs: StepEffects["outputs"] = [];
  /** Something of its state has come since it was last asked. */
  #gotSome = false;

  constructor(program: RoleProgram, deployment: Deployment, index: number, epoch: number, options: MemberOptions) {
    const { metas, joins } = options;
    super(
      program,
      deployment,
      index,
      epoch,
      metas === undefined
        ? null
        : new MemberLogs(deployment, program.meta, addressOf(program.meta.role, index), epoch, { metas, joins }),
    );
    this.#program = program;
    this.#deployment = deployment;
    this.#pieceBytes = options.pieceBytes;
    this.#joins = joins;
    if (!joins) this.asks();
  }

  /** False: a newcomer without its state, or one that has not heard who takes part. */
  get isLiving(): boolean {
    return this.#isLiving;
  }

  /** It may say that it goes: its role is one whose members change. */
  get isLeavable(): boolean {
    return this.#isLiving && this.#program.meta.dynamic === true;
  }

  get view(): number {
    return this.#view;
  }

  /** Of one that is no newcomer: asks the registry who takes part. */
  asks(): void {
    this.#say(LOG, { kind: "word", word: "changes" });
  }

  /** It was not placed by the deployment. */
  get isNewcomer(): boolean {
    return this.#joins;
  }

  /** Asks the registry to be a member, found there. */
  join({ host, port }: Pick<Place, "host" | "port">): void {
    this.#place = { host, port };
    this.#say(LOG, { kind: "join", host, port });
  }

  /** Where a newcomer has said that it is found; null: it has not. */
  get place(): Pick<Place, "host" | "port"> | null {
    return this.#place;
  }

  /** In the order of their views. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** Envelopes that have come, those that wait as well. */
  override get received(): Duplicates {
    return this.#come;
  }

  /** Tells the registry that it still waits for its state. Whether any of it has come since the last time. */
  waits(): boolean {
    const gotSome = this.#gotSome;
    this.#gotSome = false;
    if (!this.#isLiving) this.#say(LOG, { kind: "word", word: "waits" });
    return gotSome;
  }

  /** Asks for the state of another replica. */
  asksForSponsor(): void {
    if (!this.#isLiving) this.#say(LOG, { kind: "word", word: "sponsor" });
  }

  /** One that goes sends no more rows: seals of all that it could have sent. */
  depart(): readonly Envelope[] {
    this.#isDeparting = true;
    return this.sealEverything();
  }

  /** The last word of one that goes: everything that it has sent has arrived. */
  leave(): Envelope {
    this.#hasLeft = true;
    return this.envelope(LOG, [{ kind: "word", word: "leave" }]);
  }

  /** It has begun to leave; it has left. */
  get isDeparting(): boolean {
    return this.#isDeparting;
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Whose marks the first newcomer waits for that this one is to hand its state. */
  missing(): { readonly newcomer: string; readonly members: readonly string[] } | null {
    const [cut] = this.#cuts;
    return cut === undefined
      ? null
      : { newcomer: cut.newcomer, members: cut.members.filter((each) => !this.#isMarked(cut, each)) };
  }

  override receive(envelope: Envelope): readonly Fault[] {
    return this.#take(envelope);
  }

  #take(envelope: Envelope): readonly Fault[] {
    const { from, to, epoch, seq, parts } = envelope;
    if (to !== this.address || !Number.isSafeInteger(seq) || seq < 1) return super.receive(envelope);
    if (!this.#come.admit(from, epoch, seq)) return [];
    const faults: Fault[] = [];
    const others: Part[] = [];
    for (const part of parts) {
      if (isMembership(part)) this.#hear(envelope, part, faults);
      else others.push(part);
    }
    if (others.length > 0) this.#held.push({ view: viewOf(parts), envelope: { ...envelope, parts: others } });
    else super.received.admit(from, epoch, seq);
    this.#settle(faults);
    return faults;
  }

  /** What the registry says, where it stands in a log, comes as from its process. */
  override enter(entry: LogEntry): ReturnType<Instance["enter"]> {
    if (entry.log === MEMBERS_LOG) {
      const { batches, faults } = this.followed.take(entry);
      return { batches: [], faults: [...faults, ...batches.flatMap((envelope) => this.#take(envelope))] };
    }
    if (!this.#isLiving || viewOfEntry(entry) > this.#view)
      throw new Error(`${this.address} reads the log ${entry.log} before its turn`);
    if (entry.kind !== "appended") return super.enter(entry);
    const envelopes = entry.envelopes.filter(({ parts }) => this.#wasMember(entry.from, viewOf(parts)));
    const { batches, faults } = super.enter({ ...entry, envelopes });
    if (envelopes.length === entry.envelopes.length) return { batches, faults };
    const stranger = {
      code: "DLC906",
      message: `${this.address} refused what ${entry.from} has appended to the log ${entry.log}: no instance of this deployment has that address`,
    };
    return { batches, faults: [stranger, ...faults] };
  }

  /** Whether it has taken part by that view: the answer is the same wherever it is asked. */
  #wasMember(address: string, view: number): boolean {
    const { role = "", index = 0 } = parseAddress(address) ?? {};
    return index < (this.#deployment.counts[role] ?? 0) || (this.#came.get(address) ?? Infinity) <= view;
  }

  #hear({ from, epoch, seq }: Envelope, part: MembershipPart, faults: Fault[]): void {
    switch (part.kind) {
      case "view":
        return;
      case "change":
        if (from === LOG) {
          if (part.change.view > this.#view) this.#early.set(part.change.view, part.change);
          return;
        }
        break;
      case "refused":
        if (from === LOG) return this.onRefused?.(part.why);
        break;
      case "whole":
        if (from !== LOG) break;
        this.#accepted = part.view;
        return;
      case "mark":
        this.#marks.push({ view: part.view, from, epoch, seq });
        return;
      case "snapshot":
        if (this.#isLiving || part.view < this.#since) return;
        this.#coming.add(from, part);
        this.#gotSome = true;
        return;
      default:
    }
    faults.push({
      code: "DLC909",
      message: `${this.address} refused ${part.kind} from ${from}: only the registry ${part.kind === "join" || part.kind === "word" ? "takes it" : "says it"}`,
    });
  }

  /** Everything that can be done now. */
  #settle(faults: Fault[]): void {
    for (let change; (change = this.#early.get(this.#view + 1)) !== undefined;) {
      this.#early.delete(change.view);
      this.#enter(change, faults);
    }
    this.#sort();
    if (this.#joins) this.#adopt(faults);
    else if (!this.#isLiving && this.#accepted >= 0 && this.#view >= this.#accepted) this.#live();
    do this.#release(faults);
    while (this.#handOn());
  }

  #enter(change: Change, faults: Fault[]): void {
    const { view, kind, address, sponsor, senders } = change;
    this.onChange?.(change);
    this.#cuts = this.#cuts.filter(({ newcomer }) => newcomer !== address);
    this.#apply(change);
    if (kind === "gone" || this.#foretold.delete(address)) faults.push(...super.declareGone(address));
    if (kind === "leave" || kind === "gone") return;
    if (sponsor === null) {
      if (address === this.address) this.#live();
      return;
    }
    if (address === this.address) {
      this.#since = view;
      this.#sponsor = sponsor;
      return;
    }
    // What was before it became a member concerns only the others.
    if (this.#joins && !this.#isLiving && this.#since === 0) return;
    if (senders.includes(this.#program.meta.role)) this.#say(sponsor, { kind: "mark", view });
    if (sponsor !== this.address) return;
    const members = [LOG, ...senders.flatMap((role) => this.members.of(role))].filter((each) => each !== address);
    this.#cuts.push({ view, newcomer: address, members, marks: new Map() });
  }

  /** Where an operator's word comes by another way than the changes, it may come before the joining of whom it is about. */
  override declareGone(address: string): readonly Fault[] {
    const faults: Fault[] = [];
    if (this.members.knows(address)) {
      faults.push(...super.declareGone(address));
      // A newcomer may have waited for its mark.
      this.#settle(faults);
    } else if (this.members.isDynamic(parseAddress(address)?.role ?? "")) this.#foretold.add(address);
    return faults;
  }

  /** Whether that instance has been declared gone, as far as has been heard, be it known or not. */
  override isGone(address: string): boolean {
    return super.isGone(address) || this.#foretold.has(address);
  }

  /** Who takes part from that view on. */
  #apply(change: Change): void {
    const { view, kind, address, sponsor } = change;
    this.#view = view;
    this.#changes.push(change);
    if (kind === "gone") return;
    if (kind !== "join") this.dismiss(address, view);
    if (kind === "join") this.#came.set(address, view);
    if (kind !== "leave") this.admit(parseAddress(address)!.role, address, sponsor, view);
  }

  /** Who takes part decides to whom counts belong, so that the changes come first. */
  override persist(state: State): void {
    const changes = state.of(this.#changes.slice());
    if (state.isLoading) for (const change of changes) this.#apply(change);
    super.persist(state);
    this.#place = state.of(this.#place);
    this.#isDeparting = state.of(this.#isDeparting);
    this.#hasLeft = state.of(this.#hasLeft);
    state.map(this.#early);
    state.set(this.#foretold);
    this.#come.persist(state);
    this.#held = state.of(this.#held);
    this.#cuts = state.of(this.#cuts);
    this.#marks = state.of(this.#marks);
    this.#said = state.of(this.#said);
    this.#since = state.of(this.#since);
    this.#isLiving = state.of(this.#isLiving);
    this.#sponsor = state.of(this.#sponsor);
    this.#coming.persist(state);
    this.#whole = state.of(this.#whole);
    this.#accepted = state.of(this.#accepted);
    this.#outputs = state.of(this.#outputs);
  }

  /** Marks to their cuts; those of views to come wait. */
  #sort(): void {
    for (const { view, from, epoch, seq } of this.#marks)
      this.#cuts.find((cut) => cut.view === view)?.marks.set(from, { epoch, seq });
    this.#marks = this.#marks.filter(({ view }) => view > this.#view);
  }

  #release(faults: Fault[]): void {
    const until = this.#cuts[0]?.view ?? Infinity;
    const held = this.#held;
    this.#held = [];
    for (const each of held) {
      const { view, envelope } = each;
      if (view < this.#since) {
        super.received.admit(envelope.from, envelope.epoch, envelope.seq);
        continue;
      }
      if (!this.#isLiving || view > this.#view || view >= until) this.#held.push(each);
      else faults.push(...super.receive(envelope));
    }
  }

  /** Hands its state to the next newcomer, if it is what that one needs. */
  #handOn(): boolean {
    const [cut] = this.#cuts;
    if (!this.#isLiving || cut === undefined || !cut.members.every((each) => this.#isMarked(cut, each))) return false;
    this.#cuts.shift();
    const state = new State(null);
    this.handOver(state);
    for (const piece of piecesOf(state, cut.view, this.#pieceBytes)) this.#say(cut.newcomer, piece);
    return true;
  }

  /** It has left since, or is declared gone, or its mark has come with all that it numbered before. */
  #isMarked({ marks }: Cut, member: string): boolean {
    const mark = marks.get(member);
    if (mark === undefined || this.gone.has(member)) return !this.members.has(member) || this.gone.has(member);
    return this.#come.upTo(member, mark.epoch) >= mark.seq;
  }

  /** A newcomer takes over the state that has come whole. */
  #adopt(faults: Fault[]): void {
    if (this.#isLiving || !this.#coming.isWhole(this.#since, this.#sponsor)) return;
    if (this.#whole < this.#since) {
      this.#whole = this.#since;
      this.#say(LOG, { kind: "whole", view: this.#since });
    }
    if (this.#accepted !== this.#since) return;
    const state = this.#coming.take(this.#since, this.#sponsor);
    if (state === null) {
      faults.push({
        code: "DLC909",
        message: `${this.address} refused the state that ${this.#sponsor} sent: it is in no form known here`,
      });
      return;
    }
    this.handOver(state);
    // Its sponsor may not have heard of it when it handed its state over.
    this.declareGoneAgain();
    const { collections } = this.#program.meta;
    const outputs = collections
      .filter(({ kind }) => kind === "output")
      .map(({ name }) => ({ collection: name, retract: false, rows: this.read(name) }));
    this.#outputs = outputs.filter(({ rows }) => rows.length > 0);
    this.#live();
  }

  #live(): void {
    this.#isLiving = true;
    this.onLiving?.();
  }

  #say(to: string, part: MembershipPart): void {
    this.#said.push(this.envelope(to, [part]));
  }

  override get waiting(): number {
    return super.waiting + this.#held.length;
  }

  override wantsStep(): boolean {
    return this.#said.length > 0 || this.#outputs.length > 0 || (this.#isLiving && super.wantsStep());
  }

  override step(choice?: StepChoice): StepEffects {
    const said = this.#said;
    const told = this.#outputs;
    this.#said = [];
    this.#outputs = [];
    if (!this.#isLiving || !super.wantsStep()) return { envelopes: said, outputs: told, faults: [] };
    const { envelopes, outputs, faults } = super.step(choice);
    return { envelopes: [...said, ...envelopes], outputs: [...told, ...outputs], faults };
  }
}
