/**
 * The sequencer as a process of its own: what arrives in one turn of the event loop becomes one batch per log. Of a log
 * that is cut into epochs what arrives in one of them does; an epoch begins with the first that comes.
 */
import { randomInt } from "node:crypto";
import { Backlogs } from "./backlogs.ts";
import type { SilentBacklog } from "./backlogs.ts";
import { countsOf, dynamicOf, epochMsOf, placesOf } from "./deployment.ts";
import type { DeployFile, Place } from "./deployment.ts";
import { faultText, goneText } from "./host.ts";
import { Registry } from "./membership/registry.ts";
import { rowsIn } from "./messages.ts";
import type { Envelope } from "./messages.ts";
import type { NodeCounts, NodeOptions } from "./node-options.ts";
import { Pressure } from "./pressure.ts";
import { OtlpExporter, resourceOf } from "./otlp.ts";
import type { RoleMeta } from "./program.ts";
import { LOG, parseAddress } from "./routing.ts";
import { Sequencer } from "./sequencer.ts";
import { Spans } from "./spans.ts";
import { Journal, openedLines } from "./storage/journal.ts";
import { RecordedRegistry, RecordedSequencer } from "./storage/recorded.ts";
import { outdated, StorageError } from "./storage/storage-error.ts";
import { now, Tracing } from "./tracing.ts";
import type { Trace } from "./tracing.ts";
import { createTransport } from "./transports/index.ts";
import type { Transport } from "./transports/index.ts";

/** A newcomer of which nothing is heard for so long is forgotten; within twice that at most. */
const SILENT_MS = 10_000;

export class LogNode {
  readonly address = LOG;
  readonly counts: NodeCounts = {
    steps: 0,
    rowsIn: 0,
    rowsSent: 0,
    sealsSent: 0,
    envelopesSent: 0,
    outputs: 0,
    faults: 0,
  };
  readonly fired: ReadonlyMap<string, number> = new Map();
  #deploy: DeployFile;
  readonly #sequencer: Sequencer;
  /** null: nothing is kept. */
  readonly #journal: Journal | null;
  readonly #onFailure: (error: StorageError) => void;
  #isFailed = false;
  readonly #transport: Transport;
  readonly #log: (line: string) => void;
  readonly #tracing: Tracing | null;
  /** As of a node. */
  readonly #spans: Spans | null;
  readonly #exporter: OtlpExporter | null;
  readonly #epochMs: number;
  #epoch: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  readonly #pressure: Pressure;
  readonly #backlogs: Backlogs;
  #isTurnDue = false;
  #isStarted = false;
  #isStopped = false;

  /** `metas`: all roles of the program. */
  constructor(metas: readonly RoleMeta[], options: NodeOptions & { readonly deploy: DeployFile }) {
    this.#deploy = options.deploy;
    if (options.deploy.log === undefined)
      throw new RangeError('the deployment has no place for the sequencer: "log" is missing');
    this.#epochMs = options.deploy.epochMs ?? epochMsOf(metas) ?? 0;
    this.#log = options.log ?? ((line) => void process.stderr.write(`${LOG}: ${line}\n`));
    this.#onFailure = options.onFailure ?? (() => {});
    const counts = countsOf(options.deploy);
    const data = options.data ?? options.deploy.data;
    const dynamic = dynamicOf(options.deploy);
    if (data === undefined) {
      this.#journal = null;
      const epoch = randomInt(2 ** 47);
      this.#sequencer =
        dynamic.size > 0 ? new Registry({ counts }, metas, epoch, dynamic) : new Sequencer({ counts }, metas, epoch);
    } else {
      const identity = {
        self: LOG,
        program: options.program ?? "",
        version: options.version ?? "",
        counts,
        isOnNats: false,
      };
      const { journal, recorded } = Journal.open<RecordedSequencer | RecordedRegistry>(data, identity, (epoch) =>
        dynamic.size > 0
          ? new RecordedRegistry({ counts }, metas, epoch, dynamic)
          : new RecordedSequencer({ counts }, metas, epoch),
      );
      recorded.recordIn(journal);
      this.#journal = journal;
      this.#sequencer = recorded;
      for (const line of openedLines(journal)) this.#log(line);
    }
    if (this.#sequencer instanceof Registry) this.#tend(this.#sequencer);
    const otlp = options.otlp ?? options.deploy.otlp;
    this.#exporter = otlp === undefined ? null : new OtlpExporter(otlp, resourceOf(LOG, options), this.#log);
    this.#spans = this.#exporter && new Spans(otlp?.sample ?? 1, (span) => this.#exporter!.add(span));
    this.#tracing = options.trace === true ? new Tracing(LOG) : null;
    this.#transport = createTransport({
      self: LOG,
      epoch: this.#sequencer.epoch,
      program: options.program ?? "",
      version: options.version ?? "",
      deploy: this.#deploy,
      metas,
      delay: options.delay ?? null,
      maxFrameBytes: options.maxFrameBytes,
      onEnvelope: (envelope) => {
        this.#tracing?.received(envelope);
        this.#spans?.received(envelope);
        for (const fault of this.#sequencer.take(envelope)) {
          this.counts.faults++;
          this.#log(faultText(fault));
        }
        this.#wake();
      },
      onFault: (fault) => {
        this.counts.faults++;
        this.#log(faultText(fault));
      },
      onRelief: () => this.#pressure.relieve(),
      onGone: (address, by) => this.#declareGone(address, by),
      onAcked: (peer, seq) => this.#journal?.acked(peer, seq),
      ...(dynamic.size > 0 && {
        strangers: { areHeard: true, mayCome: (name: string) => dynamic.has(parseAddress(name)?.role ?? "") },
      }),
      ...(this.#journal === null
        ? {}
        : { onOutdated: (why: string) => this.#fail(outdated(this.#journal!.path, why)) }),
      log: this.#log,
    });
    // Appenders are slowed down while readers are slow. What comes is placed at once.
    this.#pressure = new Pressure({
      waiting: () => 0,
      wantsStep: () => false,
      unackedBytes: () => this.#transport.unackedBytes,
      pause: (isPaused) => this.#transport.pause(isPaused),
      wake: () => this.#wake(),
    });
    this.#backlogs = new Backlogs({ backlogs: () => this.#transport.backlogs, log: this.#log });
    if (this.#journal !== null) {
      const { path, isEmpty, lastSent } = this.#journal;
      this.#transport.resume({ path, isEmpty, received: this.#sequencer.received, lastSent });
    }
  }

  #tend(registry: Registry): void {
    registry.onPlace = (address, place) =>
      this.#transport.learn!(address, place ?? placesOf(this.#deploy).get(address)!);
    registry.onChange = ({ kind, address, sponsor }) => {
      if (kind === "leave") this.#transport.forget(address);
      if (kind === "gone") return;
      this.#log(
        kind === "join"
          ? `${address} joins${sponsor === null ? "" : `, and gets the state of ${sponsor}`}`
          : kind === "leave"
            ? `${address} leaves`
            : `${address} is to get the state of ${sponsor}`,
      );
    };
    this.#silence = setInterval(() => {
      registry.forgetSilent();
      this.#wake();
    }, SILENT_MS);
  }

  /** Where newcomers are that an earlier life has let in; those that have left since are forgotten. */
  #newcomers(): ReadonlyMap<string, Place> {
    const places = new Map<string, Place>();
    if (!(this.#sequencer instanceof Registry)) return places;
    for (const { kind, address, place } of this.#sequencer.changes) {
      if (kind === "leave") places.delete(address);
      else if (kind !== "gone") places.set(address, place!);
      if (kind === "leave") this.#transport.forget(address);
    }
    return places;
  }

  get place(): Place {
    return this.#deploy.log!;
  }

  /** As of a node. */
  listen(at?: string): Promise<number> {
    const { host, port } = this.#deploy.log!;
    return this.#transport.listen(at ?? host, port);
  }

  start(deploy: DeployFile = this.#deploy): void {
    this.#isStarted = true;
    this.#deploy = deploy;
    for (const address of this.#sequencer.gone) this.#transport.disown(address);
    this.#transport.setAddresses(new Map([...placesOf(deploy), ...this.#newcomers()]));
    if (this.#journal !== null) for (const envelope of this.#journal.unacked()) this.#transport.send(envelope);
    // What an earlier life took and has not told.
    this.#wake();
  }

  /** As of a node; no partition waits here. */
  async #declareGone(address: string, by: string): Promise<number> {
    if (this.#sequencer.gone.has(address)) return 0;
    this.#log(goneText(address, by));
    this.#sequencer.declareGone(address);
    this.#wake();
    this.#transport.disown(address);
    this.#pressure.relieve();
    if (this.#keep(true)) return 0;
    throw new Error("it cannot write its data");
  }

  #wake(): void {
    if (this.#isTurnDue || this.#isStopped) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.#send(() => this.#sequencer.flush());
      if (this.#sequencer.isGathering && !this.#isStopped)
        this.#epoch ??= setTimeout(() => this.#endEpoch(), this.#epochMs);
    });
  }

  #endEpoch(): void {
    if (this.#epoch !== null) clearTimeout(this.#epoch);
    this.#epoch = null;
    this.#send(() => this.#sequencer.endEpoch());
  }

  #send(batches: () => readonly Envelope[]): void {
    if (this.#isStopped) return;
    const startedMs = this.#tracing === null && this.#spans === null ? 0 : now();
    const placed = batches();
    const envelopes = this.#spans?.batch(startedMs, placed) ?? placed;
    if (!this.#keep(envelopes.length > 0)) return;
    this.#tracing?.batch(startedMs, envelopes);
    if (envelopes.length > 0) this.counts.steps++;
    for (const envelope of envelopes) {
      this.counts.envelopesSent++;
      for (const part of envelope.parts) if (part.kind === "batch") this.counts.rowsSent += rowsIn(part.runs);
      this.#transport.send(envelope);
    }
    this.#transport.endStep();
    if (envelopes.length > 0) this.counts.lastStepAt = Date.now();
    this.#pressure.throttle();
  }

  /** As a node does. */
  #keep(leaves: boolean): boolean {
    try {
      this.#journal?.commit(leaves || this.#transport.owesAcks);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#fail(error);
      return false;
    }
    if (this.#journal !== null) this.#transport.acknowledge();
    return true;
  }

  #fail(error: StorageError): void {
    if (this.#isFailed) return;
    this.#isFailed = true;
    this.#isStopped = true;
    this.counts.faults++;
    this.#log(faultText({ code: error.code, message: `${error.message}; the sequencer stops` }));
    this.#journal!.abandon();
    void this.#transport.close(0);
    this.#onFailure(error);
  }

  get isBack(): boolean {
    return this.#journal?.isNew === false;
  }

  get isIdle(): boolean {
    return this.#isStarted && !this.#isTurnDue && this.#epoch === null && this.#transport.unacked === 0;
  }

  get isReady(): boolean {
    return this.#isStarted && !this.#isStopped;
  }

  /** Of messages, all are taken at once; what is placed waits for acknowledgement. */
  readonly waiting = 0;

  get unacked(): number {
    return this.#transport.unacked;
  }

  get unackedBytes(): number {
    return this.#transport.unackedBytes;
  }

  /** What waits for each peer. */
  get backlogs(): Readonly<Record<string, SilentBacklog>> {
    return this.#backlogs.of(Date.now());
  }

  get sentTo(): ReadonlyMap<string, number> {
    return this.#transport.sentTo;
  }

  get receivedFrom(): ReadonlyMap<string, number> {
    return this.#transport.receivedFrom;
  }

  readonly places = null;

  get duplicates(): number {
    return this.#transport.duplicates;
  }

  /** As of a node. */
  get traced(): Trace | null {
    return this.#tracing?.trace ?? null;
  }

  forget(peer: string): void {
    this.#transport.forget(peer);
  }

  /** As of a node. */
  interrupt(): void {
    this.#transport.interrupt();
  }

  async stop(graceMs = 2000): Promise<void> {
    if (this.#isStopped) return;
    this.#send(() => this.#sequencer.flush());
    this.#endEpoch();
    this.#isStopped = true;
    if (this.#silence !== null) clearInterval(this.#silence);
    this.#pressure.end();
    this.#backlogs.end();
    this.#transport.pause(false);
    await this.#transport.close(graceMs);
    await this.#exporter?.close(graceMs);
    if (!this.#isFailed) this.#journal?.close();
  }
}
