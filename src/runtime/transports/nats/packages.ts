/** The client of NATS: packages that are loaded only where a deployment asks for them. */
import { createRequire } from "node:module";
import { join } from "node:path";
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
    if (!isMissing(error)) throw error;
    const elsewhere = packagesOf(process.env[PACKAGES_FOLDER]);
    if (elsewhere !== null) return elsewhere;
    const wanted = Object.entries(NATS_PACKAGES).map(([name, range]) => `${name}@${range}`);
    throw new TransportError(
      `the client of NATS is not installed beside this program: npm install ${wanted.join(" ")} (in its folder)`,
    );
  }
}

function packagesOf(folder: string | undefined): Packages | null {
  if (folder === undefined) return null;
  const load = createRequire(join(folder, "package.json"));
  try {
    const core = load("@nats-io/transport-node") as Packages["core"];
    const jetstream = load("@nats-io/jetstream") as Packages["jetstream"];
    return { core, jetstream, kv: load("@nats-io/kv") as Packages["kv"] };
  } catch (error) {
    if (!isMissing(error)) throw error;
    return null;
  }
}

/** As `import` says it, and as `require` does. */
function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}
