/**
 * Where a NATS cluster is and how to be let in, as one text:
 *
 *   nats://127.0.0.1:4222,127.0.0.1:4223
 *   tls://app:secret@nats-0.example.org,nats-1.example.org?ca=ca.pem&cert=app.pem&key=app.key
 *   nats://127.0.0.1?creds=app.creds&replicas=3
 *   nats://127.0.0.1?channels=durable&backlog=1GB
 *
 * Pure: files are named, not read.
 */

export interface NatsSettings {
  /** `host:port`, those named first tried first. */
  readonly servers: readonly string[];
  /** Encrypted, or not at all. */
  readonly tls: boolean;
  readonly user: string | null;
  readonly password: string | null;
  readonly token: string | null;
  /** Files. */
  readonly creds: string | null;
  readonly nkey: string | null;
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** Servers that keep each log; null: as many as there are, three at most. */
  readonly replicas: number | null;
  /** Channels go through streams, in each of which about so many bytes may wait for its receiver; null: over core NATS. */
  readonly backlog: number | null;
}

export type ParsedNats =
  { readonly ok: true; readonly settings: NatsSettings } | { readonly ok: false; readonly problem: string };

const FORM = "nats://host:4222,host:4222 (tls:// for encrypted connections)";
const FILES = ["creds", "nkey", "ca", "cert", "key"] as const;
const WORDS = [...FILES, "replicas", "channels", "backlog"];
const DEFAULT_BACKLOG = "256MB";
const DEFAULT_PORT = 4222;

/** Whether a text is meant to name NATS servers. */
export function namesNats(text: string): boolean {
  return /^(?:nats|tls):/i.test(text);
}

export function parseNats(text: string): ParsedNats {
  const [address, query] = cut(text, "?");
  const match = /^(nats|tls):\/\/(?:([^@/]*)@)?([^@/]*)\/?$/i.exec(address.replaceAll(/,\s*(?:nats|tls):\/\//gi, ","));
  if (match === null) return wrong(`expected ${FORM}, found ${shown(text)}`);
  const [, scheme, who, hosts] = match;
  const servers: string[] = [];
  for (const host of hosts.split(",").map((each) => each.trim())) {
    const parts = /^(\[[\da-f:]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/i.exec(host);
    const port = Number(parts?.[2] ?? DEFAULT_PORT);
    if (parts === null || port < 1 || port > 65535) return wrong(`${JSON.stringify(host)} is no server as host:4222`);
    servers.push(`${parts[1]}:${port}`);
  }
  const words = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query ?? "")) {
    if (!WORDS.includes(name)) return wrong(`there is no ${name}= (there are ${WORDS.join(", ")})`);
    if (value === "") return wrong(`${name}= is empty`);
    words.set(name, value);
  }
  const replicas = words.get("replicas");
  if (replicas !== undefined && !/^[1-5]$/.test(replicas)) return wrong(`replicas= must be 1 to 5, found ${replicas}`);
  const channels = words.get("channels");
  if (channels !== undefined && channels !== "durable") return wrong(`channels= can be durable, found ${channels}`);
  if (channels === undefined && words.has("backlog"))
    return wrong("backlog= is what may wait in durable channels: channels=durable");
  const backlog = channels === undefined ? null : bytesOf(words.get("backlog") ?? DEFAULT_BACKLOG);
  if (backlog !== null && !(backlog > 0))
    return wrong(`backlog= must be a size as 256MB or 2GB, found ${words.get("backlog")}`);
  const file = (name: string): string | null => words.get(name) ?? null;
  const tls = scheme.toLowerCase() === "tls";
  if (!tls && (file("ca") ?? file("cert") ?? file("key")) !== null)
    return wrong("certificates are for encrypted connections: write tls:// for nats://");
  if ((file("cert") === null) !== (file("key") === null)) return wrong("cert= and key= are given together, or none");
  const [user, password] = who === undefined ? [null, null] : cut(who, ":");
  const ways = [who ?? null, file("creds"), file("nkey")].filter((way) => way !== null);
  if (ways.length > 1) return wrong("one way to be let in: user:password@ or token@, creds= or nkey=");
  try {
    const login = { user: password === null ? null : unescaped(user), password: unescaped(password) };
    const token = password === null ? unescaped(user) : null;
    const files = { creds: file("creds"), nkey: file("nkey"), ca: file("ca"), cert: file("cert"), key: file("key") };
    const settings = {
      servers,
      tls,
      ...login,
      token,
      ...files,
      replicas: replicas === undefined ? null : Number(replicas),
      backlog,
    };
    return { ok: true, settings };
  } catch {
    return wrong("a % in the user, password or token is written %25");
  }
}

/** The text with its files as `place` finds them. */
export function placedFiles(text: string, place: (file: string) => string): string {
  const [address, query] = cut(text, "?");
  if (query === null) return text;
  const words = new URLSearchParams(query);
  for (const name of FILES) {
    const file = words.get(name);
    if (file !== null) words.set(name, place(file));
  }
  return `${address}?${words.toString()}`;
}

/** The servers, for messages: without what is secret. */
export function serversText({ servers, tls }: NatsSettings): string {
  return `${tls ? "tls" : "nats"}://${servers.join(",")}`;
}

/** NaN where it is no size. */
function bytesOf(text: string): number {
  const [, digits, unit] = /^(\d{1,6})(MB|GB)$/.exec(text) ?? [];
  return Number(digits) * 1024 ** (unit === "GB" ? 3 : 2);
}

function cut(text: string, mark: string): [string, string | null] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + mark.length)];
}

function unescaped(text: string | null): string | null {
  return text === null ? null : decodeURIComponent(text);
}

/** Of a text that may hold a password. */
function shown(text: string): string {
  return JSON.stringify(text.replace(/\/\/[^@/]*@/, "//…@"));
}

function wrong(problem: string): ParsedNats {
  return { ok: false, problem };
}
