/**
 * What leaves an instance: messages routed to the receiving instances, seals with their counts, rows
 * for logs and ticks, folded into at most one numbered envelope per receiver and step.
 */
import { factText } from "./codec.ts";
import { tooMany } from "./deployment.ts";
import type { Members } from "./members.ts";
import type { Envelope, LogRun, Part } from "./messages.ts";
import type { Fault, RoleMeta, Row, StepOutput, TargetMeta } from "./program.ts";
import { LOG, Owners } from "./routing.ts";
import type { State } from "./state.ts";
import { partKey, type PartKey, rowPartKey } from "./partitions.ts";
import { SentSeals } from "./sent.ts";

/** A run that further rows are added to. */
type OpenRun = LogRun & { readonly rows: Row[] };

export class Outbox {
  readonly #address: string;
  readonly #epoch: number;
  readonly #targets = new Map<string, Target>();
  // What a flush takes is replaced and not emptied: an emptied map leads from its old table to each later one, and the
  // collector keeps what any of them held as long as the first.
  #parts = new Map<string, Part[]>();
  #runs = new Map<string, OpenRun[]>();
  readonly #numbers = new Map<string, number>();
  /** Receivers that are gone for good. */
  readonly #dropped = new Set<string>();
  readonly #report: (fault: Fault) => void;
  /** The view that its envelopes are of; 0 where members are fixed. */
  view = 0;
  /** Whether the registry is known to have settled whose seals the value needs: then it need not be told of one more. */
  isSettled: (target: string, key: Row | null) => boolean = () => false;

  constructor(meta: RoleMeta, members: Members, address: string, epoch: number, report: (fault: Fault) => void) {
    this.#address = address;
    this.#epoch = epoch;
    this.#report = report;
    for (const target of meta.targets)
      this.#targets.set(
        target.id,
        new Target(
          target,
          members.of(target.role),
          target.collection.sealed?.producers.some((role) => members.isDynamic(role)) ?? false,
        ),
      );
  }

  /** Whether something waits that only a flush sends. */
  get waits(): boolean {
    return this.#parts.size > 0 || this.#runs.size > 0;
  }

  persist(state: State): void {
    state.map(this.#numbers);
    state.set(this.#dropped);
    this.#parts = state.of(this.#parts);
    this.#runs = state.of(this.#runs);
    for (const target of this.#targets.values()) {
      target.sent?.persist(state);
      target.barred = state.of(target.barred);
    }
  }

  isTarget(id: string): boolean {
    return this.#targets.has(id);
  }

  isWholeStream(id: string): boolean {
    return this.#targets.get(id)?.meta.collection.sealed?.key.length === 0;
  }

  send({ target: id, to, rows }: StepOutput["sends"][number]): void {
    const target = this.#targets.get(id);
    if (target === undefined) throw new Error(`${this.#address} has no target ${id}`);
    if (rows.length === 0) return;
    const receiver = to === null || to === "*" ? null : target.indices.get(to);
    if (receiver === undefined) {
      this.#report({
        code: "DLC907",
        message:
          `${this.#address} did not send ${factText(id, rows[0])} to ${JSON.stringify(to)}: ` +
          `that is no instance of ${target.meta.role}, which has ${target.addresses.length}`,
      });
      return;
    }
    if (receiver !== null) this.#sendTo(target, receiver, rows);
    else if (to === "*" || target.meta.route.kind === "all") this.#sendToAll(target, rows);
    else if (target.owners !== null) this.#sendToOwners(target, target.owners, rows);
    else if (target.meta.route.kind === "one") this.#sendTo(target, 0, rows);
    else throw new Error(`${this.#address} sends to ${id} without an address`);
  }

  #sendToOwners(target: Target, owners: Owners, rows: readonly Row[]): void {
    const shares: Row[][] = target.addresses.map(() => []);
    for (const row of rows) shares[owners.of(row)].push(row);
    shares.forEach((share, receiver) => {
      if (share.length > 0) this.#sendTo(target, receiver, share);
    });
  }

  #sendTo(target: Target, receiver: number, rows: readonly Row[]): void {
    const address = target.addresses[receiver];
    const { ordering } = target.meta.collection;
    const admitted = this.#admit(target, rows, receiver);
    if (ordering) {
      this.append(ordering.log, target.meta.id, address, admitted);
      return;
    }
    if (admitted.length > 0) this.#partsTo(address).push({ kind: "rows", target: target.meta.id, rows: admitted });
  }

  #sendToAll(target: Target, rows: readonly Row[]): void {
    const { ordering } = target.meta.collection;
    if (ordering && target.owners === null) {
      this.append(ordering.log, target.meta.id, null, this.#admit(target, rows, null));
      return;
    }
    if (ordering) {
      // To the log, null means the owner of a partitioned role's row: name every instance.
      target.addresses.forEach((_, receiver) => this.#sendTo(target, receiver, rows));
      return;
    }
    const admitted = this.#admit(target, rows, null);
    if (admitted.length === 0) return;
    const part: Part = { kind: "rows", target: target.meta.id, rows: admitted };
    for (const address of target.addresses) this.#partsTo(address).push(part);
  }

  #admit(target: Target, rows: readonly Row[], receiver: number | null): readonly Row[] {
    const { sent } = target;
    if (sent === null) return rows;
    const allowed = target.barred === null ? rows : this.#allowed(target, target.barred, rows);
    const refused = sent.admit(allowed, receiver);
    if (refused === null) return allowed;
    const names = sent.columns.map((column) => target.meta.collection.columns[column].name).join(", ");
    this.#report({
      code: "DLC905",
      message:
        `${this.#address} did not send ${refused.length} fact${refused.length === 1 ? "" : "s"} of ${target.meta.id}, ` +
        `because it has sealed ${names === "" ? "the stream" : `their ${names}`} before: ${factText(target.meta.id, refused[0])}`,
    });
    const broken = new Set(refused);
    return allowed.filter((row) => !broken.has(row));
  }

  /** Without rows of values that others had begun to seal when this one came: nobody waits for its seal. */
  #allowed(target: Target, barred: Barred, rows: readonly Row[]): readonly Row[] {
    const { columns } = target.sent!;
    const allowed = barred === "all" ? [] : rows.filter((row) => !barred.has(rowPartKey(columns, row)));
    if (allowed.length === rows.length) return rows;
    const first = rows.find((row) => barred === "all" || barred.has(rowPartKey(columns, row)))!;
    const names = columns.map((column) => target.meta.collection.columns[column].name).join(", ");
    const refused = rows.length - allowed.length;
    this.#report({
      code: "DLC951",
      message:
        `${this.#address} did not send ${refused} fact${refused === 1 ? "" : "s"} of ${target.meta.id}, because it joined after ` +
        `${names === "" ? "the stream" : `their ${names}`} had been sealed by another: ${factText(target.meta.id, first)}`,
    });
    return allowed;
  }

  /** More values of which nothing may be sent; null: of any. */
  bar(id: string, keys: readonly Row[] | null): void {
    const target = this.#targets.get(id);
    if (target === undefined || target.sent === null || target.barred === "all") return;
    target.barred = keys === null ? "all" : new Set([...(target.barred ?? []), ...keys.map(partKey)]);
  }

  /** Nothing more will be sent of anything that is sealed. */
  sealEverything(): void {
    for (const [id, { sent }] of this.#targets) if (sent !== null) this.seal(id, null, true);
  }

  /** Seals one value of the target, or all (null), to every instance that could wait for it. */
  seal(id: string, key: Row | null, hosted: boolean): void {
    const target = this.#targets.get(id) as Target;
    const { sent } = target;
    // Nobody waits for seals of this collection.
    if (sent === null) return;
    // In a `single` channel a seal closes its partition without a vote: only the producer of it may give one.
    if (key !== null && target.meta.collection.sealed?.single && !hosted && !sent.hasSent(key)) return;
    const counts = sent.seal(key);
    if (counts === null) return;
    const whole = sent.columns.length === 0 ? null : key;
    if (target.isDynamic && !this.isSettled(id, whole))
      this.#partsTo(LOG).push({ kind: "seals", target: id, key: whole });
    counts.forEach((count, receiver) => {
      this.#partsTo(target.addresses[receiver]).push({ kind: "seal", target: id, key: whole, count });
    });
  }

  /** Nothing is sent to that instance any more. */
  drop(address: string): void {
    this.#dropped.add(address);
  }

  append(log: string, target: string, to: string | null, rows: readonly Row[]): void {
    if (rows.length === 0) return;
    let runs = this.#runs.get(log);
    if (runs === undefined) this.#runs.set(log, (runs = []));
    const last = runs.at(-1);
    if (last?.target === target && last.to === to) for (const row of rows) last.rows.push(row);
    else runs.push({ target, to, from: this.#address, rows: rows.slice() });
  }

  tick(log: string, value: Row, after: number): void {
    this.#partsTo(LOG).push({ kind: "tick", log, value, after });
  }

  #partsTo(receiver: string): Part[] {
    let parts = this.#parts.get(receiver);
    if (parts === undefined) {
      parts = [];
      this.#parts.set(receiver, parts);
    }
    return parts;
  }

  flush(): readonly Envelope[] {
    if (this.#runs.size > 0) {
      for (const [log, runs] of this.#runs) this.#partsTo(LOG).push({ kind: "append", log, runs });
      this.#runs = new Map();
    }
    if (this.#parts.size === 0) return [];
    const envelopes: Envelope[] = [];
    for (const [to, parts] of this.#parts) if (!this.#dropped.has(to)) envelopes.push(this.envelope(to, parts));
    this.#parts = new Map();
    return envelopes;
  }

  /** The next in the numbered stream to a receiver. */
  envelope(to: string, parts: readonly Part[]): Envelope {
    const seq = (this.#numbers.get(to) ?? 0) + 1;
    this.#numbers.set(to, seq);
    const viewed: readonly Part[] = this.view === 0 ? parts : [{ kind: "view", view: this.view }, ...parts];
    return { from: this.#address, to, epoch: this.#epoch, seq, parts: viewed };
  }

  /** From here on what goes to all of its role goes to `address` too, which has what `like` has. */
  admit(role: string, address: string, like: string | null): void {
    for (const target of this.#targets.values()) if (target.meta.role === role) target.add(address, like);
  }

  /** Nothing more goes to it. */
  dismiss(address: string): void {
    for (const target of this.#targets.values()) target.remove(address);
    this.#parts.delete(address);
  }
}

type Barred = "all" | ReadonlySet<PartKey>;

class Target {
  readonly meta: TargetMeta;
  readonly addresses: string[];
  readonly indices = new Map<string, number>();
  /** Where rows without an address go to the owner of their partition columns. */
  readonly owners: Owners | null;
  readonly sent: SentSeals | null;
  /** Its producers change, so that the registry says whose seals a value needs. */
  readonly isDynamic: boolean;
  barred: Barred | null = null;

  constructor(meta: TargetMeta, addresses: readonly string[], isDynamic: boolean) {
    const count = addresses.length;
    if (meta.route.kind === "one" && count > 1) throw new RangeError(tooMany(meta.role, count, meta.id));
    this.meta = meta;
    this.isDynamic = isDynamic;
    this.addresses = [...addresses];
    this.#index();
    this.owners = meta.route.kind === "owner" ? new Owners(meta.route.columns, count) : null;
    this.sent = meta.collection.sealed ? new SentSeals(meta.collection.sealed.key, count) : null;
  }

  add(address: string, like: string | null): void {
    this.addresses.push(address);
    if (like !== null) this.sent?.add(this.indices.get(like)!);
    this.#index();
  }

  remove(address: string): void {
    const at = this.indices.get(address);
    if (at === undefined) return;
    this.addresses.splice(at, 1);
    this.sent?.remove(at);
    this.#index();
  }

  #index(): void {
    this.indices.clear();
    this.addresses.forEach((address, index) => this.indices.set(address, index));
  }
}
