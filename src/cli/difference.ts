/** How a plan differs from the certificate that was agreed on, in words. */

type Fields = Readonly<Record<string, unknown>>;

/** As `coordination.json` holds it. */
export interface Certificate {
  readonly plan: readonly Fields[];
  readonly outputs: readonly Fields[];
  readonly seals: readonly Fields[];
}

/** The most important differences first: what is inserted, what outputs are, what they rest on. */
export function differences(was: Certificate, is: Certificate): readonly string[] {
  return [
    ...compared(
      was.plan,
      is.plan,
      insertionName,
      (name) => `it needs ${name}`,
      (name) => `it no longer needs ${name}`,
    ),
    ...compared(
      was.outputs,
      is.outputs,
      ({ name }) => String(name),
      (name) => `${name} is new`,
      (name) => `${name} is gone`,
    ),
    ...compared(
      was.seals,
      is.seals,
      sealName,
      (name) => `${name} is sealed`,
      (name) => `${name} is no longer sealed`,
    ),
  ];
}

function compared(
  before: readonly Fields[],
  after: readonly Fields[],
  nameOf: (fields: Fields) => string,
  added: (name: string) => string,
  removed: (name: string) => string,
): readonly string[] {
  const was = new Map(before.map((each) => [nameOf(each), each]));
  const is = new Map(after.map((each) => [nameOf(each), each]));
  const found: string[] = [];
  for (const name of is.keys()) if (!was.has(name)) found.push(added(name));
  for (const name of was.keys()) if (!is.has(name)) found.push(removed(name));
  for (const [name, fields] of is) {
    for (const [field, value] of Object.entries(fields)) {
      const old = was.get(name)?.[field];
      if (was.has(name) && JSON.stringify(old) !== JSON.stringify(value)) found.push(changed(name, field, old, value));
    }
  }
  return found;
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
export function insertionName({ mechanism, at, key, role }: Fields): string {
  const places = at as readonly string[];
  const where = places.length > 0 ? `at ${places.join(" and ")}` : `in ${role as string}`;
  return `${mechanism as string} ${where}${by(key)}`;
}

function sealName({ collection, key }: Fields): string {
  return `${collection as string}${by(key)}`;
}

function by(key: unknown): string {
  const columns = key as readonly string[];
  return columns.length === 0 ? "" : ` by (${columns.join(", ")})`;
}
