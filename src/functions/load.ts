/** The module of a function as a value: bundled with what it imports, evaluated strictly, and never for longer than allowed. */
import { basename, resolve } from "node:path";
import { Script } from "node:vm";

export interface Loaded {
  readonly exports: Readonly<Record<string, unknown>> | null;
  /** Absolute paths of all files in it. */
  readonly files: readonly string[];
  /** Why there are no exports: a sentence without its final stop. */
  readonly fault: string | null;
}

export async function loadModule(path: string, milliseconds: number): Promise<Loaded> {
  const { build } = await import("esbuild");
  let text: string;
  let files: string[];
  try {
    const result = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      metafile: true,
      format: "cjs",
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "node20",
      logLevel: "silent",
    });
    text = result.outputFiles[0]!.text;
    files = Object.keys(result.metafile.inputs).map((file) => resolve(file));
  } catch (error) {
    const { errors } = error as { errors?: { text: string; location: { file: string; line: number } | null }[] };
    const first = errors?.[0];
    if (first === undefined) throw error;
    return {
      exports: null,
      files: [path],
      fault: `${first.text}${first.location ? ` (${basename(first.location.file)}:${first.location.line})` : ""}`,
    };
  }
  const module: { exports: Record<string, unknown> } = { exports: {} };
  const refuse = (name: string): never => {
    throw new Error(`${name} cannot be loaded`);
  };
  try {
    const script = new Script(`(function (module, exports, require) { "use strict"; ${text}\n})`, { filename: path });
    const body = script.runInThisContext() as (of: typeof module, exports: object, require: unknown) => void;
    if (!within(milliseconds, () => body(module, module.exports, refuse)))
      return { exports: null, files, fault: `loading it takes longer than ${milliseconds / 1000} s` };
  } catch (error) {
    return {
      exports: null,
      files,
      fault: `loading it throws: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  return { exports: module.exports, files, fault: null };
}

const slot = Symbol.for("dlc: what is being tried");
const start = new Script(`globalThis[Symbol.for("dlc: what is being tried")]()`);

/** Runs `work` to its end, also where it would not end by itself; false when it was stopped. What it throws passes. */
export function within(milliseconds: number, work: () => void): boolean {
  const world = globalThis as unknown as Record<symbol, unknown>;
  world[slot] = work;
  try {
    start.runInThisContext({ timeout: milliseconds });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return false;
    throw error;
  } finally {
    delete world[slot];
  }
}
