/** The client of NATS: packages that are loaded only where a deployment asks for them. */
import { TransportError } from "../transport.ts";

/** What a program on NATS needs besides Node; `dlc` itself has the same in its package.json. */
export const NATS_PACKAGES: Readonly<Record<string, string>> = {
  "@nats-io/jetstream": "~3.3.1",
  "@nats-io/kv": "~3.3.1",
  "@nats-io/transport-node": "~3.3.1",
};

export interface Packages {
  readonly core: typeof import("@nats-io/transport-node");
  readonly jetstream: typeof import("@nats-io/jetstream");
  readonly kv: typeof import("@nats-io/kv");
}

export async function loadPackages(): Promise<Packages> {
  try {
    const [core, jetstream, kv] = await Promise.all([
      import("@nats-io/transport-node"),
      import("@nats-io/jetstream"),
      import("@nats-io/kv"),
    ]);
    return { core, jetstream, kv };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    const wanted = Object.entries(NATS_PACKAGES).map(([name, range]) => `${name}@${range}`);
    throw new TransportError(
      `the client of NATS is not installed beside this program: npm install ${wanted.join(" ")} (in its folder)`,
    );
  }
}
