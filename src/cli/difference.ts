/** How a plan differs from the certificate that was agreed on, in words. */

type Fields = Readonly<Record<string, unknown>>;

/** As `coordination.json` holds it. */
export interface Certificate {
  readonly plan: readonly Fields[];
  readonly outputs: readonly Fields[];
  readonly seals: readonly Fields[];
  /** Absent where no rates are known. */
  readonly cost?: Fields;
}

/** The most important differences first: what is inserted, what outputs are, what they rest on. As sentences. */
export function differences(was: Certificate, is: Certificate): readonly string[] {
  const sentence = (change: Change): string =>
    change.kind === "changed"
      ? change.text
      : change.of === "plan"
        ? change.kind === "added"
          ? `it needs ${change.text}`
          : `it no longer needs ${change.text}`
        : change.kind === "added"
          ? `${change.text} is ${change.of === "outputs" ? "new" : "sealed"}`
          : `${change.text} is ${change.of === "outputs" ? "gone" : "no longer sealed"}`;
  return changes(was, is, insertionName).map(sentence);
}

/** The same to be reviewed line by line, what was inserted with the rules that it is for, the sign of each line first. */
export function diffLines(was: Certificate, is: Certificate): readonly string[] {
  const signs = { added: "+", removed: "-", changed: "~" } as const;
  const words = { plan: "", outputs: "output ", seals: "seals of ", cost: "" } as const;
  return changes(was, is, insertionLine).map(
    ({ kind, of, text }) => `${signs[kind]} ${kind === "changed" ? "" : words[of]}${text}`,
  );
}

interface Change {
  readonly of: "plan" | "outputs" | "seals" | "cost";
  readonly kind: "added" | "removed" | "changed";
  readonly text: string;
}

function changes(was: Certificate, is: Certificate, planName: (fields: Fields) => string): readonly Change[] {
  return [
    ...compared("plan", was.plan, is.plan, insertionName, planName),
    ...compared("outputs", was.outputs, is.outputs, ({ name }) => String(name)),
    ...compared("seals", was.seals, is.seals, sealName),
    ...costs(was.cost, is.cost),
  ];
}

function compared(
  of: Change["of"],
  before: readonly Fields[],
  after: readonly Fields[],
  nameOf: (fields: Fields) => string,
  shown: (fields: Fields) => string = nameOf,
): readonly Change[] {
  const was = new Map(before.map((each) => [nameOf(each), each]));
  const is = new Map(after.map((each) => [nameOf(each), each]));
  const found: Change[] = [];
  for (const [name, fields] of is) if (!was.has(name)) found.push({ of, kind: "added", text: shown(fields) });
  for (const [name, fields] of was) if (!is.has(name)) found.push({ of, kind: "removed", text: shown(fields) });
  for (const [name, fields] of is) {
    for (const [field, value] of Object.entries(fields)) {
      const old = was.get(name)?.[field];
      if (was.has(name) && JSON.stringify(old) !== JSON.stringify(value))
        found.push({ of, kind: "changed", text: changed(name, field, old, value) });
    }
  }
  return found;
}

function costs(was: Fields | undefined, is: Fields | undefined): readonly Change[] {
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  const text = (cost: Fields | undefined): string =>
    cost === undefined
      ? "is not known"
      : `is ${String(cost["messages"])} messages a second and ${cost["waitMs"] === null ? "a wait for the end of a stream" : `${String(cost["waitMs"])} ms`}`;
  return [{ of: "cost", kind: "changed", text: `the cost ${text(is)}; it ${text(was).replace("is", "was")}` }];
}

function changed(name: string, field: string, old: unknown, now: unknown): string {
  if (Array.isArray(old) && Array.isArray(now)) {
    const more = now.filter((each) => !old.includes(each)).join(", ");
    const less = old.filter((each) => !now.includes(each)).join(", ");
    if (more === "" && less === "") return `${field} of ${name} is in another order`;
    const has = more === "" ? "" : ` has ${more}`;
    return `${field} of ${name}${has}${has && less && " and"}${less && ` no longer has ${less}`}`;
  }
  return `${field} of ${name} is ${short(now)} and was ${short(old)}`;
}

function short(value: unknown): string {
  if (typeof value === "object" && value !== null && "label" in value) return String(value.label);
  return String(value);
}

/** `order at Office.sale and Office.change by (day)`. */
export function insertionName({ mechanism, at, key, role, epochMs }: Fields): string {
  const places = at as readonly string[];
  const where = places.length > 0 ? `at ${places.join(" and ")}` : `in ${role as string}`;
  return `${mechanism as string}${typeof epochMs === "number" ? " by epochs" : ""} ${where}${by(key)}`;
}

/** `order at Office.sale and Office.change by (day), for prices#1`. */
function insertionLine(insertion: Fields): string {
  const rules = (insertion["protects"] as readonly string[]).map((rule) => rule.slice(rule.indexOf("/") + 1));
  return `${insertionName(insertion)}, for ${rules.join(", ")}`;
}

function sealName({ collection, key }: Fields): string {
  return `${collection as string}${by(key)}`;
}

function by(key: unknown): string {
  const columns = key as readonly string[];
  return columns.length === 0 ? "" : ` by (${columns.join(", ")})`;
}
