/**
 * Encrypted connections between the processes of a deployment. Each shows a certificate, and takes only who shows one
 * of the same authority: a deployment has an authority of its own. Hosts are compared with the certificate of who listens there.
 */
import { readFileSync } from "node:fs";
import { connect as connectPlain, createServer as createPlainServer, isIP, type Server, type Socket } from "node:net";
import { connect, createSecureContext, createServer, type SecureContext } from "node:tls";
import { TLS_KEYS } from "./tls-files.ts";
import type { TlsFiles } from "./tls-files.ts";
import { TransportError } from "./transport.ts";

/** A stranger may take so long to show who it is. */
const HANDSHAKE_MS = 10_000;

/** How this process opens connections and is opened them to. */
export interface Wiring {
  readonly connect: (host: string, port: number) => Socket;
  /** `refused`: somebody could not show who it is. */
  readonly serve: (accept: (socket: Socket) => void, refused: (who: Socket, reason: string) => void) => Server;
  /** The event of a socket of `connect` after which it can be written to. */
  readonly ready: "connect" | "secureConnect";
}

export const plain: Wiring = {
  connect: (host, port) => connectPlain({ host, port }),
  serve: (accept) => createPlainServer(accept),
  ready: "connect",
};

/** Throws TransportError where a file cannot be read, or does not hold what it should. */
export function encrypted(files: TlsFiles): Wiring {
  const [ca, cert, key] = TLS_KEYS.map((what) => read(what, files[what]));
  let context: SecureContext;
  try {
    context = createSecureContext({ ca, cert, key });
  } catch (error) {
    throw new TransportError(
      `"tls": ${files.cert} and ${files.key} cannot be used together with ${files.ca}: ${(error as Error).message}`,
    );
  }
  const own = { ca, cert, key, minVersion: "TLSv1.2" as const };
  return {
    connect: (host, port) =>
      connect({ host, port, secureContext: context, ...own, ...(isIP(host) === 0 && { servername: host }) }),
    serve(accept, refused) {
      const server = createServer(
        { ...own, requestCert: true, rejectUnauthorized: true, handshakeTimeout: HANDSHAKE_MS },
        accept,
      );
      server.on("tlsClientError", (error, socket) => refused(socket, reasonOf(error)));
      return server;
    },
    ready: "secureConnect",
  };
}

function read(what: string, path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new TransportError(`"tls": ${what} cannot be read: ${(error as Error).message}`);
  }
  const holds = what === "key" ? /-----BEGIN [A-Z ]*PRIVATE KEY-----/ : /-----BEGIN CERTIFICATE-----/;
  if (!holds.test(bytes.toString("latin1")))
    throw new TransportError(`"tls": ${path} holds no ${what === "key" ? "private key" : "certificate"} in PEM`);
  return bytes;
}

function reasonOf(error: Error & { readonly code?: string; readonly reason?: string }): string {
  if (error.code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") return "it shows no certificate";
  if (error.code === "ERR_SSL_HTTP_REQUEST" || error.code === "ERR_SSL_WRONG_VERSION_NUMBER")
    return "it does not encrypt";
  if (error.code === "ECONNRESET") return "it broke off, perhaps because it does not trust this process";
  return error.reason ?? error.message;
}
