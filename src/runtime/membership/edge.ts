/** What a member of a changing deployment has of the world: the clock, and where the others are. */
import type { Place } from "../deployment.ts";
import type { Envelope } from "../messages.ts";
import type { Fault } from "../program.ts";
import type { Transport } from "../transports/transport.ts";
import type { MemberInstance } from "./member.ts";

/** Fault of a newcomer that is not let in, or gets no state. */
const NOT_JOINED = "DLC950";

const TICK_MS = 1000;
/** Ticks without anything of a state after which another replica is asked for it, and how often. */
const PATIENCE = 10;
const SPONSORS = 3;
/** One that died while it left has so long for what it has sent. */
const LEAVES_WITHIN_MS = 10_000;
/** Ticks after which a sponsor that still waits for marks says so. */
const SAYS_AFTER = 3;

export interface EdgeOptions {
  readonly instance: MemberInstance;
  readonly transport: Transport;
  readonly log: (line: string) => void;
  readonly onFault: (fault: Fault) => void;
  /** Writes down what has happened, before anything of it leaves. False: that failed. */
  readonly keep: () => boolean;
  /** There may be something to send. */
  readonly wake: () => void;
  /** It cannot take part. */
  readonly onEnd: () => void;
}

export class MembershipEdge {
  readonly #options: EdgeOptions;
  readonly #tick: NodeJS.Timeout;
  #living: () => void = () => {};
  /** Resolves when it takes part. */
  readonly living: Promise<void>;
  #quiet = 0;
  #asked = 0;
  #holds = 0;
  #isEnded = false;
  /** Who waits for a view. */
  #waiting: { readonly view: number; readonly resolve: () => void }[] = [];

  constructor(options: EdgeOptions) {
    this.#options = options;
    const { instance, transport, log } = options;
    this.living = new Promise((resolve) => (this.#living = resolve));
    if (instance.isLiving) this.#living();
    instance.onChange = ({ view, kind, address, place, sponsor }) => {
      if (kind === "leave") transport.forget(address);
      else if (kind === "gone") {
        if (!instance.gone.has(address)) log(`${address} has been declared gone`);
        transport.disown(address);
      } else if (address !== instance.address) transport.learn!(address, place!);
      if (kind === "join" && sponsor === instance.address) log(`hands its state to ${address}`);
      const reached = this.#waiting.filter((each) => each.view <= view);
      this.#waiting = this.#waiting.filter((each) => each.view > view);
      for (const { resolve } of reached) resolve();
    };
    instance.onLiving = () => {
      if (instance.isNewcomer) log("takes part");
      this.#living();
    };
    instance.onRefused = (why) => this.#end(why);
    this.#tick = setInterval(() => this.#onTick(), TICK_MS);
  }

  /** Resolves when the instance has entered that view; null: it has. */
  reached(view: number): Promise<void> | null {
    if (this.#options.instance.view >= view) return null;
    return new Promise((resolve) => this.#waiting.push({ view, resolve }));
  }

  /** Where newcomers are that an earlier life of this process has heard of. Before anything is sent to them. */
  places(): ReadonlyMap<string, Place> {
    const places = new Map<string, Place>();
    for (const { kind, address, place } of this.#options.instance.changes) {
      if (kind === "leave") places.delete(address);
      else if (kind !== "gone" && address !== this.#options.instance.address) places.set(address, place!);
    }
    return places;
  }

  /** Those that have left since. */
  left(): readonly string[] {
    return this.#options.instance.changes.filter(({ kind }) => kind === "leave").map(({ address }) => address);
  }

  /** `place`: where a newcomer is found; null: it is no newcomer. One that has lived before has asked already. */
  start(place: Pick<Place, "host" | "port"> | null): void {
    const { instance } = this.#options;
    if (instance.hasLeft) return this.#end("it has left, and its number has been given");
    if (instance.isDeparting)
      return void this.leave(LEAVES_WITHIN_MS).then(() => this.#end("it was leaving when it died, and has left now"));
    if (place === null) return;
    const said = instance.place;
    if (said === null) instance.join(place);
    else if (said.host !== place.host || said.port !== place.port)
      this.#end(`the others find it at ${said.host}:${said.port}, not at ${place.host}:${place.port}: start it there`);
  }

  #onTick(): void {
    const { instance, log, wake } = this.#options;
    if (!instance.isLiving) {
      this.#wait();
      wake();
    }
    const missing = instance.missing();
    this.#holds = missing === null ? 0 : this.#holds + 1;
    if (missing !== null && this.#holds === SAYS_AFTER)
      log(
        `cannot hand its state to ${missing.newcomer} yet, and lets what comes wait: ${missing.members.join(", ")} ${missing.members.length === 1 ? "has" : "have"} not said from where on it goes there too`,
      );
  }

  #wait(): void {
    const { instance, log } = this.#options;
    if (!instance.isNewcomer) {
      this.#quiet = (this.#quiet + 1) % PATIENCE;
      if (this.#quiet !== SAYS_AFTER) return;
      log("waits to hear from the registry who takes part");
      // One that has died may have heard the question.
      return instance.asks();
    }
    this.#quiet = instance.waits() ? 0 : this.#quiet + 1;
    if (this.#quiet < PATIENCE) return;
    this.#quiet = 0;
    if (instance.view === 0) return this.#end(`the registry has not answered within ${(PATIENCE * TICK_MS) / 1000} s`);
    if (++this.#asked > SPONSORS)
      return this.#end(
        `none of ${SPONSORS} replicas has handed over its state within ${(PATIENCE * TICK_MS) / 1000} s each; their lines say whom they wait for`,
      );
    log("has got no state yet, and asks another replica");
    instance.asksForSponsor();
  }

  #end(why: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.stop();
    this.#options.onFault({ code: NOT_JOINED, message: `${this.#options.instance.address} cannot take part: ${why}` });
    this.#options.onEnd();
  }

  /** When all that it has sent has arrived. It takes no step any more. */
  async leave(graceMs: number): Promise<void> {
    const { instance, transport, log } = this.#options;
    if (!instance.isLeavable) return;
    if (!instance.isDeparting) this.#say(instance.depart());
    const until = Date.now() + graceMs;
    while (transport.unacked > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    if (transport.unacked > 0)
      return log("does not leave, since what it has sent has not arrived: to the others it is as if it had died");
    this.#say([instance.leave()]);
    log("leaves");
  }

  #say(envelopes: readonly Envelope[]): void {
    const { keep, transport } = this.#options;
    if (!keep()) return;
    for (const envelope of envelopes) transport.send(envelope);
    transport.endStep();
  }

  stop(): void {
    clearInterval(this.#tick);
  }
}
