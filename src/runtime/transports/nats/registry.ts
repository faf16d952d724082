/**
 * Who is a member of a deployment, in a key-value bucket of its cluster: by address, with the epoch under which it sends
 * and the build that it runs. Also which life of the deployment this is: whoever comes first begins one, with empty logs. A life of
 * processes that keep data does not end: whoever comes back with its data finds its place in it.
 *
 * Who has joined tells the others, over core NATS; whoever misses that looks. No consumer of JetStream watches the bucket: a cluster
 * that has just lost a server may make it on that one, again and again, until it has noticed.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { KV, KvEntry } from "@nats-io/kv";
import type { Msg } from "@nats-io/transport-node";
import { faultText } from "../../host.ts";
import { LOST_BY_CLUSTER, outdated, StorageError } from "../../storage/storage-error.ts";
import { disowned, TransportError } from "../transport.ts";
import type { Past } from "../transport.ts";
import { keysOf, memberIn, read } from "./members.ts";
import type { Gone, Life, Member } from "./members.ts";
import { bucketOf, GONE_KEYS, goneKey, LIFE_KEY, logKey, MEMBER_KEYS, memberKey, Names, streamsOf } from "./names.ts";
import { endWith, later, openBucket } from "./session.ts";
import type { Session } from "./session.ts";
import { holdsMessages } from "./streams.ts";

interface Own {
  readonly key: string;
  readonly revision: number;
  readonly value: string;
}

/** How long members that do not answer may be out of reach: a server may just have died. */
const DEAD_AFTER_MS = 3000;
const ANSWER_MS = 1000;
const PAUSE_MS = 200;
const LOOK_MS = 1000;
const TRIES = 20;
/** A server that has just started may not know of all that it has. */
const SURE_AFTER_MS = 3000;
/** A cluster that has just lost the server that leads it may answer nothing for so long. */
const JOIN_MS = 60_000;

export interface RegistryOptions {
  readonly session: Session;
  readonly cluster: string;
  readonly address: string;
  readonly epoch: number;
  readonly start: number;
  readonly program: string;
  readonly version: string;
  /** null: it keeps no data. */
  readonly past: Past | null;
  /** Its channels are streams. */
  readonly durableChannels: boolean;
  /** Answers for this instance, in that life, from now on. */
  readonly answer: (names: Names) => void;
  readonly refuse: (reason: string) => void;
}

export class Registry {
  readonly #options: RegistryOptions;
  readonly #bucket: KV;
  readonly #members = new Map<string, Member>();
  /** The latest that is known of each key. */
  readonly #revisions = new Map<string, number>();
  /** What this process has put into the bucket. */
  #own: Own | null = null;
  readonly #wanted = new Set<string>();
  #names: Names | null = null;
  /** Told of every member that comes, or comes again. */
  onMember: (address: string, member: Member) => void = () => {};
  /** Told, after a connection was lost, of every instance that has been declared gone. */
  onGone: (gone: Gone) => void = () => {};

  private constructor(options: RegistryOptions, bucket: KV) {
    this.#options = options;
    this.#bucket = bucket;
  }

  /** Throws TransportError where the deployment is another's, or this instance runs already; StorageError where its data do not fit. */
  static async join(options: RegistryOptions): Promise<Registry> {
    const registry = new Registry(options, await openBucket(options.session, bucketOf(options.cluster)));
    const [until, sure] = [Date.now() + JOIN_MS, Date.now() + SURE_AFTER_MS];
    for (let tries = 0; tries < TRIES;) {
      try {
        if (await registry.#join()) {
          registry.#hear();
          await registry.#learn();
          registry.#announce();
          return registry;
        }
        tries++;
      } catch (error) {
        // Whether or not it was done: what is there is read anew. A cluster that has just lost a server answers in a while.
        if (error instanceof TransportError) throw error;
        if (error instanceof StorageError) {
          if (Date.now() > sure) throw error;
          await later(PAUSE_MS);
          continue;
        }
        if (Date.now() > until)
          throw new TransportError(
            `${options.address} cannot join: JetStream of the NATS cluster does not answer (${(error as Error).message})`,
          );
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
    const { cluster, program, version, past, durableChannels } = this.#options;
    const keepsData = past !== null;
    const entry = await this.#bucket.get(LIFE_KEY);
    const life = read<Life>(entry);
    if (life !== null) {
      const all = (await this.#all()).map((each) => read<Member>(each));
      const members = all.filter((member) => member?.life === life.life) as readonly Member[];
      const names = new Names(cluster, life.life);
      if (life.keepsData || (await this.#holdsMessages(life, names)) || (await this.#lives(members, names))) {
        this.#checkBuild(life, members);
        this.#checkKeeping(life);
        this.#checkChannels(life);
        return this.#claim(names);
      }
    }
    if (past?.isEmpty === false) throw this.#unknown(past);
    const names = new Names(cluster, randomBytes(6).toString("hex"));
    if (!(await this.#claim(names))) return false;
    const begun = JSON.stringify({ life: names.life, program, version, keepsData, durableChannels } satisfies Life);
    try {
      if (entry === null) await this.#bucket.create(LIFE_KEY, begun);
      else await this.#bucket.update(LIFE_KEY, begun, entry.revision);
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
    await this.#deleteOldLogs(names, life);
    return true;
  }

  /** What stands in the bucket of members, or of others; those that have left as well. */
  async #all(which: string = MEMBER_KEYS): Promise<readonly KvEntry[]> {
    const { session, cluster } = this.#options;
    const keys = await keysOf(session, bucketOf(cluster), which);
    const entries = await Promise.all(keys.map((key) => this.#bucket.get(key)));
    return entries.filter((entry) => entry !== null);
  }

  /** What has been sent is delivered, though all have ended. */
  async #holdsMessages({ durableChannels }: Life, names: Names): Promise<boolean> {
    return durableChannels === true && holdsMessages(this.#options.session, names);
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
      // It says who asks: an attempt to join that failed has left somebody here who would answer.
      await connection.request(subject, `${this.#options.start}`, { timeout: ANSWER_MS });
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
    const who = some === undefined ? "" : ` (${some.address}, process ${some.process} on ${some.host})`;
    const others = `the deployment ${JSON.stringify(cluster)} on this cluster${who}`;
    if (differs(life.program, program))
      throw new TransportError(
        `${address} is of the program ${JSON.stringify(program)}; ${others} is of ${JSON.stringify(life.program)}: give one of them another "cluster" in its deployment`,
      );
    const held = life.durableChannels === true ? ', or begin another deployment under another "cluster"' : "";
    if (differs(life.version, version))
      throw new TransportError(
        `${address} is version ${version} of ${program}; ${others} is version ${life.version}: deploy one build everywhere${held}`,
      );
  }

  /** Logs and members are kept as long as the data of all: who has none could not come back to them. */
  #checkKeeping({ keepsData }: Life): void {
    const { address, cluster, past } = this.#options;
    if (keepsData === (past !== null)) return;
    const others = `the deployment ${JSON.stringify(cluster)} on this cluster`;
    throw new TransportError(
      keepsData
        ? `${address} keeps no data, and ${others} does: give it a folder ("data" in the deployment, --data), or begin another deployment under another "cluster"`
        : `${address} keeps data, and ${others} has been begun by processes that keep none: on NATS all processes of a deployment do, or none`,
    );
  }

  #checkChannels(life: Life): void {
    const { address, cluster, durableChannels } = this.#options;
    if ((life.durableChannels === true) === durableChannels) return;
    const [own, others] = durableChannels
      ? ["through streams", "over core NATS"]
      : ["over core NATS", "through streams"];
    throw new TransportError(
      `${address} sends its messages ${own}, and the deployment ${JSON.stringify(cluster)} on this cluster ${others}: say channels=durable in the transport of all its processes, or of none`,
    );
  }

  #unknown({ path }: Past): StorageError {
    const { address, cluster } = this.#options;
    return new StorageError(
      LOST_BY_CLUSTER,
      `the NATS cluster knows nothing of ${address} with the data in ${path}: it has lost the deployment ${JSON.stringify(cluster)}, or is another`,
    );
  }

  /** Takes the place of this address; false when another has just done so. */
  async #claim(names: Names): Promise<boolean> {
    const { address, epoch, start, program, version, past, answer } = this.#options;
    if (read<Gone>(await this.#bucket.get(goneKey(address)))?.life === names.life)
      throw new TransportError(faultText(disowned(address)));
    const key = memberKey(address);
    const entry = await this.#bucket.get(key);
    const before = read<Member>(entry);
    const place = before?.life === names.life ? before : null;
    if (past !== null && place === null && !past.isEmpty) throw this.#unknown(past);
    if (past !== null && place !== null && place.epoch !== epoch)
      throw outdated(
        past.path,
        `${address} has been a member with other data, as process ${place.process} on ${place.host}`,
      );
    if (place !== null && place.start !== start) {
      const until = Date.now() + DEAD_AFTER_MS;
      let asked = await this.#asked(names.alive(address));
      while (asked === "silent" && Date.now() < until) asked = await this.#asked(names.alive(address));
      if (asked === "answers")
        throw new TransportError(
          `${address} runs already, as process ${place.process} on ${place.host}: stop that one first`,
        );
    }
    answer(names);
    const member = JSON.stringify({
      address,
      life: names.life,
      epoch,
      start,
      program,
      version,
      host: hostname(),
      process: process.pid,
    } satisfies Member);
    try {
      const revision =
        entry === null
          ? await this.#bucket.create(key, member)
          : await this.#bucket.update(key, member, entry.revision);
      this.#own = { key, revision, value: member };
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
    this.#names = names;
    return true;
  }

  /** Of lives that nobody is in any more. */
  async #deleteOldLogs(names: Names, before: Life | null): Promise<void> {
    const { session, cluster, past } = this.#options;
    const isOf = (name: string, life: string): boolean => name.startsWith(`${streamsOf(cluster)}${life}-`);
    // Others may be logs on which data rest, of a deployment whose members the cluster has lost.
    const isOld = (name: string): boolean =>
      past === null
        ? name.startsWith(streamsOf(cluster)) && !isOf(name, names.life)
        : before !== null && isOf(name, before.life);
    await deleteStreams(session, isOld);
  }

  /** Hears of members that join from now on. */
  #hear(): void {
    this.#options.session.connection.subscribe(this.names.joined, {
      callback: (problem, message) => {
        if (problem === null) this.#takeAnnounced(message);
      },
    });
  }

  #takeAnnounced(message: Msg): void {
    let told: unknown;
    try {
      told = message.json();
    } catch {
      told = null;
    }
    const [revision, value] = Array.isArray(told) ? (told as unknown[]) : [];
    const member = memberIn(value);
    if (Number.isSafeInteger(revision) && member !== null)
      this.#take(memberKey(member.address), revision as number, member);
    else this.#options.refuse("what should tell of a member that has joined has no form known here");
  }

  #announce(): void {
    const { revision, value } = this.#own as Own;
    this.#options.session.connection.publish(this.names.joined, `[${revision},${value}]`);
  }

  async #learn(): Promise<void> {
    for (const entry of await this.#all()) this.#take(entry.key, entry.revision, read<Member>(entry));
    for (const gone of await this.gone()) this.onGone(gone);
  }

  /** After a connection was lost, and with it what was told meanwhile. */
  async refresh(): Promise<void> {
    while (!this.#options.session.connection.isClosed()) {
      try {
        return await this.#learn();
      } catch {
        await later(PAUSE_MS);
      }
    }
  }

  #take(key: string, revision: number, member: Member | null): void {
    // A server that lags behind tells an older one.
    const known = this.#own?.key === key ? this.#own.revision : 0;
    if (revision < Math.max(known, this.#revisions.get(key) ?? 0)) return;
    this.#revisions.set(key, revision);
    if (member === null || member.life !== this.names.life) return;
    this.#members.set(member.address, member);
    try {
      this.onMember(member.address, member);
    } catch (error) {
      endWith(error);
    }
  }

  /** Who has been declared gone in this life. */
  async gone(): Promise<readonly Gone[]> {
    const all = (await this.#all(GONE_KEYS)).map((entry) => read<Gone>(entry));
    const own = all.filter((gone): gone is Gone => gone?.life === this.names.life && typeof gone.address === "string");
    return own.map((gone) => ({ ...gone, by: String(gone.by) }));
  }

  /** Asks anew: what was told of it may have been lost. */
  async look(address: string): Promise<Member | null> {
    const entry = await this.#bucket.get(memberKey(address));
    if (entry !== null) this.#take(entry.key, entry.revision, read<Member>(entry));
    return this.get(address);
  }

  /** Looks for a member until it is there. */
  want(address: string): void {
    if (this.#wanted.has(address)) return;
    this.#wanted.add(address);
    const { connection } = this.#options.session;
    const timer = setInterval(() => {
      if (!this.#members.has(address) && !connection.isClosed()) return void this.look(address).catch(() => null);
      clearInterval(timer);
      this.#wanted.delete(address);
    }, LOOK_MS).unref();
  }

  /** Whether the stream of a log has been made, for data that rest on it. */
  async hasMade(log: string): Promise<boolean> {
    const entry = this.#options.past === null ? null : await this.#bucket.get(logKey(log));
    return entry?.operation === "PUT" && entry.string() === this.names.life;
  }

  async noteMade(log: string): Promise<void> {
    if (this.#options.past !== null) await this.#bucket.put(logKey(log), this.names.life);
  }

  /** Leaves its place, unless another has it; with data it comes back to it. */
  async leave(): Promise<void> {
    if (this.#options.past !== null) return;
    const entry = await this.#bucket.get(memberKey(this.#options.address));
    if (read<Member>(entry)?.start === this.#options.start)
      await this.#bucket.delete(memberKey(this.#options.address), { previousSeq: entry?.revision });
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
