/** Source maps, version 3, line by line. */
import type { SourceFile } from "../ast.ts";
import { fileName } from "./texts.ts";
import type { Written } from "./writer.ts";

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base 64, least significant five bits first, the sign in the lowest bit of the first digit. */
function vlq(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += digits[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

/** `name`: of the module, without extension. The code of rules maps to the `.dlc` file, the rest to the `.ts` beside it. */
export function sourceMap(name: string, written: Written, files: readonly SourceFile[]): string {
  const sources = [`${name}.ts`, ...files.map(fileName)];
  let lastSource = 0;
  let lastLine = 0;
  const mappings = written.origins.map(({ line, rule }) => {
    const source = rule === null ? 0 : sources.indexOf(rule.file);
    const at = rule === null ? line : rule.line;
    const segment = vlq(0) + vlq(source - lastSource) + vlq(at - lastLine) + vlq(0);
    lastSource = source;
    lastLine = at;
    return segment;
  });
  return `${JSON.stringify({
    version: 3,
    file: `${name}.js`,
    sources,
    sourcesContent: [written.typed, ...files.map((file) => file.text)],
    names: [],
    mappings: mappings.join(";"),
  })}\n`;
}
