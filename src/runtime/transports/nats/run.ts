/** A deployment on NATS that lasts for one run: the cluster is tried before anything starts, and left as it was where no data are kept. */
import { bucketOf, streamsOf } from "./names.ts";
import { deleteStreams } from "./registry.ts";
import { openBucket, openSession } from "./session.ts";
import type { Session } from "./session.ts";
import type { NatsSettings } from "./settings.ts";

export class NatsRun {
  readonly #session: Session;
  readonly #cluster: string;

  private constructor(session: Session, cluster: string) {
    this.#session = session;
    this.#cluster = cluster;
  }

  /** Throws TransportError where the cluster lacks something. */
  static async open(settings: NatsSettings, cluster: string): Promise<NatsRun> {
    const session = await openSession(settings, "dlc run");
    try {
      await openBucket(session, bucketOf(cluster));
    } catch (error) {
      await session.connection.close();
      throw error;
    }
    return new NatsRun(session, cluster);
  }

  /** Deletes what the run has put into the cluster. */
  async remove(): Promise<void> {
    const { streams } = this.#session;
    const bucket = `KV_${bucketOf(this.#cluster)}`;
    try {
      await deleteStreams(this.#session, (name) => name.startsWith(streamsOf(this.#cluster)));
      await streams.streams.delete(bucket);
    } catch {
      // A cluster that is away keeps them, under a name that no other run has.
    }
    await this.leave();
  }

  async leave(): Promise<void> {
    await this.#session.connection.close().catch(() => {});
  }
}
