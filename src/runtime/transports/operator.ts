/**
 * What an operator says to a process, on a connection of its own to the port for peers: whoever may speak there as an
 * instance may say this too.
 *
 *   -> ["declare", program, cluster, to, gone, by]    gone: the instance that is; by: who says so
 *   <- ["done", n]  or  ["refuse", reason]            n: partitions that have failed by it
 */
import { placesOf } from "../deployment.ts";
import type { DeployFile, Place } from "../deployment.ts";
import { encodeFrame, FrameError, FrameReader } from "./frames.ts";
import { encrypted, plain } from "./tls.ts";
import type { Wiring } from "./tls.ts";

/** What is said to whom. */
interface Order {
  readonly program: string;
  readonly cluster: string;
  readonly to: string;
  readonly gone: string;
  readonly by: string;
}

/** What a process has answered. `unreached`: it has not. */
export type Told =
  | { readonly name: string; readonly kind: "done"; readonly failed: number }
  | { readonly name: string; readonly kind: "refused" | "unreached"; readonly reason: string };

const LONGEST_NAME = 200;

/** null: the frame is none. */
export function orderIn(frame: readonly unknown[]): Order | null {
  const texts = frame.slice(1);
  if (texts.length !== 5 || !texts.every((text) => typeof text === "string" && text.length <= LONGEST_NAME))
    return null;
  const [program, cluster, to, gone, by] = texts as string[];
  return { program, cluster, to, gone, by: by.replace(/[^\x20-\x7e]/g, "?") };
}

/** Why a process does not do what it is told; null: it does. */
export function whyNot(
  { program, cluster, to, gone }: Order,
  own: { readonly program: string; readonly cluster: string; readonly self: string },
  isMember: (address: string) => boolean,
): string | null {
  if (program !== "" && own.program !== "" && program !== own.program)
    return `it is for the program ${JSON.stringify(program)}, this is ${JSON.stringify(own.program)}`;
  if (cluster !== own.cluster)
    return `it is for the deployment ${JSON.stringify(cluster)}, this is ${JSON.stringify(own.cluster)}`;
  if (to !== own.self) return `it is for ${to}, this is ${own.self}: compare the addresses in deploy.json`;
  return gone.includes("#") && isMember(gone) ? null : `${JSON.stringify(gone)} is no instance of this deployment`;
}

export const LIVES = "it lives: stop it first";

/**
 * Tells every process of a deployment that one of its instances is gone, but that one, which must not answer: it is asked
 * first. Throws TransportError where the certificates cannot be used.
 */
export async function declareGone(
  deploy: DeployFile,
  gone: string,
  by: string,
  timeoutMs: number,
): Promise<readonly Told[]> {
  const wiring = deploy.tls === undefined ? plain : encrypted(deploy.tls);
  const { program = "", cluster = "" } = deploy;
  const places = placesOf(deploy);
  const said = (to: string): Promise<Told> =>
    say({ program, cluster, to, gone, by }, places.get(to)!, wiring, timeoutMs);
  const itself = await said(gone);
  if (itself.kind !== "unreached") return [itself];
  return Promise.all([...places.keys()].filter((name) => name !== gone).map(said));
}

function say(
  { program, cluster, to, gone, by }: Order,
  { host, port }: Place,
  wiring: Wiring,
  timeoutMs: number,
): Promise<Told> {
  return new Promise((resolve) => {
    const socket = wiring.connect(host, port);
    const end = (told: Told): void => {
      resolve(told);
      clearTimeout(timer);
      socket.destroy();
    };
    const unreached = (reason: string): void =>
      end({ name: to, kind: "unreached", reason: `${host}:${port}: ${reason}` });
    const timer = setTimeout(() => unreached(`no answer within ${timeoutMs} ms`), timeoutMs);
    const reader = new FrameReader();
    socket.on("error", ({ code, message }: NodeJS.ErrnoException) => unreached(code ?? message));
    socket.on("close", () => unreached("the connection was closed"));
    socket.on(wiring.ready, () =>
      socket.write(encodeFrame(JSON.stringify(["declare", program, cluster, to, gone, by]))),
    );
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk, ([kind, what]) => {
          if (kind === "done" && typeof what === "number") end({ name: to, kind, failed: what });
          else if (kind === "refuse" && typeof what === "string") end({ name: to, kind: "refused", reason: what });
          else throw new FrameError("its answer has no form known here");
        });
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        end({
          name: to,
          kind: "refused",
          reason: `what answers at ${host}:${port} is no process of dlc (${error.message})`,
        });
      }
    });
  });
}
