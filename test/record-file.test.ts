/** Files of records: what comes back after a crash, and what is never taken for data. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crc32c } from "../src/runtime/storage/checksum.ts";
import { RecordFile } from "../src/runtime/storage/record-file.ts";
import { StorageError } from "../src/runtime/storage/storage-error.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "dlc-records-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Contents {
  readonly texts: readonly string[];
  readonly torn: RecordFile["torn"];
}

/** What a file holds; it is opened as after a crash, and closed. */
function contents(path: string): Contents {
  const texts: string[] = [];
  const file = RecordFile.open(path, (payload) => void texts.push(payload.toString()));
  if (file === null) throw new Error("there is no such file");
  file.close();
  return { texts, torn: file.torn };
}

function failure(path: string): StorageError {
  try {
    contents(path);
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error("it was read");
}

const written = ["header", "one", "a longer record than the others", "x"];

function write(name: string, texts: readonly string[] = written): string {
  const path = join(folder, name);
  const file = RecordFile.create(
    path,
    texts.slice(0, 1).map((text) => Buffer.from(text)),
  );
  for (const text of texts.slice(1)) file.append(Buffer.from(text));
  file.sync();
  file.close();
  return path;
}

test("the checksum is CRC-32C, for any length", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
});

test("records come back in order, and the file goes on where it was", () => {
  const path = write("whole");
  expect(contents(path)).toEqual({ texts: written, torn: null });
  const file = RecordFile.open(path, () => {})!;
  file.append(Buffer.from("more"));
  expect(file.syncedBytes).toBeLessThan(file.bytes);
  file.sync();
  expect(file.syncedBytes).toBe(file.bytes);
  file.close();
  expect(contents(path).texts).toEqual([...written, "more"]);
  expect(RecordFile.open(join(folder, "absent"), () => {})).toBeNull();
});

test("a file cut at any byte gives the whole records before the cut, and says where it was torn", () => {
  const path = write("cut");
  const bytes = readFileSync(path);
  const ends = written.reduce<number[]>((sums, text) => [...sums, sums.at(-1)! + 16 + text.length], [11]);
  for (let length = 11; length < bytes.length; length++) {
    writeFileSync(path, bytes.subarray(0, length));
    const whole = ends.filter((end) => end <= length).length - 1;
    const torn = length === ends[whole] ? null : { offset: ends[whole], bytes: length - ends[whole] };
    expect(contents(path), `cut at ${length}`).toEqual({ texts: written.slice(0, whole), torn });
    expect(contents(path), "cut off for good").toEqual({ texts: written.slice(0, whole), torn: null });
  }
  for (let length = 0; length < 11; length++) {
    writeFileSync(path, bytes.subarray(0, length));
    expect(failure(path).code).toBe("DLC940");
  }
});

test("a changed byte anywhere is told with the file and the place, and the record is not read", () => {
  const path = write("flipped");
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at++) {
    for (const change of [1, 0x80, 0xff]) {
      const changed = Buffer.from(bytes);
      changed[at] ^= change;
      writeFileSync(path, changed);
      const { code, message } = failure(path);
      expect(code, `byte ${at}`).toBe("DLC940");
      const offset = Number(/at byte (\d+)/.exec(message)![1]);
      expect(message).toContain(path);
      expect(offset <= at, `byte ${at}: ${message}`).toBe(true);
      expect(readFileSync(path).equals(changed), "the file is left as it is").toBe(true);
    }
  }
});

test("a record that is missing, repeated, or of another place is damage", () => {
  const path = write("moved");
  const bytes = readFileSync(path);
  const [first, second, third] = [11, 11 + 16 + 6, 11 + 16 + 6 + 16 + 3];
  writeFileSync(path, Buffer.concat([bytes.subarray(0, second), bytes.subarray(third)]));
  expect(failure(path).message).toContain("record 1 expected, record 2 found");
  writeFileSync(path, Buffer.concat([bytes, bytes.subarray(first, second)]));
  expect(failure(path).message).toContain("record 4 expected, record 0 found");
});

test("space that was allotted and never written is a torn end", () => {
  const path = write("zeros");
  appendFileSync(path, Buffer.alloc(5000));
  expect(contents(path)).toEqual({ texts: written, torn: { offset: readFileSync(path).length, bytes: 5000 } });
  appendFileSync(path, Buffer.concat([Buffer.alloc(5000), Buffer.from([1])]));
  expect(failure(path).code).toBe("DLC940");
});

test("a file is replaced whole or not at all", () => {
  const path = write("replaced");
  const endless = function* (): Iterable<Buffer> {
    yield Buffer.from("new");
    throw new Error("the disk is full");
  };
  expect(() => RecordFile.create(path, endless())).toThrow(/replaced cannot be written: the disk is full/);
  expect(contents(path).texts).toEqual(written);
  RecordFile.create(path, [Buffer.from("new")]).close();
  expect(contents(path).texts).toEqual(["new"]);
  expect(readdirSync(folder).filter((name) => name.startsWith("replaced"))).toEqual(
    ["replaced", "replaced.new"].slice(0, 1),
  );
});

test("after a failure nothing more is taken, so that nothing is taken for written", () => {
  const path = write("closed");
  const file = RecordFile.open(path, () => {})!;
  file.close();
  expect(() => file.append(Buffer.from("lost"))).toThrow(/cannot be written/);
  expect(() => file.append(Buffer.from("lost"))).toThrow(/could not be written before/);
  expect(() => file.sync()).not.toThrow();
  truncateSync(path, 11 + 16 + 6);
  expect(contents(path).texts).toEqual(["header"]);
});
