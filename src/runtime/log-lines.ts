/** What a process says on stderr: lines for a person, or one JSON object each for whoever collects them. */
export type LogFormat = "text" | "json";

let format: LogFormat = "text";

/** Of all lines of this process from now on. */
export function setLogFormat(chosen: LogFormat): void {
  format = chosen;
}

/** Writes lines of that node (`Report#0`). One that begins with a code (`DLC902: …`) tells of something refused or failed. */
export function say(node: string): (line: string) => void {
  return (line) => void process.stderr.write(format === "json" ? `${jsonLine(node, line)}\n` : `${node}: ${line}\n`);
}

/** `{"time":"2026-01-31T12:00:00.000Z","level":"warn","node":"Report#0","code":"DLC902","message":"…"}`. */
function jsonLine(node: string, line: string): string {
  const [, code, rest] = /^(DLC\d{3}): ([^]*)$/.exec(line) ?? [];
  const time = new Date().toISOString();
  return JSON.stringify({
    time,
    level: code === undefined ? "info" : "warn",
    node,
    ...(code !== undefined && { code }),
    message: rest ?? line,
  });
}
