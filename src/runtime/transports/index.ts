/** The transports that a deployment can choose from: a file or folder here, and a line below. */
import { natsOf } from "../deployment.ts";
import { NatsTransport } from "./nats/nats.ts";
import { TcpTransport } from "./tcp.ts";
import { encrypted, plain } from "./tls.ts";
import type { Transport, TransportOptions } from "./transport.ts";
import { WireFormat } from "./wire.ts";

export type { LogPlaces, Transport, TransportOptions } from "./transport.ts";

export function createTransport(options: TransportOptions): Transport {
  const nats = natsOf(options.deploy);
  if (nats !== null) return new NatsTransport(options, nats);
  const { cluster = "", tls } = options.deploy;
  const wiring = tls === undefined ? plain : encrypted(tls);
  return new TcpTransport({ ...options, cluster, wire: new WireFormat(options.metas), wiring });
}
