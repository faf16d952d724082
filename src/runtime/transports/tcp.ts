/**
 * Envelopes between processes over TCP. A connection carries envelopes one way, from the process that
 * opened it, and acknowledgements back; it is opened when there is something to send.
 *
 *   -> ["hello", program, version, cluster, from, epoch, to, first]   first: number of the first unacknowledged envelope
 *   <- ["welcome", n]  or  ["refuse", reason]  or  ["gone"]           n as in ack; gone: the sender has been declared so
 *   -> ["m" | "p", seq, part, ...]                                    see wire.ts
 *   <- ["ack", n]                                                     every envelope up to n has come
 *
 * An operator's connection says one thing, see operator.ts.
 *
 * Delivery is at least once: what is not acknowledged is sent again after a reconnection. Repetitions are
 * dropped here and, for good, by the instance.
 */
import type { Server, Socket } from "node:net";
import type { Envelope, Part } from "../messages.ts";
import { holdTimes } from "./delay.ts";
import { encodeFrame, FrameError, FrameReader, MAX_FRAME_BYTES } from "./frames.ts";
import { Loopback } from "./loopback.ts";
import { Outgoing, type PeerAddress } from "./outgoing.ts";
import { Received } from "./received.ts";
import { isOrder, LIVES, orderIn, whyNot } from "./operator.ts";
import { disowned, framesOf, REFUSED_PEER } from "./transport.ts";
import { plain } from "./tls.ts";
import type { Wiring } from "./tls.ts";
import type { Backlog, Past, Transport, TransportOptions } from "./transport.ts";
import { WireFormat } from "./wire.ts";

export interface TcpOptions extends Omit<TransportOptions, "deploy" | "metas"> {
  /** The deployment's name: peers with another are refused. */
  readonly cluster: string;
  readonly wire: WireFormat;
  /** How connections are made; not encrypted when left out. */
  readonly wiring?: Wiring;
}

/** A greeting is short, and comes at once. */
const GREETING_BYTES = 16 * 1024;
const GREETING_MS = 10_000;

/** Of a peer that has been declared gone. */
class Disowned extends FrameError {}

interface Incoming {
  readonly socket: Socket;
  from: string | null;
  received: Received | null;
  /** Nothing of it is taken; it may come again. */
  isPutOff: boolean;
  /** Parts of an envelope that has not come whole. */
  pieces: unknown[];
  acked: number;
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? "somebody who has gone" : `${remoteAddress}:${remotePort}`;
}

export class TcpTransport implements Transport {
  readonly #options: TcpOptions;
  readonly #wiring: Wiring;
  readonly #server: Server;
  readonly #incoming = new Set<Incoming>();
  readonly #outgoing = new Map<string, Outgoing>();
  readonly #received = new Map<string, Received>();
  readonly #hold: (() => number) | null;
  readonly #loopback: Loopback;
  readonly #gone = new Set<string>();
  /** Those of them that may come back, and are told. */
  readonly #disowned = new Set<string>();
  #isOver = false;
  /** Numbers of the last envelopes of earlier lives, by receiver. */
  readonly #lastSent = new Map<string, number>();
  #addresses: ReadonlyMap<string, PeerAddress> = new Map();
  #acksDue = false;
  /** Data are kept: what comes is acknowledged when it is on the disk. */
  #holdsAcks = false;
  /** Nobody is heard before it is known who the peers are. */
  #paused = true;
  /** Distinct envelopes that have come, by sender. */
  readonly receivedFrom = new Map<string, number>();
  duplicates = 0;

  constructor(options: TcpOptions) {
    this.#options = options;
    this.#hold = options.delay ? holdTimes(options.delay, options.self) : null;
    this.#loopback = new Loopback(options.onEnvelope, this.#hold);
    this.#wiring = options.wiring ?? plain;
    this.#server = this.#wiring.serve(
      (socket) => this.#accept(socket),
      (socket, reason) => {
        socket.destroy();
        this.#options.onFault({
          code: REFUSED_PEER,
          message: `connection from ${nameOf(socket)} refused and closed: ${reason}`,
        });
      },
    );
  }

  /** Resolves to the port; rejects with the system's error (`EADDRINUSE`). Port 0: any that is free. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port }, () => {
        this.#server.removeListener("error", reject);
        this.#server.on("error", (error) => this.#options.log(`listening failed: ${error.message}`));
        resolve((this.#server.address() as { port: number }).port);
      });
    });
  }

  /** Where each peer is (`Report#0`, `log`); must be known before the first `send`. From now on peers are heard. */
  setAddresses(addresses: ReadonlyMap<string, PeerAddress>): void {
    this.#addresses = addresses;
    this.pause(false);
  }

  learn(name: string, place: PeerAddress): void {
    this.#addresses = new Map(this.#addresses).set(name, place);
    if (this.#gone.delete(name)) this.#outgoing.delete(name);
  }

  resume({ received, lastSent }: Past): void {
    this.#holdsAcks = true;
    for (const [from, epoch, { upTo, beyond }] of received.last()) {
      if (from === this.#options.self) continue;
      const known = new Received(epoch, upTo + 1);
      for (const seq of beyond) known.note(seq);
      this.#received.set(from, known);
      this.receivedFrom.set(from, upTo + beyond.size);
    }
    for (const [to, seq] of lastSent) {
      if (to === this.#options.self) continue;
      this.#lastSent.set(to, seq);
      this.#outgoing.set(to, this.#open(to));
    }
  }

  send(envelope: Envelope): void {
    const { to } = envelope;
    if (to === this.#options.self) return this.#loopback.send(envelope);
    if (this.#gone.has(to)) return;
    if (!this.#addresses.has(to))
      throw new Error(`${this.#options.self} sends to ${to}, which the deployment does not have`);
    let outgoing = this.#outgoing.get(to);
    if (outgoing === undefined) this.#outgoing.set(to, (outgoing = this.#open(to)));
    outgoing.send(envelope.seq, framesOf(envelope, this.#options));
  }

  /** One write per destination and step: call after a step's envelopes. */
  endStep(): void {
    this.#options.wire.endStep();
  }

  #open(to: string): Outgoing {
    const { program, version, cluster, self, epoch, log } = this.#options;
    return new Outgoing({
      name: to,
      connect: () => {
        const { host, port } = this.#addresses.get(to)!;
        return this.#wiring.connect(host, port);
      },
      ready: this.#wiring.ready,
      address: () => this.#addresses.get(to)!,
      hello: [program, version, cluster, self, epoch, to],
      hold: this.#hold,
      last: this.#lastSent.get(to) ?? 0,
      onAck: (seq) => {
        this.#options.onAcked?.(to, seq);
        this.#options.onRelief?.();
      },
      onDisowned: () => this.#end(),
      onUnsent: (seq) => {
        const why = `${to} has taken its message ${seq}, and it knows of ${this.#lastSent.get(to) ?? 0}`;
        if (this.#options.onOutdated === undefined) this.#options.log(why);
        else this.#options.onOutdated(why);
      },
      log,
    });
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    const incoming: Incoming = { socket, from: null, received: null, isPutOff: false, pieces: [], acked: -1 };
    this.#incoming.add(incoming);
    const most = this.#options.maxFrameBytes ?? MAX_FRAME_BYTES;
    const reader = new FrameReader(Math.min(most, GREETING_BYTES));
    // Who does not say who it is keeps nothing busy.
    const silent = setTimeout(
      () => this.#refuse(incoming, `it said nothing that it should for ${GREETING_MS / 1000} s`),
      GREETING_MS,
    );
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk, (frame) => {
          this.#take(incoming, frame);
          clearTimeout(silent);
          reader.limit = most;
        });
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        this.#refuse(incoming, error.message, error instanceof Disowned ? ["gone"] : undefined);
      }
    });
    // An error is followed by a close; the sender comes again if it has something to say.
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(silent);
      this.#incoming.delete(incoming);
    });
    // An operator is heard also while peers are not: what he says may end that.
    if (this.#addresses.size === 0) socket.pause();
  }

  /** Ends the connection with the reason, for both sides to read. */
  #refuse(incoming: Incoming, reason: string, answer: readonly unknown[] = ["refuse", reason]): void {
    const peer = incoming.from ?? nameOf(incoming.socket);
    incoming.socket.removeAllListeners("data");
    incoming.socket.end(encodeFrame(JSON.stringify(answer)), () => incoming.socket.destroy());
    this.#incoming.delete(incoming);
    this.#options.onFault({ code: REFUSED_PEER, message: `connection from ${peer} refused and closed: ${reason}` });
  }

  #take(incoming: Incoming, frame: readonly unknown[]): void {
    const { received } = incoming;
    if (incoming.isPutOff) return;
    if (received === null) return this.#greet(incoming, frame);
    const [kind, seq] = frame;
    if ((kind !== "m" && kind !== "p") || typeof seq !== "number" || !Number.isSafeInteger(seq)) {
      throw new FrameError(`expected a message, found ${JSON.stringify(frame).slice(0, 80)}`);
    }
    const known = received.has(seq);
    if (kind === "p") {
      if (!known) for (let i = 2; i < frame.length; i++) incoming.pieces.push(frame[i]);
      return;
    }
    this.#ackSoon();
    if (known) {
      this.duplicates++;
      return;
    }
    let pieces: readonly unknown[] = frame.slice(2);
    if (incoming.pieces.length > 0) {
      pieces = [...incoming.pieces, ...pieces];
      incoming.pieces = [];
    }
    const parts: readonly Part[] = this.#options.wire.decodeParts(pieces);
    received.note(seq);
    const from = incoming.from!;
    this.receivedFrom.set(from, (this.receivedFrom.get(from) ?? 0) + 1);
    this.#options.onEnvelope({ from, to: this.#options.self, epoch: received.epoch, seq, parts });
  }

  #greet(incoming: Incoming, frame: readonly unknown[]): void {
    if (isOrder(frame)) return this.#obey(incoming, frame);
    const [kind, program, version, cluster, from, epoch, to, first] = frame;
    const own = this.#options;
    if (kind !== "hello" || typeof from !== "string" || typeof epoch !== "number" || typeof first !== "number") {
      throw new FrameError(`expected the greeting of a node, found ${JSON.stringify(frame).slice(0, 80)}`);
    }
    const { strangers } = own;
    if (this.#addresses.has(from)) incoming.from = from;
    else if (strangers?.mayCome(from)) {
      // It comes again, and by then its joining may have been heard of.
      if (!strangers.areHeard) {
        incoming.isPutOff = true;
        incoming.socket.destroy();
        return;
      }
      incoming.from = from;
    } else throw new FrameError(`${JSON.stringify(from)} is no instance of this deployment`);
    // A role embedded in an application may not know its build; what it sends is checked by its types all the same.
    const differs = (theirs: unknown, ours: string): boolean => theirs !== ours && theirs !== "" && ours !== "";
    if (differs(program, own.program)) {
      throw new FrameError(`it runs the program ${JSON.stringify(program)}, this is ${JSON.stringify(own.program)}`);
    }
    if (differs(version, own.version)) {
      const versions = `version ${version} of ${program}, this is version ${own.version}`;
      throw new FrameError(`it runs ${versions}: deploy one build everywhere`);
    }
    if (cluster !== own.cluster) {
      throw new FrameError(
        `it belongs to the deployment ${JSON.stringify(cluster)}, this is ${JSON.stringify(own.cluster)}`,
      );
    }
    if (to !== own.self) {
      throw new FrameError(`it looks for ${to}, this is ${own.self}: compare the addresses in deploy.json`);
    }
    if (this.#disowned.has(from)) throw new Disowned("it has been declared gone");
    let received = this.#received.get(from);
    if (received === undefined || received.epoch !== epoch) {
      received = new Received(epoch, first);
      this.#received.set(from, received);
    } else if (first > received.contiguous + 1) {
      const why = `${from} goes on with message ${first}, since those before it were acknowledged, and it knows of ${received.contiguous}`;
      if (own.onOutdated !== undefined) return own.onOutdated(why);
    }
    incoming.received = received;
    incoming.acked = received.acknowledged;
    incoming.socket.write(encodeFrame(JSON.stringify(["welcome", received.acknowledged])));
    if (this.#paused) incoming.socket.pause();
  }

  /** Does what an operator says, and answers when it is done. */
  #obey({ socket }: Incoming, frame: readonly unknown[]): void {
    const { program, cluster, self, onGone } = this.#options;
    const order = orderIn(frame);
    if (order === null)
      throw new FrameError(`expected an operator's word, found ${JSON.stringify(frame).slice(0, 80)}`);
    const why = whyNot(order, { program, cluster, self }, (address) => this.#takesPart(address));
    if (why !== null) throw new FrameError(why);
    const answer = (what: readonly unknown[]): void => void socket.end(encodeFrame(JSON.stringify(what)));
    if (order.kind === "where") {
      const place = this.#takesPart(order.gone) ? this.#addresses.get(order.gone) : undefined;
      return answer(place === undefined ? ["nowhere"] : ["at", place.host, place.port]);
    }
    if (order.gone === self) return answer(["refuse", LIVES]);
    (onGone?.(order.gone, order.by) ?? Promise.resolve(0)).then(
      (failed) => answer(["done", failed]),
      (error: Error) => answer(["refuse", error.message]),
    );
  }

  /** It may have been declared gone, and has not left. */
  #takesPart(address: string): boolean {
    const hasLeft = this.#gone.has(address) && !this.#disowned.has(address);
    return address === this.#options.self || (this.#addresses.has(address) && !hasLeft);
  }

  /** This process has been declared gone. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onFault(disowned(this.#options.self));
    void this.close(0).then(() => this.#options.onEnd?.());
  }

  #ackSoon(): void {
    if (this.#acksDue) return;
    this.#acksDue = true;
    if (!this.#holdsAcks) setImmediate(() => this.acknowledge());
  }

  /** Something has come that is not acknowledged. */
  get owesAcks(): boolean {
    return this.#acksDue;
  }

  /** Everything that has come. */
  acknowledge(): void {
    if (!this.#acksDue) return;
    this.#acksDue = false;
    for (const received of this.#received.values()) received.acknowledged = received.contiguous;
    for (const incoming of this.#incoming) {
      const { received, socket } = incoming;
      if (received === null || received.acknowledged === incoming.acked || !socket.writable) continue;
      incoming.acked = received.acknowledged;
      socket.write(encodeFrame(`["ack",${received.acknowledged}]`));
    }
  }

  /** Stops (or goes on) reading from all peers; they notice by missing acknowledgements. */
  pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    for (const { socket, received } of this.#incoming) {
      if (!paused) socket.resume();
      else if (received !== null) socket.pause();
    }
  }

  get unacked(): number {
    let sum = this.#loopback.waiting;
    for (const outgoing of this.#outgoing.values()) sum += outgoing.unacked;
    return sum;
  }

  get unackedBytes(): number {
    let sum = 0;
    for (const outgoing of this.#outgoing.values()) sum += outgoing.unackedBytes;
    return sum;
  }

  get backlogs(): ReadonlyMap<string, Backlog> {
    const waited = [...this.#outgoing].filter(([, { unacked }]) => unacked > 0);
    return new Map(waited.map(([name, { backlog }]) => [name, backlog]));
  }

  /** Envelopes sent, by receiver. */
  get sentTo(): ReadonlyMap<string, number> {
    return new Map([...this.#outgoing].map(([name, outgoing]) => [name, outgoing.sent]));
  }

  /** `name` has ended for good: what waits for it is dropped, and what is sent to it from now on. */
  forget(name: string): void {
    this.#gone.add(name);
    this.#outgoing.get(name)?.close();
  }

  disown(name: string): void {
    this.forget(name);
    this.#disowned.add(name);
    for (const { from, socket } of this.#incoming) if (from === name) socket.destroy();
  }

  /** Cuts all connections, as a network does; nothing is lost by it. */
  interrupt(): void {
    for (const outgoing of this.#outgoing.values()) outgoing.interrupt();
    for (const { socket } of this.#incoming) socket.destroy();
  }

  /** Waits at most `graceMs` for the acknowledgements that are missing, then ends every connection. */
  async close(graceMs = 2000): Promise<void> {
    const until = Date.now() + graceMs;
    while (this.unacked > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    this.#loopback.close();
    for (const outgoing of this.#outgoing.values()) outgoing.close();
    for (const { socket } of this.#incoming) socket.destroySoon();
    await new Promise<void>((resolve) => {
      if (!this.#server.listening) return resolve();
      this.#server.close(() => resolve());
      // A peer that keeps its side open must not keep this process.
      setTimeout(() => {
        for (const { socket } of this.#incoming) socket.destroy();
      }, 200).unref();
    });
  }
}
