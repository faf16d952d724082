/** What OTLP allows in JSON, from its protocol's messages (trace.proto, common.proto, resource.proto, v1.x): names, forms, nothing else. */

type Check = (value: unknown, at: string) => void;

const fail = (at: string, problem: string): never => {
  throw new Error(`${at}: ${problem}`);
};
const matches =
  (form: RegExp): Check =>
  (value, at) => {
    if (typeof value !== "string" || !form.test(value))
      fail(at, `${JSON.stringify(value)} is not of the form ${String(form)}`);
  };
const whole =
  (least: number, most: number): Check =>
  (value, at) => {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
      fail(at, `${JSON.stringify(value)} is no whole number from ${least} to ${most}`);
  };
const listOf =
  (each: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return fail(at, "no list");
    value.forEach((one, i) => each(one, `${at}[${i}]`));
  };
const message =
  (required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(at, "no object");
    for (const name of Object.keys(required)) if (!(name in value)) fail(at, `${name} is missing`);
    for (const [name, member] of Object.entries(value)) {
      const check = required[name] ?? optional[name];
      if (check === undefined) fail(at, `there is no field ${name}`);
      check(member, `${at}.${name}`);
    }
  };

const text: Check = matches(/^[^]*$/);
const traceId = matches(/^(?!0+$)[0-9a-f]{32}$/i);
const spanId = matches(/^(?!0+$)[0-9a-f]{16}$/i);
// 64-bit numbers are texts.
const fixed64 = matches(/^\d{1,20}$/);
const int64 = matches(/^-?\d{1,19}$/);
const uint32 = whole(0, 2 ** 32 - 1);

const anyValue: Check = (value, at) => {
  message({}, { stringValue: text, intValue: int64 })(value, at);
  if (Object.keys(value as object).length !== 1) fail(at, "one value expected");
};
const keyValues: Check = (value, at) => {
  listOf(message({ key: matches(/./), value: anyValue }))(value, at);
  const keys = (value as readonly { readonly key: string }[]).map(({ key }) => key);
  if (new Set(keys).size !== keys.length) fail(at, "a key stands twice");
};
const link = message(
  { traceId, spanId },
  { traceState: text, attributes: keyValues, droppedAttributesCount: uint32, flags: uint32 },
);
const status = message({}, { message: text, code: whole(0, 2) });
const spanFields = message(
  { traceId, spanId, name: matches(/./), kind: whole(0, 5), startTimeUnixNano: fixed64, endTimeUnixNano: fixed64 },
  {
    traceState: text,
    parentSpanId: spanId,
    flags: uint32,
    attributes: keyValues,
    droppedAttributesCount: uint32,
    droppedEventsCount: uint32,
    links: listOf(link),
    droppedLinksCount: uint32,
    status,
  },
);
const span: Check = (value, at) => {
  spanFields(value, at);
  const { startTimeUnixNano: from, endTimeUnixNano: to } = value as {
    startTimeUnixNano: string;
    endTimeUnixNano: string;
  };
  if (BigInt(to) < BigInt(from)) fail(at, "it ends before it starts");
};
const scope = message({}, { name: text, version: text, attributes: keyValues, droppedAttributesCount: uint32 });
const scopeSpans = message({ spans: listOf(span) }, { scope, schemaUrl: text });
const resource = message({}, { attributes: keyValues, droppedAttributesCount: uint32 });
const resourceSpans = message({ scopeSpans: listOf(scopeSpans) }, { resource, schemaUrl: text });
const tracesData = message({ resourceSpans: listOf(resourceSpans) });

export interface SentSpan {
  /** `service.instance.id` */
  readonly at: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly droppedLinksCount?: number;
  readonly status?: { readonly code: number; readonly message: string };
  /** `taken.click 3` */
  readonly counts: readonly string[];
}

type Attributes = readonly {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string };
}[];

/** The spans of a request's body, or of a line of a file; throws where it is not of the protocol. */
export function spansIn(body: string): readonly SentSpan[] {
  const data: unknown = JSON.parse(body);
  tracesData(data, "TracesData");
  const { resourceSpans: all } = data as {
    resourceSpans: {
      resource: { attributes: Attributes };
      scopeSpans: { spans: (Omit<SentSpan, "at" | "counts"> & { attributes: Attributes })[] }[];
    }[];
  };
  return all.flatMap(({ resource: { attributes }, scopeSpans: scopes }) => {
    const at = attributes.find(({ key }) => key === "service.instance.id")!.value.stringValue!;
    return scopes.flatMap(({ spans }) =>
      spans.map(({ attributes: counts, ...one }) => ({
        ...one,
        at,
        counts: counts.map(({ key, value }) => `${key.replace(/^dlc\./, "")} ${value.intValue}`),
      })),
    );
  });
}
