/**
 * What an operator says to a process, on a connection of its own to the port for peers: whoever may speak there as an
 * instance may say this too.
 *
 *   -> ["declare", program, cluster, to, gone, by]    gone: the instance that is; by: who says so
 *   <- ["done", n]  or  ["refuse", reason]            n: partitions that have failed by it
 *
 * Where one is that has joined since the deployment was written, he asks before:
 *
 *   -> ["where", program, cluster, to, gone, by]
 *   <- ["at", host, port]  or  ["nowhere"]  or  ["refuse", reason]
 */
import { placesOf } from "../deployment.ts";
import type { DeployFile } from "../deployment.ts";
import { encodeFrame, FrameError, FrameReader } from "./frames.ts";
import type { PeerAddress } from "./outgoing.ts";
import { encrypted, plain } from "./tls.ts";
import type { Wiring } from "./tls.ts";

/** What is said to whom, or asked. */
interface Order {
  readonly kind: "declare" | "where";
  readonly program: string;
  readonly cluster: string;
  readonly to: string;
  readonly gone: string;
  readonly by: string;
}

/** What a process has answered. `unreached`: it has not. */
export type Told = { readonly name: string; readonly kind: "done"; readonly failed: number } | Untold;

interface Untold {
  readonly name: string;
  readonly kind: "refused" | "unreached";
  readonly reason: string;
}

const LONGEST_NAME = 200;

/** Whether a frame is an operator's, of whatever form. */
export function isOrder([kind]: readonly unknown[]): boolean {
  return kind === "declare" || kind === "where";
}

/** null: it has no form known here. */
export function orderIn([kind, ...texts]: readonly unknown[]): Order | null {
  if (kind !== "declare" && kind !== "where") return null;
  if (texts.length !== 5 || !texts.every((text) => typeof text === "string" && text.length <= LONGEST_NAME))
    return null;
  const [program, cluster, to, gone, by] = texts as string[];
  return { kind, program, cluster, to, gone, by: by.replace(/[^\x20-\x7e]/g, "?") };
}

/** Why a process does not do what it is told; null: it does. */
export function whyNot(
  { kind, program, cluster, to, gone }: Order,
  own: { readonly program: string; readonly cluster: string; readonly self: string },
  isMember: (address: string) => boolean,
): string | null {
  if (program !== "" && own.program !== "" && program !== own.program)
    return `it is for the program ${JSON.stringify(program)}, this is ${JSON.stringify(own.program)}`;
  if (cluster !== own.cluster)
    return `it is for the deployment ${JSON.stringify(cluster)}, this is ${JSON.stringify(own.cluster)}`;
  if (to !== own.self) return `it is for ${to}, this is ${own.self}: compare the addresses in deploy.json`;
  return kind === "where" || (gone.includes("#") && isMember(gone))
    ? null
    : `${JSON.stringify(gone)} is no instance of this deployment`;
}

export const LIVES = "it lives: stop it first";

/**
 * Tells every process of a deployment that one of its instances is gone, but that one, which must not answer: it is asked
 * first. Where it is that has joined since, those know who take part; they tell other newcomers. null: none of them knows it.
 * Throws TransportError where the certificates cannot be used.
 */
export async function declareGone(
  deploy: DeployFile,
  gone: string,
  by: string,
  timeoutMs: number,
): Promise<readonly Told[] | null> {
  const wiring = deploy.tls === undefined ? plain : encrypted(deploy.tls);
  const { program = "", cluster = "" } = deploy;
  const places = placesOf(deploy);
  const others = [...places].filter(([name]) => name !== gone);
  const order = { program, cluster, gone, by };
  const declared = ([to, at]: readonly [string, PeerAddress]): Promise<Told> =>
    say({ kind: "declare", to, ...order }, at, wiring, timeoutMs, ([kind, failed]) =>
      kind === "done" && typeof failed === "number" ? { name: to, kind, failed } : null,
    );
  const found = ([to, at]: readonly [string, PeerAddress]): Promise<PeerAddress | "nowhere" | Untold> =>
    say({ kind: "where", to, ...order }, at, wiring, timeoutMs, ([kind, host, port]) => {
      if (kind === "nowhere") return kind;
      return kind === "at" && typeof host === "string" && typeof port === "number" ? { host, port } : null;
    });
  let place: PeerAddress | undefined = places.get(gone);
  if (place === undefined) {
    const answers = await Promise.all(others.map(found));
    const answered = answers.filter((answer) => answer === "nowhere" || "host" in answer);
    if (answered.length === 0) return answers.filter((answer) => answer !== "nowhere" && "reason" in answer);
    place = answered.find((answer) => answer !== "nowhere");
    if (place === undefined) return null;
  }
  const itself = await declared([gone, place]);
  if (itself.kind !== "unreached") return [itself];
  return Promise.all(others.map(declared));
}

/** `read`: what an answer says; null: it has no form known here. */
function say<T>(
  { kind: asked, program, cluster, to: name, gone, by }: Order,
  { host, port }: PeerAddress,
  wiring: Wiring,
  timeoutMs: number,
  read: (frame: readonly unknown[]) => T | null,
): Promise<T | Untold> {
  return new Promise((resolve) => {
    const socket = wiring.connect(host, port);
    const end = (told: T | Untold): void => {
      resolve(told);
      clearTimeout(timer);
      socket.destroy();
    };
    const unreached = (reason: string): void => end({ name, kind: "unreached", reason: `${host}:${port}: ${reason}` });
    const timer = setTimeout(() => unreached(`no answer within ${timeoutMs} ms`), timeoutMs);
    const reader = new FrameReader();
    socket.on("error", ({ code, message }: NodeJS.ErrnoException) => unreached(code ?? message));
    socket.on("close", () => unreached("the connection was closed"));
    socket.on(wiring.ready, () => socket.write(encodeFrame(JSON.stringify([asked, program, cluster, name, gone, by]))));
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk, (frame) => {
          const [kind, what] = frame;
          if (kind === "refuse" && typeof what === "string") return end({ name, kind: "refused", reason: what });
          const told = read(frame);
          if (told === null) throw new FrameError("its answer has no form known here");
          end(told);
        });
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        end({
          name,
          kind: "refused",
          reason: `what answers at ${host}:${port} is no process of dlc (${error.message})`,
        });
      }
    });
  });
}
