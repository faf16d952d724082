/**
 * A port for whoever operates a node, beside the one for its peers. HTTP, to be read only:
 *
 *   /metrics   what it counts, for Prometheus
 *   /live      200 while the process answers
 *   /ready     200 while it takes part: its socket is open and it has been started; else 503
 *   /status    all of it, as JSON (`Observed`)
 */
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Observed } from "./control.ts";
import { METRICS_TYPE, metricsText } from "./metrics.ts";

/** Requests are a line and few headers; whoever is slower than this is not read further. Milliseconds. */
const REQUEST_MS = 5_000;

export class OperationsPort {
  readonly #server: Server;

  constructor(observe: () => Observed) {
    this.#server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
      const answer = (status: number, type: string, text: string): void => {
        response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
        response.end(request.method === "HEAD" ? undefined : text);
      };
      const plain = "text/plain; charset=utf-8";
      request.resume();
      if (request.method !== "GET" && request.method !== "HEAD")
        return answer(405, plain, "only GET is answered here\n");
      switch (request.url?.split("?", 1)[0]) {
        case "/metrics":
          return answer(200, METRICS_TYPE, metricsText(observe()));
        case "/live":
          return answer(200, plain, "live\n");
        case "/ready":
          return observe().ready ? answer(200, plain, "ready\n") : answer(503, plain, "not ready\n");
        case "/status":
          return answer(200, "application/json; charset=utf-8", `${JSON.stringify(observe())}\n`);
        default:
          return answer(404, plain, "there are /metrics, /live, /ready and /status\n");
      }
    });
    // Whoever looks must not keep a process from ending.
    this.#server.unref();
    this.#server.on("connection", (socket) => socket.unref());
  }

  /** Resolves to the port; rejects with the system's error (`EADDRINUSE`). Port 0: any that is free. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", reject);
        this.#server.on("error", () => {});
        resolve((this.#server.address() as { port: number }).port);
      });
    });
  }
}
