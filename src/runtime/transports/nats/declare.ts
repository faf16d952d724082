/** An operator's word on NATS: it stands in the bucket of the members, where whoever starts later finds it too. */
import type { Told } from "../operator.ts";
import { LIVES } from "../operator.ts";
import { TransportError } from "../transport.ts";
import { bucketOf, goneKey, LIFE_KEY, MEMBER_KEYS, memberKey, Names } from "./names.ts";
import { keysOf, read } from "./members.ts";
import type { Gone, Life, Member } from "./members.ts";
import { openBucket, openSession } from "./session.ts";
import type { Session } from "./session.ts";
import type { NatsSettings } from "./settings.ts";
import { holdsMessages } from "./streams.ts";

/** As `declareGone` over TCP; `others`: all that the deployment places but that instance. Throws TransportError where no such deployment lives there. */
export async function declareGoneOnNats(
  settings: NatsSettings,
  {
    cluster,
    gone,
    isPlaced,
    by,
    others,
  }: {
    readonly cluster: string;
    readonly gone: string;
    readonly isPlaced: boolean;
    readonly by: string;
    readonly others: readonly string[];
  },
  timeoutMs: number,
): Promise<readonly Told[] | null> {
  const session = await openSession(settings, "dlc gone");
  try {
    const bucket = await openBucket(session, bucketOf(cluster));
    const { life, keepsData } = read<Life>(await bucket.get(LIFE_KEY)) ?? {};
    const names = new Names(cluster, life ?? "");
    const isOver =
      keepsData !== true &&
      (await asked(session, names.anyAlive, [], timeoutMs)) === null &&
      !(await holdsMessages(session, names));
    if (life === undefined || isOver)
      throw new TransportError(
        `no process of the deployment ${JSON.stringify(cluster)} lives on this cluster: the next one that starts begins it anew`,
      );
    if ((await asked(session, names.alive(gone), [], timeoutMs)) !== null)
      return [{ name: gone, kind: "refused", reason: LIVES }];
    if (!isPlaced && read<Member>(await bucket.get(memberKey(gone)))?.life !== life) return null;
    await bucket.put(goneKey(gone), JSON.stringify({ life, address: gone, by } satisfies Gone));
    const say = async (name: string): Promise<Told> => {
      const answer = await asked(session, names.declared(name), [gone, by], timeoutMs);
      if (answer === null)
        return { name, kind: "unreached", reason: "it does not answer, and hears of it when it is back" };
      const [kind, what] = JSON.parse(answer) as [string, unknown];
      return kind === "done" ? { name, kind, failed: Number(what) } : { name, kind: "refused", reason: String(what) };
    };
    // Those that have joined since; one that does not answer may have left.
    const keys = await keysOf(session, bucketOf(cluster), MEMBER_KEYS);
    const members = await Promise.all(keys.map(async (key) => read<Member>(await bucket.get(key))));
    const newcomers = members.flatMap((member) =>
      member?.life === life && member.address !== gone && !others.includes(member.address) ? [member.address] : [],
    );
    const [told, toldToo] = await Promise.all([Promise.all(others.map(say)), Promise.all(newcomers.map(say))]);
    return [...told, ...toldToo.filter(({ kind }) => kind !== "unreached")];
  } finally {
    await session.connection.close();
  }
}

/** null: nobody answers. */
async function asked(
  { connection }: Session,
  subject: string,
  said: readonly string[],
  timeoutMs: number,
): Promise<string | null> {
  try {
    return (await connection.request(subject, JSON.stringify(said), { timeout: timeoutMs })).string();
  } catch {
    return null;
  }
}
