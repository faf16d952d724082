/** What the run says at its end, on stderr. */
import type { Description, Status } from "../../runtime/control.ts";

export interface RunSummary {
  readonly nodes: readonly NodeSummary[];
  readonly awaited: readonly AwaitedSummary[];
  readonly badLines: number;
  /** Milliseconds from the start of all nodes to the end of the run. */
  readonly elapsedMs: number;
  readonly exitCode: number;
}

export interface NodeSummary {
  readonly name: string;
  /** How it died; "" if it did not. */
  readonly ending: string;
  /** How often it was killed and came back; its counts are those of its last life. */
  readonly restarts: number;
  readonly steps: number;
  readonly rowsIn: number;
  readonly rowsSent: number;
  readonly sealsSent: number;
  readonly messagesSent: number;
  readonly outputs: number;
  readonly faults: number;
  readonly badRows: number;
  /** When its last step was done, in milliseconds since 1970; 0 if it took none. */
  readonly lastStepAt: number;
  /** CPU time of its process, milliseconds. */
  readonly cpuMs: number;
}

export interface AwaitedSummary {
  /** `click(campaign)`, as the role that waits names it. */
  readonly role: string;
  readonly collection: string;
  readonly producer: string;
  /** Partitions, the same one at several replicas counted once. */
  readonly partitions: number;
  /** Some of their keys, as text. */
  readonly examples: readonly string[];
  /** Rows kept back at all waiting instances, of the partitions counted. */
  readonly held: number;
  /** At how many instances. */
  readonly at: number;
}

/** Seal columns by `Role.collection`, for the text. */
export type SealColumns = ReadonlyMap<string, readonly string[]>;

const EXAMPLES = 3;

/** `last`: its last counts; null: there are none. */
export function nodeSummary(name: string, last: Status | null, ending: string, restarts: number): NodeSummary {
  const { counts, badRows = 0, cpuMs = 0 } = last ?? {};
  return {
    name,
    ending,
    restarts,
    steps: counts?.steps ?? 0,
    rowsIn: counts?.rowsIn ?? 0,
    messagesSent: counts?.envelopesSent ?? 0,
    rowsSent: counts?.rowsSent ?? 0,
    sealsSent: counts?.sealsSent ?? 0,
    outputs: counts?.outputs ?? 0,
    faults: counts?.faults ?? 0,
    badRows,
    lastStepAt: counts?.lastStepAt ?? 0,
    cpuMs: Math.round(cpuMs),
  };
}

export function sealColumns({ roles }: Description): SealColumns {
  return new Map(
    roles.flatMap(({ role, collections }) =>
      collections.flatMap(({ name, sealed, columns }): [string, string[]][] =>
        sealed ? [[`${role}.${name}`, sealed.key.map((column) => columns[column].name)]] : [],
      ),
    ),
  );
}

/** Seals that somebody waits for, by waiting role, collection and producer. */
export function awaitedSeals(statuses: readonly Status[], columns: SealColumns): readonly AwaitedSummary[] {
  const groups = new Map<
    string,
    { role: string; collection: string; producer: string; keys: Set<string>; held: number; at: Set<string> }
  >();
  for (const { name, awaited } of statuses) {
    const role = name.split("#")[0];
    for (const { collection, key, producers, held } of awaited ?? []) {
      for (const producer of producers) {
        const id = `${role} ${collection} ${producer}`;
        let group = groups.get(id);
        if (group === undefined) {
          groups.set(id, (group = { role, collection, producer, keys: new Set(), held: 0, at: new Set() }));
        }
        if (key !== null) group.keys.add(JSON.stringify(key).slice(1, -1));
        group.held += held;
        if (held > 0) group.at.add(name);
      }
    }
  }
  return [...groups.values()]
    .filter(({ keys, held }) => keys.size > 0 || held > 0)
    .sort((a, b) => compareNames(`${a.role} ${a.collection} ${a.producer}`, `${b.role} ${b.collection} ${b.producer}`))
    .map(({ role, collection, producer, keys, held, at }) => ({
      role,
      collection: `${collection}${columnsText(columns.get(`${role}.${collection}`))}`,
      producer,
      partitions: keys.size,
      examples: [...keys].sort().slice(0, EXAMPLES),
      held,
      at: at.size,
    }));
}

function columnsText(columns: readonly string[] | undefined): string {
  return columns === undefined || columns.length === 0 ? "" : `(${columns.join(", ")})`;
}

function compareNames(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** `Report is waiting for the seal of click(campaign) from AdServer#2: 37 partitions ("a"; "b"; ...), 1,204 rows held back`. */
export function awaitedLine({ role, collection, producer, partitions, examples, held, at }: AwaitedSummary): string {
  const which =
    partitions === 0
      ? "the end of the stream"
      : `${plural(partitions, "partition")} (${examples.join("; ")}${partitions > examples.length ? "; ..." : ""})`;
  const rows = held > 0 ? `, ${plural(held, "row")} held back at ${plural(at, "instance")}` : "";
  return `${role} is waiting for the seal of ${collection} from ${producer}: ${which}${rows}`;
}

export function plural(count: number, word: string): string {
  return `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;
}

/** One line per node, numbers in columns. */
export function summaryTable({ nodes, elapsedMs }: RunSummary): readonly string[] {
  const head = ["node", "steps", "rows in", "messages out", "rows out", "outputs", ""];
  const body = nodes.map(
    ({ name, steps, rowsIn, messagesSent, rowsSent, outputs, ending, restarts, faults, badRows }) => {
      const remarks = [
        ...(restarts > 0 ? [`killed and started again ${restarts === 1 ? "once" : `${restarts} times`}`] : []),
        ...(ending === "" ? [] : [`died: ${ending}`]),
        ...(badRows > 0 ? [plural(badRows, "bad row")] : []),
        ...(faults > 0 ? [plural(faults, "fault")] : []),
      ];
      return [
        name,
        ...[steps, rowsIn, messagesSent, rowsSent, outputs].map((n) => n.toLocaleString("en-US")),
        remarks.join(", "),
      ];
    },
  );
  return [...table(head, body), `finished in ${(elapsedMs / 1000).toFixed(2)} s`];
}

/** Cells in columns: texts in the first and last, numbers between. */
export function table(head: readonly string[], body: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((word, i) => Math.max(word.length, ...body.map((line) => line[i].length)));
  const draw = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 || i === head.length - 1 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd();
  return [head, ...body].map(draw);
}
