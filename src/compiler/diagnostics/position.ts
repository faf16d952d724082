/** A place as a reader counts it: both start at 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The offsets at which lines start, of the texts asked about last. */
const indexed: { text: string; starts: Int32Array }[] = [];
const remembered = 8;

/** Offsets of the first character of every line; `\n`, `\r\n` and a lone `\r` end a line. */
export function lineStarts(text: string): Int32Array {
  for (const entry of indexed) if (entry.text === text) return entry.starts;
  const found: number[] = [0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) found.push(at + 1);
  }
  const starts = Int32Array.from(found);
  indexed.unshift({ text, starts });
  if (indexed.length > remembered) indexed.pop();
  return starts;
}

/** Offsets outside the text are taken as its nearest end. */
export function lineColumn(text: string, offset: number): Position {
  const starts = lineStarts(text);
  const at = Math.max(0, Math.min(offset, text.length));
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: at - starts[low] + 1 };
}
