/** What a deployment, or whoever starts a process, says of the spans that it gives away. */

/** Where spans go, and how many. */
export interface OtlpSettings {
  /** `http://collector:4318`, or a file that ends in `.jsonl`. */
  readonly to: string;
  /** Share of the traces that begin here which are recorded, 0 to 1; all when left out. */
  readonly sample?: number;
}

/** What is wrong with the place; null: nothing. */
export function otlpProblem(to: unknown): string | null {
  if (typeof to === "string" && (isFile(to) || (/^https?:\/\//.test(to) && URL.canParse(to)))) return null;
  return `must be a collector, as http://127.0.0.1:4318, or a file, as traces.jsonl; found ${JSON.stringify(to)}`;
}

export function isFile(to: string): boolean {
  return !/^https?:\/\//.test(to) && to.endsWith(".jsonl");
}

/** `1%`. null: not of this form. */
export function parseShare(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text.trim());
  return match === null || Number(match[1]) > 100 ? null : Number(match[1]) / 100;
}
