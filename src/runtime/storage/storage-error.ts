/** Data that cannot be read or written: whoever keeps them stops, and acknowledges nothing more. */
export class StorageError extends Error {
  override name = "StorageError";
  /** `DLC940`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The file is not what was written, or the program cannot be made of it. */
export const DAMAGED = "DLC940";
/** Written by something else: another program, build, instance or deployment. */
export const FOREIGN = "DLC941";
/** The system refuses to write: a full disk, a broken one, missing rights. */
export const UNWRITABLE = "DLC942";
/** Another process has it. */
export const IN_USE = "DLC943";
/** Older than what peers have been told. */
export const OUTDATED = "DLC944";

/** Servers do not have what they had when it was written. */
export const LOST_BY_CLUSTER = "DLC945";

export function outdated(path: string, why: string): StorageError {
  return new StorageError(OUTDATED, `${path} is older than what others know: ${why}`);
}
