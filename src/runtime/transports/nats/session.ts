/** A connection to a NATS cluster with all that this transport needs of it, or the reason why there is none. */
import { readFileSync } from "node:fs";
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import type { ConnectionOptions, NatsConnection } from "@nats-io/transport-node";
import { TransportError } from "../transport.ts";
import { loadPackages } from "./packages.ts";
import type { Packages } from "./packages.ts";
import { serversText } from "./settings.ts";
import type { NatsSettings } from "./settings.ts";

/** The oldest server that has all that is used here. */
const OLDEST = [2, 9, 0] as const;
/** Servers that are still starting are waited for. */
const PATIENCE_MS = 3000;
const RETRY_MS = 200;
/** A cluster that is still electing is waited for. */
const ELECTION_MS = 30_000;
/** So are servers that are to join it. */
const SCARCE_MS = 10_000;
const MOST_REPLICAS = 3;
const NO_SUITABLE_PEERS = [10005, 10023, 10074];

export interface Session {
  readonly packages: Packages;
  readonly connection: NatsConnection;
  readonly streams: JetStreamManager;
  readonly log: JetStreamClient;
  /** Servers that keep each stream. */
  readonly replicas: number;
}

/** Throws TransportError, for a person. `name`: how the servers call this connection. */
export async function openSession(settings: NatsSettings, name: string): Promise<Session> {
  const packages = await loadPackages();
  const connection = await connected(packages, settings, name);
  try {
    checkVersion(connection);
    const streams = await jetStreamOf(packages, connection);
    const log = packages.jetstream.jetstream(connection, { timeout: 5000 });
    return { packages, connection, streams, log, replicas: settings.replicas ?? replicasOf(connection, settings) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function connected({ core }: Packages, settings: NatsSettings, name: string): Promise<NatsConnection> {
  const options: ConnectionOptions = {
    servers: [...settings.servers],
    name,
    timeout: 5000,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    reconnectJitterTLS: 100,
    // A server that is there and does not answer is given up within seconds.
    pingInterval: 3000,
    maxPingOut: 2,
    // Servers may be restarted with other users before this process is.
    ignoreAuthErrorAbort: true,
    ...(settings.user === null ? {} : { user: settings.user, pass: settings.password ?? "" }),
    ...(settings.token === null ? {} : { token: settings.token }),
    ...(settings.creds === null ? {} : { authenticator: core.credsAuthenticator(fileOf("creds", settings.creds)) }),
    ...(settings.nkey === null ? {} : { authenticator: core.nkeyAuthenticator(seedOf(settings.nkey)) }),
    // Of itself, the client encrypts what the server wants encrypted.
    ...(settings.tls ? { tls: tlsOf(settings) } : {}),
  };
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await core.connect(options);
    } catch (error) {
      const isReset = (error as NodeJS.ErrnoException).code === "ECONNRESET";
      if ((!isRefused(error) && !isReset) || Date.now() > until)
        throw new TransportError(whyNot(error as Error, settings));
      await later(RETRY_MS);
    }
  }
}

function tlsOf({ ca, cert, key }: NatsSettings): ConnectionOptions["tls"] {
  return {
    ...(ca === null ? {} : { ca: fileOf("ca", ca).toString() }),
    ...(cert === null ? {} : { cert: fileOf("cert", cert).toString() }),
    ...(key === null ? {} : { key: fileOf("key", key).toString() }),
  };
}

function fileOf(what: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TransportError(`${what}=${path} cannot be read: ${(error as Error).message}`);
  }
}

function seedOf(path: string): Uint8Array {
  return new TextEncoder().encode(fileOf("nkey", path).toString().trim());
}

function isRefused(error: unknown): boolean {
  const { message, code } = error as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" || message === "connection refused";
}

function whyNot(error: Error, settings: NatsSettings): string {
  const servers = serversText(settings);
  const { message } = error;
  const code = (error as NodeJS.ErrnoException).code ?? (error.cause as NodeJS.ErrnoException | undefined)?.code;
  if (isRefused(error))
    return `no NATS server answers at ${servers}: start it (nats-server -js), or correct the address`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `there is no host of that name at ${servers}: ${message}`;
  const own =
    settings.creds === null ? (settings.nkey === null ? null : `nkey=${settings.nkey}`) : `creds=${settings.creds}`;
  if (own !== null && /parse|seed|encod|checksum|prefix/i.test(message))
    return `${own} does not hold what it should: ${message}`;
  if (/authorization|authentication|nkey|user jwt/i.test(message)) {
    const given = settings.user ?? settings.creds ?? settings.nkey ?? (settings.token === null ? null : "this token");
    return given === null
      ? `the NATS server at ${servers} asks for credentials: user:password@ or token@ before the host, creds= or nkey= after it`
      : `the NATS server at ${servers} does not let ${given} in: ${message}`;
  }
  if (!settings.tls && /certificate|\btls\b|\bssl\b|alert/i.test(message))
    return `the NATS server at ${servers} asks for an encrypted connection: write tls:// for nats://`;
  if (settings.tls) {
    const mend = settings.ca === null ? "say whom to trust with ca=" : "compare it with ca=";
    const cert = settings.cert === null ? ", or give cert= and key= if the server asks for a certificate" : "";
    return `no encrypted connection to the NATS server at ${servers}: ${message} (${mend}${cert})`;
  }
  return `no connection to the NATS server at ${servers}: ${message}`;
}

function checkVersion(connection: NatsConnection): void {
  const { version = "" } = connection.info ?? {};
  const parts = version.split(/[.-]/).slice(0, 3).map(Number);
  for (let i = 0; i < OLDEST.length; i++) {
    if (parts[i] > OLDEST[i]) return;
    if (parts[i] === OLDEST[i]) continue;
    throw new TransportError(
      `the NATS server at ${connection.getServer()} is version ${version}; ${OLDEST[0]}.${OLDEST[1]} or later is needed`,
    );
  }
}

async function jetStreamOf({ jetstream }: Packages, connection: NatsConnection): Promise<JetStreamManager> {
  const until = Date.now() + ELECTION_MS;
  for (;;) {
    try {
      const streams = await jetstream.jetstreamManager(connection, { timeout: 2500, checkAPI: false });
      await streams.getAccountInfo();
      return streams;
    } catch (error) {
      const at = connection.getServer();
      // Of a server without JetStream nobody answers; in a cluster that is electing nobody does for a while.
      const isDisabled = connection.info?.jetstream !== true && !connection.info?.cluster;
      if (isDisabled || (error as { code?: number }).code === 10039)
        throw new TransportError(
          `the NATS server at ${at} runs without JetStream, which keeps the logs and the members: start it with -js (or allow it for this account)`,
        );
      if (Date.now() > until)
        throw new TransportError(`JetStream of the NATS server at ${at} does not answer: ${(error as Error).message}`);
      await later(RETRY_MS);
    }
  }
}

function replicasOf(connection: NatsConnection, settings: NatsSettings): number {
  const { cluster, connect_urls = [] } = connection.info ?? {};
  if (!cluster) return 1;
  // A log that two servers keep needs both of them: it is no safer than one.
  return Math.max(settings.servers.length, connect_urls.length) >= MOST_REPLICAS ? MOST_REPLICAS : 1;
}

/** Repeats while servers are still finding each other. */
export async function onceThereAreEnough<T>(session: Session, make: () => Promise<T>): Promise<T> {
  const begun = Date.now();
  for (;;) {
    try {
      return await make();
    } catch (error) {
      const isScarce = NO_SUITABLE_PEERS.includes((error as { code?: number }).code ?? 0);
      if (Date.now() - begun > (isScarce ? SCARCE_MS : ELECTION_MS)) {
        const { replicas } = session;
        throw new TransportError(
          isScarce
            ? `the NATS cluster has fewer than the ${replicas} servers that are to keep each log: start them, or say replicas=1`
            : `JetStream refuses: ${(error as Error).message}`,
        );
      }
      await later(RETRY_MS);
    }
  }
}

/** The bucket of that name, made where there is none. */
export function openBucket(session: Session, name: string): Promise<KV> {
  const { kv } = session.packages;
  return onceThereAreEnough(session, () =>
    new kv.Kvm(session.log).create(name, { replicas: session.replicas, history: 1 }),
  );
}

/** What only we can cause ends the process, also where the client of NATS, or a loop that tries again, would catch it. */
export function endWith(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

export function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
