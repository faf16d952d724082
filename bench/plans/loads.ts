/** Input for the programs of fixtures/plans: as much as their rates say comes in some seconds, by instance. */
export type PlansProgram = "monitor" | "baskets" | "shop";

type Lines = Record<string, string[]>;

const times = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const line = (value: object): string => JSON.stringify(value);

/** Lines for each of `n` instances of a role. */
function at(role: string, collection: string, n: number, lines: (node: number) => string[]): Lines {
  return Object.fromEntries(times(n, (node) => [`${role}[${node}].${collection}`, lines(node)]));
}

export const loads: Readonly<Record<PlansProgram, (seconds: number) => Lines>> = {
  monitor: (seconds) => ({
    ...at("Sensor", "reading", 4, (node) =>
      times(1000 * seconds, (i) => line({ device: `d${i % 50}`, at: i, value: (i * 31 + node) % 1000 })),
    ),
    ...at("Operator", "limit", 2, (node) =>
      times(5 * seconds, (i) => line({ device: `d${i % 7}`, most: i * 2 + node })),
    ),
  }),
  // Every shop votes on every basket, when all of its two items have been rung up somewhere.
  baskets: (seconds) =>
    at("Shop", "item", 5, (node) =>
      times(200 * seconds, (i) => {
        const items = [0, 1].filter((n) => (i + n) % 5 === node).map((n) => line({ basket: `b${i}`, what: `w${n}` }));
        return [...items, line({ seal: { basket: `b${i}` } })];
      }).flat(),
    ),
  shop: (seconds) => ({
    ...at("Till", "sale", 4, (node) =>
      times(Math.ceil(seconds / 10), (day) => {
        const sales = times((500 * seconds) / Math.ceil(seconds / 10), (i) =>
          line({ day: `day${day}`, item: `i${i % 40}`, receipt: i * 4 + node }),
        );
        return [...sales, line({ seal: { day: `day${day}` } })];
      }).flat(),
    ),
    ...at("Office", "price", 2, (node) =>
      times(10 * seconds, (i) => line({ item: `i${i % 40}`, cents: i * 2 + node })),
    ),
  }),
};

/** What is given only when the rest should be there: whoever asks before gets no answer, and nothing would be sent. */
export const late: readonly string[] = ["Analyst[0].ask"];
