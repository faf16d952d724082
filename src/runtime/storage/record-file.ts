/**
 * A file of records that only grows:
 *
 *   file    = "dlc data 1\n" record*
 *   record  = length (4 bytes), number (4), checksum of these eight (4), checksum of the payload (4), payload
 *
 * Numbers are little-endian, records are numbered from 0, checksums are CRC-32C. What was being written when the process
 * or the machine died is incomplete, and is cut off: the file ends within the record, or holds nothing but zeros from its
 * beginning on. Anything else that does not fit was written whole and is damaged; it is never cut, since it may have been
 * acknowledged.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { crc32c } from "./checksum.ts";
import { DAMAGED, StorageError, UNWRITABLE } from "./storage-error.ts";

const MAGIC = Buffer.from("dlc data 1\n");
const HEAD = 16;
const READ_BYTES = 1 << 20;

/** An incomplete record at the end, which has been cut off. */
export interface TornTail {
  readonly offset: number;
  readonly bytes: number;
}

export class RecordFile {
  readonly path: string;
  readonly #descriptor: number;
  /** Number of the next record. */
  #number: number;
  /** Bytes written; those before `syncedBytes` are on the disk. */
  #bytes: number;
  syncedBytes: number;
  readonly torn: TornTail | null;
  #isBroken = false;

  private constructor(path: string, descriptor: number, number: number, bytes: number, torn: TornTail | null) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#number = number;
    this.#bytes = bytes;
    this.syncedBytes = bytes;
    this.torn = torn;
  }

  /** A new file with these records, in the place of any that is there; after a crash there is the one or the other, whole. */
  static create(path: string, payloads: Iterable<Buffer>): RecordFile {
    const temporary = `${path}.new`;
    return writing(path, () => {
      const descriptor = openSync(temporary, "w+");
      writeWhole(descriptor, MAGIC);
      let number = 0;
      let bytes = MAGIC.length;
      for (const payload of payloads) bytes += writeRecord(descriptor, number++, payload);
      fsyncSync(descriptor);
      renameSync(temporary, path);
      syncFolder(dirname(path));
      return new RecordFile(path, descriptor, number, bytes, null);
    });
  }

  /**
   * Reads the records of a file, in order, and opens it to go on. Null: there is none. Throws a StorageError for what is
   * damaged, after the records before it have been taken.
   */
  static open(path: string, take: (payload: Buffer) => void): RecordFile | null {
    let descriptor: number;
    try {
      descriptor = openSync(path, "r+");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return null;
      throw new StorageError(UNWRITABLE, `${path} cannot be opened: ${message}`);
    }
    try {
      const { number, bytes, torn } = readRecords(path, descriptor, take);
      if (torn !== null) {
        writing(path, () => {
          ftruncateSync(descriptor, torn.offset);
          fsyncSync(descriptor);
        });
      }
      return new RecordFile(path, descriptor, number, bytes, torn);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws a StorageError where the system does not take it; after that nothing more is taken. */
  append(payload: Buffer): void {
    this.#guarded(() => {
      this.#bytes += writeRecord(this.#descriptor, this.#number++, payload, this.#bytes);
    });
  }

  /** What was appended is on the disk. */
  sync(): void {
    if (this.syncedBytes === this.#bytes) return;
    this.#guarded(() => fdatasyncSync(this.#descriptor));
    this.syncedBytes = this.#bytes;
  }

  /** After a failure it is not known what the disk has: to try again could report as written what is not. */
  #guarded(write: () => void): void {
    if (this.#isBroken) throw new StorageError(UNWRITABLE, `${this.path} could not be written before`);
    this.#isBroken = true;
    writing(this.path, write);
    this.#isBroken = false;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError(UNWRITABLE, `${path} cannot be written: ${(error as Error).message}`);
  }
}

/** After a rename or a new file: its name is on the disk as well. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Where the file stands, if `at` is left out. Returns the bytes written. */
function writeRecord(descriptor: number, number: number, payload: Buffer, at?: number): number {
  const record = Buffer.allocUnsafe(HEAD + payload.length);
  record.writeUInt32LE(payload.length, 0);
  record.writeUInt32LE(number >>> 0, 4);
  record.writeUInt32LE(crc32c(record.subarray(0, 8)), 8);
  record.writeUInt32LE(crc32c(payload), 12);
  payload.copy(record, HEAD);
  writeWhole(descriptor, record, at);
  return record.length;
}

function writeWhole(descriptor: number, bytes: Buffer, at?: number): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(descriptor, bytes, written, bytes.length - written, at === undefined ? null : at + written);
}

/** A window on a file that moves forward. */
class Reader {
  readonly #descriptor: number;
  readonly size: number;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.size = fstatSync(descriptor).size;
  }

  /** Bytes that are there; they stay as they are. */
  read(offset: number, length: number): Buffer {
    if (offset < this.#start || offset + length > this.#start + this.#window.length) {
      this.#window = Buffer.allocUnsafe(Math.min(Math.max(length, READ_BYTES), this.size - offset));
      this.#start = offset;
      for (let read = 0; read < this.#window.length;) {
        const more = readSync(this.#descriptor, this.#window, read, this.#window.length - read, offset + read);
        if (more === 0) throw new Error("the file became shorter while it was read");
        read += more;
      }
    }
    return this.#window.subarray(offset - this.#start, offset - this.#start + length);
  }

  isZeroFrom(offset: number): boolean {
    for (let at = offset; at < this.size; at += READ_BYTES)
      if (this.read(at, Math.min(READ_BYTES, this.size - at)).some((byte) => byte !== 0)) return false;
    return true;
  }
}

function readRecords(
  path: string,
  descriptor: number,
  take: (payload: Buffer) => void,
): { number: number; bytes: number; torn: TornTail | null } {
  const reader = new Reader(descriptor);
  const damaged = (offset: number, what: string): StorageError =>
    new StorageError(DAMAGED, `${path} is damaged at byte ${offset}: ${what}`);
  const { size } = reader;
  const isWhole = size >= MAGIC.length && reader.read(0, MAGIC.length).equals(MAGIC);
  if (!isWhole)
    throw damaged(0, `it does not begin as a file of this kind and version (${JSON.stringify(MAGIC.toString())})`);
  let number = 0;
  let offset = MAGIC.length;
  const torn = (): { number: number; bytes: number; torn: TornTail } => ({
    number,
    bytes: offset,
    torn: { offset, bytes: size - offset },
  });
  while (offset < size) {
    if (size - offset < HEAD) return torn();
    const head = reader.read(offset, HEAD);
    const length = head.readUInt32LE(0);
    const sum = head.readUInt32LE(12);
    if (head.readUInt32LE(8) !== crc32c(head.subarray(0, 8))) {
      if (reader.isZeroFrom(offset)) return torn();
      throw damaged(offset, `the head of record ${number} does not match its checksum`);
    }
    if (head.readUInt32LE(4) !== number >>> 0)
      throw damaged(offset, `record ${number} expected, record ${head.readUInt32LE(4)} found`);
    if (size - offset - HEAD < length) return torn();
    const payload = reader.read(offset + HEAD, length);
    if (crc32c(payload) !== sum)
      throw damaged(offset, `record ${number} of ${length} bytes does not match its checksum`);
    take(payload);
    offset += HEAD + length;
    number++;
  }
  return { number, bytes: offset, torn: null };
}
