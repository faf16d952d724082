/** Instances and sequencers that note in a journal what happens to them, and are brought back by it. */
import type { LogEntry } from "../followed-logs.ts";
import type { Deadline } from "../given-up.ts";
import type { StepChoice, StepEffects } from "../instance.ts";
import { Instance } from "../instance.ts";
import type { Envelope } from "../messages.ts";
import type { Fault, Row } from "../program.ts";
import { MemberInstance } from "../membership/member.ts";
import { Registry } from "../membership/registry.ts";
import { Sequencer } from "../sequencer.ts";
import type { Entry, Journal, Recorded } from "./journal.ts";

const NOTHING_LEAVES = { outputs: [] };

/** An instance that notes what happens to it. */
export interface Recording extends Recorded {
  /** null: what happens has been noted before. */
  journal: Journal | null;
  /** From here on what happens is noted. */
  recordIn(journal: Journal): void;
  apply(entry: Entry): Pick<StepEffects, "envelopes" | "outputs"> | null;
}

/** The same of a class of instances. */
function recording<Given extends readonly unknown[], Of extends Instance>(
  base: new (...given: Given) => Of,
): new (...given: Given) => Of & Recording {
  class Recorded extends (base as new (...given: Given) => Instance) implements Recording {
    journal: Journal | null = null;
    /** Deadlines that began to run while it was brought back. */
    #reopened: Deadline[] = [];

    recordIn(journal: Journal): void {
      this.journal = journal;
    }

    apply(entry: Entry): StepEffects | null {
      switch (entry[0]) {
        case "input":
          for (const row of entry[2]) this.input(entry[1], row);
          return null;
        case "seal":
          this.sealInput(entry[1], entry[2]);
          return null;
        case "end":
          this.endInput(entry[1] ?? undefined);
          return null;
        case "fire":
          this.fire(entry[1]);
          return null;
        case "envelope":
          this.receive(entry[1]);
          return null;
        case "entry":
          this.enter(entry[1]);
          return null;
        case "expire":
          this.expire(entry[1]);
          return null;
        case "gone":
          this.declareGone(entry[1]);
          return null;
        case "step": {
          const effects = this.step();
          this.#reopened.push(...super.deadlines());
          return effects;
        }
        default:
          return null;
      }
    }

    override input(collection: string, row: Row): Fault | null {
      const fault = super.input(collection, row);
      if (fault === null) this.journal?.note(["input", collection, [row]]);
      return fault;
    }

    override sealInput(collection: string, key: Row): Fault | null {
      const fault = super.sealInput(collection, key);
      if (fault === null) this.journal?.note(["seal", collection, key]);
      return fault;
    }

    override endInput(collection?: string): void {
      super.endInput(collection);
      this.journal?.note(["end", collection ?? null]);
    }

    override fire(timer: string): void {
      super.fire(timer);
      this.journal?.note(["fire", timer]);
    }

    override receive(envelope: Envelope): readonly Fault[] {
      this.journal?.note(["envelope", envelope]);
      return super.receive(envelope);
    }

    override enter(entry: LogEntry): ReturnType<Instance["enter"]> {
      this.journal?.note(["entry", entry]);
      return super.enter(entry);
    }

    override expire(deadline: Deadline): Fault | null {
      this.journal?.note(["expire", deadline]);
      return super.expire(deadline);
    }

    override declareGone(address: string): readonly Fault[] {
      this.journal?.note(["gone", address]);
      return super.declareGone(address);
    }

    /** After a restart deadlines run anew; of partitions that closed or failed before they find nothing to do. */
    override deadlines(): readonly Deadline[] {
      const begun = super.deadlines();
      if (this.#reopened.length === 0) return begun;
      const all = [...this.#reopened, ...begun];
      this.#reopened = [];
      return all;
    }

    override step(choice?: StepChoice): StepEffects {
      if (choice !== undefined && this.journal !== null)
        throw new Error(`${this.address} cannot note which events a step chooses`);
      const effects = super.step(choice);
      this.journal?.note(["step"]);
      this.journal?.leaves(effects);
      return effects;
    }
  }
  return Recorded as unknown as new (...given: Given) => Of & Recording;
}

export class RecordedInstance extends recording(Instance) {}

/** One of a deployment whose members change: what it says on its own account is noted as well. */
export class RecordedMember extends recording(MemberInstance) {
  override apply(entry: Entry): ReturnType<Recording["apply"]> {
    switch (entry[0]) {
      case "join":
        this.join(entry[1]);
        return null;
      case "word":
        if (entry[1] === "changes") this.asks();
        else if (entry[1] === "waits") this.waits();
        else this.asksForSponsor();
        return null;
      case "depart":
        return { envelopes: this.depart(), ...NOTHING_LEAVES };
      case "leave":
        return { envelopes: [this.leave()], ...NOTHING_LEAVES };
      default:
        return super.apply(entry);
    }
  }

  override join(place: Parameters<MemberInstance["join"]>[0]): void {
    this.journal?.note(["join", place]);
    super.join(place);
  }

  override asks(): void {
    this.journal?.note(["word", "changes"]);
    super.asks();
  }

  override waits(): boolean {
    this.journal?.note(["word", "waits"]);
    return super.waits();
  }

  override asksForSponsor(): void {
    this.journal?.note(["word", "sponsor"]);
    super.asksForSponsor();
  }

  override depart(): readonly Envelope[] {
    this.journal?.note(["depart"]);
    const envelopes = super.depart();
    this.journal?.leaves({ envelopes, ...NOTHING_LEAVES });
    return envelopes;
  }

  override leave(): Envelope {
    this.journal?.note(["leave"]);
    const envelope = super.leave();
    this.journal?.leaves({ envelopes: [envelope], ...NOTHING_LEAVES });
    return envelope;
  }
}

/** A sequencer that notes what happens to it. */
export interface RecordingSequencer extends Recorded {
  journal: Journal | null;
  recordIn(journal: Journal): void;
}

function recordingSequencer<Given extends readonly unknown[], Of extends Sequencer>(
  base: new (...given: Given) => Of,
): new (...given: Given) => Of & RecordingSequencer {
  class Recorded extends (base as new (...given: Given) => Sequencer) implements RecordingSequencer {
    journal: Journal | null = null;

    recordIn(journal: Journal): void {
      this.journal = journal;
    }

    apply(entry: Entry): Pick<StepEffects, "envelopes" | "outputs"> | null {
      switch (entry[0]) {
        case "envelope":
          this.take(entry[1]);
          return null;
        case "step":
          return { envelopes: this.flush(), ...NOTHING_LEAVES };
        case "epoch":
          return { envelopes: this.endEpoch(), ...NOTHING_LEAVES };
        case "gone":
          this.declareGone(entry[1]);
          return null;
        default:
          return null;
      }
    }

    override take(envelope: Envelope): readonly Fault[] {
      this.journal?.note(["envelope", envelope]);
      return super.take(envelope);
    }

    override declareGone(address: string): void {
      this.journal?.note(["gone", address]);
      super.declareGone(address);
    }

    override flush(): readonly Envelope[] {
      return this.#noted("step", super.flush());
    }

    override endEpoch(): readonly Envelope[] {
      return this.#noted("epoch", super.endEpoch());
    }

    #noted(what: "step" | "epoch", envelopes: readonly Envelope[]): readonly Envelope[] {
      if (envelopes.length === 0) return envelopes;
      this.journal?.note([what]);
      this.journal?.leaves({ envelopes, ...NOTHING_LEAVES });
      return envelopes;
    }
  }
  return Recorded as unknown as new (...given: Given) => Of & RecordingSequencer;
}

export class RecordedSequencer extends recordingSequencer(Sequencer) {}

export class RecordedRegistry extends recordingSequencer(Registry) {
  override apply(entry: Entry): ReturnType<Recorded["apply"]> {
    if (entry[0] !== "silence") return super.apply(entry);
    this.forgetSilent();
    return null;
  }

  override forgetSilent(): void {
    this.journal?.note(["silence"]);
    super.forgetSilent();
  }
}
