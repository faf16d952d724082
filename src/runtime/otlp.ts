/**
 * Spans for those who collect them: OTLP as JSON, sent to a collector's `/v1/traces`, or a line in a file for each lot
 * (OpenTelemetry's file exporter). Nothing that a node does waits for it; what cannot be delivered is dropped in the end, and said.
 */
import { appendFile } from "node:fs/promises";
import { hostname } from "node:os";
import { isFile } from "./otlp-settings.ts";
import type { OtlpSettings } from "./otlp-settings.ts";
import { parseAddress } from "./routing.ts";
import type { Span, SpanContext } from "./spans.ts";

/** Whose spans they are. */
export interface Resource {
  readonly address: string;
  readonly program: string;
  readonly version: string;
}

export function resourceOf(
  address: string,
  { program = "", version = "" }: { readonly program?: string; readonly version?: string },
): Resource {
  return { address, program, version };
}

const LOT = 512;
const MOST_WAITING = 8 * LOT;
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 30_000;
const ANSWER_MS = 10_000;
/** Answers after which the same may be sent again; of all others the lot is lost. */
const AGAIN = [429, 502, 503, 504];

export class OtlpExporter {
  readonly #deliver: (lot: readonly Span[]) => Promise<void>;
  readonly #log: (line: string) => void;
  #waiting: Span[] = [];
  #timer: NodeJS.Timeout | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #dropped = 0;
  #isTold = false;
  #delivery: Promise<void> | null = null;

  constructor({ to }: OtlpSettings, resource: Resource, log: (line: string) => void) {
    const body = (lot: readonly Span[]): string => JSON.stringify(tracesOf(resource, lot));
    this.#deliver = isFile(to) ? (lot) => appendFile(to, `${body(lot)}\n`) : (lot) => post(urlOf(to), body(lot));
    this.#log = log;
  }

  add(span: Span): void {
    if (this.#waiting.length >= MOST_WAITING) this.#dropped++;
    else this.#waiting.push(span);
    if (this.#waiting.length === LOT && this.#delivery === null && !this.#isTold) void this.#flush();
    else this.#timer ??= setTimeout(() => void this.#flush(), this.#pauseMs).unref();
  }

  #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return (this.#delivery ??= this.#send().finally(() => {
      this.#delivery = null;
      if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.#flush(), this.#pauseMs).unref();
    }));
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lot = this.#waiting.splice(0, LOT);
      try {
        await this.#deliver(lot);
        if (this.#isTold)
          this.#log(`spans are delivered again${this.#dropped > 0 ? `; ${this.#dropped} were dropped` : ""}`);
        this.#isTold = false;
        this.#dropped = 0;
        this.#pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        const isFinal = error instanceof Refused;
        if (isFinal) this.#dropped += lot.length;
        else this.#waiting = [...lot, ...this.#waiting];
        if (!this.#isTold)
          this.#log(`spans cannot be delivered: ${reasonOf(error as Error)}${isFinal ? "" : "; trying again"}`);
        this.#isTold = true;
        this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
        return;
      }
    }
  }

  /** Delivers what waits, within that time. */
  async close(graceMs: number): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
    await Promise.race([Promise.resolve(this.#delivery).then(() => this.#flush()), late]);
    if (this.#timer !== null) clearTimeout(this.#timer);
    const lost = this.#dropped + this.#waiting.length;
    if (lost > 0) this.#log(`${lost} spans were not delivered`);
  }
}

/** The collector does not want it. */
class Refused extends Error {}

function urlOf(to: string): string {
  const url = new URL(to);
  if (url.pathname === "/") url.pathname = "/v1/traces";
  return url.href;
}

async function post(url: string, body: string): Promise<void> {
  const headers = { "content-type": "application/json", ...headersIn(process.env["OTEL_EXPORTER_OTLP_HEADERS"] ?? "") };
  const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(ANSWER_MS) });
  // Read, so that the connection can be used again.
  await response.arrayBuffer();
  if (response.ok) return;
  const reason = `${url} answers ${response.status} ${response.statusText}`;
  throw AGAIN.includes(response.status) ? new Error(reason) : new Refused(reason);
}

/** `authorization=Basic%20YTpi,x-tenant=ads`, as OpenTelemetry writes them. */
function headersIn(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    return at < 1 ? [] : [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]];
  });
  return Object.fromEntries(pairs);
}

function reasonOf({ name, message, cause }: Error): string {
  if (name === "TimeoutError") return `no answer within ${ANSWER_MS / 1000} s`;
  const { code, message: why } = (cause ?? {}) as { readonly code?: string; readonly message?: string };
  return code ?? why ?? message;
}

/** `TracesData` in the JSON form of the protocol: ids are hexadecimal, times and counts are texts. */
export function tracesOf({ address, program, version }: Resource, spans: readonly Span[]): object {
  const attributes = [
    text("service.name", parseAddress(address)?.role ?? address),
    text("service.namespace", program),
    text("service.instance.id", address),
    text("service.version", version),
    text("host.name", hostname()),
    number("process.pid", process.pid),
  ];
  return {
    resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: "dlc" }, spans: spans.map(spanOf) }] }],
  };
}

const INTERNAL = 1;
const CONSUMER = 5;
const FAILED = 2;
const RECORDED = 1;

function spanOf(span: Span): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId !== null && { parentSpanId: span.parentSpanId }),
    flags: RECORDED,
    name: span.name,
    kind: span.hasMessages ? CONSUMER : INTERNAL,
    startTimeUnixNano: nanoseconds(span.startedMs),
    endTimeUnixNano: nanoseconds(span.endedMs),
    attributes: [...span.counts].map(([name, count]) => number(`dlc.${name}`, count)),
    links: span.links.map(({ traceId, spanId }: SpanContext) => ({ traceId, spanId, flags: RECORDED })),
    ...(span.droppedLinks > 0 && { droppedLinksCount: span.droppedLinks }),
    ...(span.fault !== null && { status: { code: FAILED, message: span.fault } }),
  };
}

function nanoseconds(ms: number): string {
  return `${BigInt(Math.round(ms * 1000)) * 1000n}`;
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}

function number(key: string, value: number): object {
  return { key, value: { intValue: `${value}` } };
}
