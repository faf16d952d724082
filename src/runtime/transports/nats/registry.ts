/**
 * Who is a member of a deployment, in a key-value bucket of its cluster: by address, with the epoch under which it sends
 * and the build that it runs. Also which life of the deployment this is: whoever comes first begins one, with empty logs.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { KV, KvEntry } from "@nats-io/kv";
import { faultText } from "../../host.ts";
import { disowned, TransportError } from "../transport.ts";
import { bucketOf, GONE_KEYS, goneKey, LIFE_KEY, MEMBER_KEYS, memberKey, Names, streamsOf } from "./names.ts";
import { endWith, later, openBucket } from "./session.ts";
import type { Session } from "./session.ts";

export interface Member {
  readonly address: string;
  readonly life: string;
  readonly epoch: number;
  readonly program: string;
  readonly version: string;
  readonly host: string;
  readonly process: number;
}

/** An instance that an operator has declared gone, in that life of the deployment. */
export interface Gone {
  readonly life: string;
  readonly address: string;
  readonly by: string;
}

export interface Life {
  readonly life: string;
  readonly program: string;
  readonly version: string;
}

/** How long members that do not answer may be out of reach: a server may just have died. */
const DEAD_AFTER_MS = 3000;
const ANSWER_MS = 1000;
const PAUSE_MS = 200;
const TRIES = 20;
/** A cluster that has just lost the server that leads it may answer nothing for so long. */
const JOIN_MS = 60_000;

export interface RegistryOptions {
  readonly session: Session;
  readonly cluster: string;
  readonly address: string;
  readonly epoch: number;
  readonly program: string;
  readonly version: string;
  /** Answers for this instance, in that life, from now on. */
  readonly answer: (names: Names) => void;
}

export class Registry {
  readonly #options: RegistryOptions;
  readonly #bucket: KV;
  readonly #members = new Map<string, Member>();
  #names: Names | null = null;
  /** Told of every member that comes, or comes again; null: has left. */
  onMember: (address: string, member: Member | null) => void = () => {};
  /** Told of every instance that has been declared gone. */
  onGone: (gone: Gone) => void = () => {};

  private constructor(options: RegistryOptions, bucket: KV) {
    this.#options = options;
    this.#bucket = bucket;
  }

  /** Throws TransportError where the deployment is another's, or this instance runs already. */
  static async join(options: RegistryOptions): Promise<Registry> {
    const registry = new Registry(options, await openBucket(options.session, bucketOf(options.cluster)));
    const until = Date.now() + JOIN_MS;
    for (let tries = 0; tries < TRIES; ) {
      try {
        if (await registry.#join()) {
          await registry.#watch();
          return registry;
        }
        tries++;
      } catch (error) {
        // Whether or not it was done: what is there is read anew. A cluster that has just lost a server answers in a while.
        if (error instanceof TransportError) throw error;
        if (Date.now() > until)
          throw new TransportError(`${options.address} cannot join: JetStream of the NATS cluster does not answer (${(error as Error).message})`);
      }
      await later(PAUSE_MS * Math.random());
    }
    throw new TransportError(`${options.address} cannot join: others begin the deployment anew all the time`);
  }

  get names(): Names {
    return this.#names as Names;
  }

  get(address: string): Member | null {
    return this.#members.get(address) ?? null;
  }

  /** False: somebody else was faster; once more. */
  async #join(): Promise<boolean> {
    const { cluster, program, version } = this.#options;
    const entry = await this.#bucket.get(LIFE_KEY);
    const life = read<Life>(entry);
    if (life !== null) {
      const members = (await this.#all()).filter((member) => member.life === life.life);
      const names = new Names(cluster, life.life);
      if (await this.#lives(members, names)) {
        this.#checkBuild(life, members);
        return this.#claim(names);
      }
    }
    const names = new Names(cluster, randomBytes(6).toString("hex"));
    if (!(await this.#claim(names))) return false;
    const begun = JSON.stringify({ life: names.life, program, version } satisfies Life);
    try {
      if (entry === null) await this.#bucket.create(LIFE_KEY, begun);
      else await this.#bucket.update(LIFE_KEY, begun, entry.revision);
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
    await this.#deleteOldLogs(names);
    return true;
  }

  async #all(): Promise<readonly Member[]> {
    const keys: string[] = [];
    for await (const key of await this.#bucket.keys(MEMBER_KEYS)) keys.push(key);
    const members = await Promise.all(keys.map(async (key) => read<Member>(await this.#bucket.get(key))));
    return members.filter((member) => member !== null);
  }

  async #lives(members: readonly Member[], names: Names): Promise<boolean> {
    if (members.length === 0) return false;
    const until = Date.now() + DEAD_AFTER_MS;
    while (Date.now() < until) {
      if ((await this.#asked(names.anyAlive)) !== "nobody") return true;
      await later(PAUSE_MS);
    }
    return false;
  }

  /** Whoever listens and does not answer is stopped, or slow, and may go on. */
  async #asked(subject: string): Promise<"answers" | "silent" | "nobody"> {
    const { connection, packages } = this.#options.session;
    try {
      await connection.request(subject, "", { timeout: ANSWER_MS });
      return "answers";
    } catch (error) {
      const { NoRespondersError, RequestError } = packages.core.errors;
      const isNobody = error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
      return isNobody ? "nobody" : "silent";
    }
  }

  #checkBuild(life: Life, members: readonly Member[]): void {
    const { address, cluster, program, version } = this.#options;
    // A role embedded in an application may not know its build; what it sends is checked by its types all the same.
    const differs = (theirs: string, ours: string): boolean => theirs !== ours && theirs !== "" && ours !== "";
    const [some] = members;
    const others = `the deployment ${JSON.stringify(cluster)} on this cluster (${some.address}, process ${some.process} on ${some.host})`;
    if (differs(life.program, program))
      throw new TransportError(
        `${address} is of the program ${JSON.stringify(program)}; ${others} is of ${JSON.stringify(life.program)}: give one of them another "cluster" in its deployment`,
      );
    if (differs(life.version, version))
      throw new TransportError(
        `${address} is version ${version} of ${program}; ${others} is version ${life.version}: deploy one build everywhere`,
      );
  }

  /** Takes the place of this address; false when another has just done so. */
  async #claim(names: Names): Promise<boolean> {
    const { address, epoch, program, version, answer } = this.#options;
    if (read<Gone>(await this.#bucket.get(goneKey(address)))?.life === names.life) throw new TransportError(faultText(disowned(address)));
    const key = memberKey(address);
    const entry = await this.#bucket.get(key);
    const before = read<Member>(entry);
    if (before !== null && before.life === names.life && before.epoch !== epoch) {
      const until = Date.now() + DEAD_AFTER_MS;
      let asked = await this.#asked(names.alive(address));
      while (asked === "silent" && Date.now() < until) asked = await this.#asked(names.alive(address));
      if (asked === "answers")
        throw new TransportError(
          `${address} runs already, as process ${before.process} on ${before.host}: stop that one first`,
        );
    }
    answer(names);
    const member = JSON.stringify({
      address,
      life: names.life,
      epoch,
      program,
      version,
      host: hostname(),
      process: process.pid,
    } satisfies Member);
    try {
      if (entry === null) await this.#bucket.create(key, member);
      else await this.#bucket.update(key, member, entry.revision);
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
    this.#names = names;
    return true;
  }

  /** Of lives that nobody is in any more. */
  async #deleteOldLogs(names: Names): Promise<void> {
    const { session, cluster } = this.#options;
    await deleteStreams(
      session,
      (name) => name.startsWith(streamsOf(cluster)) && !name.startsWith(`${streamsOf(cluster)}${names.life}-`),
    );
  }

  async #watch(): Promise<void> {
    void this.#follow(MEMBER_KEYS, (entry) => this.#take(entry), await this.#bucket.watch({ key: MEMBER_KEYS }));
    void this.#follow(GONE_KEYS, (entry) => this.#hear(entry), await this.#bucket.watch({ key: GONE_KEYS }));
  }

  /** For as long as there is a connection, whatever happens to the servers: everything that is there comes once more. */
  async #follow(key: string, take: (entry: KvEntry) => void, changes: AsyncIterable<KvEntry>): Promise<void> {
    const { connection } = this.#options.session;
    while (!connection.isClosed()) {
      try {
        for await (const entry of changes) tell(take, entry);
      } catch {
        // The next one says what has changed.
      }
      if (connection.isClosed()) return;
      await later(DEAD_AFTER_MS);
      changes = await this.#bucket.watch({ key }).catch(() => changes);
    }
  }

  #hear(entry: KvEntry): void {
    const gone = read<Gone>(entry);
    if (gone?.life === this.names.life && typeof gone.address === "string") this.onGone({ ...gone, by: String(gone.by) });
  }

  #take(entry: KvEntry): void {
    const member = read<Member>(entry);
    if (member === null) {
      for (const address of this.#members.keys()) {
        if (memberKey(address) !== entry.key) continue;
        this.#members.delete(address);
        this.onMember(address, null);
      }
    } else if (member.life === this.names.life) {
      this.#members.set(member.address, member);
      this.onMember(member.address, member);
    }
  }

  /** Asks anew: a change may have gone past. */
  async look(address: string): Promise<Member | null> {
    const entry = await this.#bucket.get(memberKey(address));
    if (entry !== null) this.#take(entry);
    return this.get(address);
  }

  /** Leaves its place, unless another has it. */
  async leave(): Promise<void> {
    const entry = await this.#bucket.get(memberKey(this.#options.address));
    if (read<Member>(entry)?.epoch === this.#options.epoch)
      await this.#bucket.delete(memberKey(this.#options.address), { previousSeq: entry?.revision });
  }
}

function tell(take: (entry: KvEntry) => void, entry: KvEntry): void {
  try {
    take(entry);
  } catch (error) {
    endWith(error);
  }
}

/** Of a value that is there, and of the form that is written here. */
export function read<T extends Life | Member | Gone>(entry: KvEntry | null): T | null {
  if (entry === null || entry.operation !== "PUT") return null;
  try {
    const value: unknown = entry.json();
    return typeof value === "object" && value !== null && typeof (value as T).life === "string" ? (value as T) : null;
  } catch {
    return null;
  }
}

function isConflict(error: unknown): boolean {
  const { code, message } = error as { code?: number; message?: string };
  return code === 10071 || /wrong last sequence/i.test(message ?? "");
}

/** All streams whose names are of that kind. */
export async function deleteStreams({ streams }: Session, isMeant: (name: string) => boolean): Promise<void> {
  const names: string[] = [];
  for await (const name of streams.streams.names()) if (isMeant(name)) names.push(name);
  await Promise.all(names.map((name) => streams.streams.delete(name).catch(() => false)));
}
