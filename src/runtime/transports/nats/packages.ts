/** The client of NATS: packages that are loaded only where a deployment asks for them. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TransportError } from "../transport.ts";

/** What a program on NATS needs besides Node; `dlc` itself has the same in its package.json. */
export const NATS_PACKAGES: Readonly<Record<string, string>> = {
  "@nats-io/jetstream": "~3.3.1",
  "@nats-io/kv": "~3.3.1",
  "@nats-io/transport-node": "~3.3.1",
};

/** A variable of the environment: the folder from which they are loaded where they do not lie beside the program. */
export const PACKAGES_FOLDER = "DLC_PACKAGES";

export interface Packages {
  readonly core: typeof import("@nats-io/transport-node");
  readonly jetstream: typeof import("@nats-io/jetstream");
  readonly kv: typeof import("@nats-io/kv");
}

export async function loadPackages(): Promise<Packages> {
  try {
    // One after the other: they share packages.
    const core = await import("@nats-io/transport-node");
    const jetstream = await import("@nats-io/jetstream");
    return { core, jetstream, kv: await import("@nats-io/kv") };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    const elsewhere = await packagesOf(process.env[PACKAGES_FOLDER]);
    if (elsewhere !== null) return elsewhere;
    const wanted = Object.entries(NATS_PACKAGES).map(([name, range]) => `${name}@${range}`);
    throw new TransportError(
      `the client of NATS is not installed beside this program: npm install ${wanted.join(" ")} (in its folder)`,
    );
  }
}

async function packagesOf(folder: string | undefined): Promise<Packages | null> {
  if (folder === undefined) return null;
  const { resolve } = createRequire(join(folder, "package.json"));
  const load = async (name: string): Promise<unknown> => import(pathToFileURL(resolve(name)).href);
  try {
    const core = (await load("@nats-io/transport-node")) as Packages["core"];
    const jetstream = (await load("@nats-io/jetstream")) as Packages["jetstream"];
    return { core, jetstream, kv: (await load("@nats-io/kv")) as Packages["kv"] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    return null;
  }
}
