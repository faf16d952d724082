/**
 * What the streams, subjects, buckets and keys of a deployment are called. A *life* of a deployment is from its first
 * instance until nobody of it lives: the next begins with empty logs. With data it lasts as long as these.
 */

/** Letters and digits as they are, everything else as `_` and its bytes: one token, whatever the name holds. */
export function token(name: string): string {
  const escaped = (unit: string): string =>
    [...new TextEncoder().encode(unit)].map((byte) => `_${byte.toString(16).padStart(2, "0")}`).join("");
  return name === "" ? "_" : name.replace(/[^A-Za-z0-9]/gu, escaped);
}

/** The key-value bucket in which the members of a deployment are. */
export function bucketOf(cluster: string): string {
  return `dlc-${token(cluster)}`;
}

/** How the names of all streams of a deployment begin, whatever the life. */
export function streamsOf(cluster: string): string {
  return `dlc-${token(cluster)}-`;
}

const CHANNEL = "to ";

/** What the stream is called, among those of logs, in which messages to an instance stand. */
export function channelOf(address: string): string {
  return CHANNEL + address;
}

/** A stream by its name among logs, for a person. */
export function titleOf(log: string): string {
  return log.startsWith(CHANNEL) ? `the channel ${log}` : `the log ${log}`;
}

export const LIFE_KEY = "life";
export const MEMBER_KEYS = "members.*";

export const GONE_KEYS = "gone.*";

export function goneKey(address: string): string {
  return `gone.${token(address)}`;
}

export function memberKey(address: string): string {
  return `members.${token(address)}`;
}

/** Under which it is noted that the stream of a log has been made. */
export function logKey(log: string): string {
  return `logs.${token(log)}`;
}

export class Names {
  readonly life: string;
  readonly #streams: string;
  readonly #subjects: string;

  constructor(cluster: string, life: string) {
    this.life = life;
    this.#streams = `${streamsOf(cluster)}${life}-`;
    this.#subjects = `dlc.${token(cluster)}.${life}`;
  }

  /** Envelopes to this instance. */
  to(address: string): string {
    return `${this.#subjects}.to.${token(address)}`;
  }

  /** Acknowledgements of what this instance has sent. */
  acks(address: string): string {
    return `${this.#subjects}.acks.${token(address)}`;
  }

  /** Answered by the instance while it lives. */
  alive(address: string): string {
    return `${this.#subjects}.alive.${token(address)}`;
  }

  /** Answered by the instance when it has done what those say who have declared another gone. */
  declared(address: string): string {
    return `${this.#subjects}.declared.${token(address)}`;
  }

  /** Answered by every instance that lives. */
  get anyAlive(): string {
    return `${this.#subjects}.alive`;
  }

  /** Told of every instance that joins. */
  get joined(): string {
    return `${this.#subjects}.joined`;
  }

  stream(log: string): string {
    return this.#streams + token(log);
  }

  /** How the names of all streams begin in which messages to instances stand. */
  get channels(): string {
    return this.stream(CHANNEL);
  }

  /** Entries of a log, of one sender, for one instance of the log's role (by index), or for more (null). */
  entries(log: string, reader: number | null | "*", from: string): string {
    return `${this.#subjects}.log.${token(log)}.${reader ?? "all"}.${token(from)}`;
  }

  /** Marks that an epoch of a log is over. */
  epochEnds(log: string): string {
    return `${this.#subjects}.log.${token(log)}.${EPOCH_ENDS}`;
  }

  allEntries(log: string): string {
    return `${this.#subjects}.log.${token(log)}.>`;
  }
}

const EPOCH_ENDS = "epoch";

/** Whether what stands in a log is no entry, but the end of an epoch. */
export function endsEpoch(subject: string): boolean {
  return subject.endsWith(`.${EPOCH_ENDS}`);
}

/** The instance whom an entry is for; null: more than one. */
export function readerOf(subject: string): number | null {
  const reader = subject.split(".").at(-2);
  return reader === "all" ? null : Number(reader);
}
