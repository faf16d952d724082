/**
 * Values as bytes: the same ones for the same values in every process. Those of `node:v8` tell how a text or a number lies in
 * memory as well, so that of a state which is handed over in two lives of its sponsor no two pieces need fit together.
 *
 *     value   tag, then what the tag says: 4 bytes of an int, 8 of a double, a length and so many bytes or values
 *     object  the first time as its contents, then as its number among the objects
 */
import { Buffer } from "node:buffer";
import { deserialize, serialize } from "node:v8";

const Tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  int: 4,
  double: 5,
  ascii: 6,
  utf16: 7,
  array: 8,
  map: 9,
  set: 10,
  object: 11,
  view: 12,
  /** An object that has come before. */
  again: 13,
  /** What is none of these: a bigint, a date. */
  other: 14,
} as const;

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;
type View = InstanceType<(typeof VIEWS)[number]>;

export function bytesOf(values: unknown): Buffer {
  const writer = new Writer();
  writer.write(values);
  return writer.written;
}

/** Throws where the bytes are none that `bytesOf` makes. */
export function valuesOf(bytes: Buffer): unknown {
  const reader = new Reader(bytes);
  const values = reader.read();
  if (!reader.isAtEnd) throw new RangeError("more bytes than values");
  return values;
}

class Writer {
  #bytes = Buffer.allocUnsafe(1 << 16);
  #length = 0;
  readonly #objects = new Map<object, number>();

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Where `count` more bytes go. */
  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }

  #tag(tag: (typeof Tag)[keyof typeof Tag]): void {
    const at = this.#room(1);
    this.#bytes[at] = tag;
  }

  #count(count: number): void {
    const at = this.#room(4);
    this.#bytes.writeUInt32LE(count, at);
  }

  #block(bytes: Uint8Array): void {
    this.#count(bytes.byteLength);
    const at = this.#room(bytes.byteLength);
    this.#bytes.set(bytes, at);
  }

  write(value: unknown): void {
    switch (typeof value) {
      case "undefined":
        return this.#tag(Tag.undefined);
      case "boolean":
        return this.#tag(value ? Tag.true : Tag.false);
      case "number":
        return this.#number(value);
      case "string":
        return this.#text(value);
      case "object":
        return value === null ? this.#tag(Tag.null) : this.#object(value);
      default:
        this.#tag(Tag.other);
        this.#block(serialize(value));
    }
  }

  #number(value: number): void {
    const isInt = (value | 0) === value && !Object.is(value, -0);
    this.#tag(isInt ? Tag.int : Tag.double);
    const at = this.#room(isInt ? 4 : 8);
    if (isInt) this.#bytes.writeInt32LE(value, at);
    else this.#bytes.writeDoubleLE(value, at);
  }

  #text(value: string): void {
    const isAscii = Buffer.byteLength(value, "utf8") === value.length;
    const bytes = isAscii ? value.length : value.length * 2;
    this.#tag(isAscii ? Tag.ascii : Tag.utf16);
    this.#count(bytes);
    const at = this.#room(bytes);
    this.#bytes.write(value, at, isAscii ? "latin1" : "utf16le");
  }

  #object(value: object): void {
    const number = this.#objects.get(value);
    if (number !== undefined) {
      this.#tag(Tag.again);
      return this.#count(number);
    }
    this.#objects.set(value, this.#objects.size);
    if (Array.isArray(value)) {
      this.#tag(Tag.array);
      this.#count(value.length);
      // A hole comes back as undefined.
      for (let i = 0; i < value.length; i++) this.write(value[i]);
    } else if (value instanceof Map) {
      this.#tag(Tag.map);
      this.#count(value.size);
      for (const [key, held] of value) {
        this.write(key);
        this.write(held);
      }
    } else if (value instanceof Set) {
      this.#tag(Tag.set);
      this.#count(value.size);
      for (const held of value) this.write(held);
    } else if (ArrayBuffer.isView(value)) {
      const kind = VIEWS.findIndex((each) => value instanceof each);
      if (kind < 0) return this.#other(value);
      this.#tag(Tag.view);
      this.write(kind);
      this.#block(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (Object.prototype.toString.call(value) === "[object Object]") {
      const fields = Object.entries(value);
      this.#tag(Tag.object);
      this.#count(fields.length);
      for (const [key, held] of fields) {
        this.write(key);
        this.write(held);
      }
    } else this.#other(value);
  }

  #other(value: object): void {
    this.#tag(Tag.other);
    this.#block(serialize(value));
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  readonly #objects: unknown[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Where `count` bytes are that are read next. */
  #next(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw new RangeError("fewer bytes than values");
    this.#at += count;
    return at;
  }

  #count(): number {
    return this.#bytes.readUInt32LE(this.#next(4));
  }

  #block(): Buffer {
    const length = this.#count();
    const at = this.#next(length);
    return this.#bytes.subarray(at, at + length);
  }

  #known<T extends object>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  read(): unknown {
    const tag = this.#bytes[this.#next(1)];
    switch (tag) {
      case Tag.undefined:
        return undefined;
      case Tag.null:
        return null;
      case Tag.false:
        return false;
      case Tag.true:
        return true;
      case Tag.int:
        return this.#bytes.readInt32LE(this.#next(4));
      case Tag.double:
        return this.#bytes.readDoubleLE(this.#next(8));
      case Tag.ascii:
        return this.#block().toString("latin1");
      case Tag.utf16:
        return this.#block().toString("utf16le");
      case Tag.array: {
        const array = this.#known<unknown[]>([]);
        for (let left = this.#count(); left > 0; left--) array.push(this.read());
        return array;
      }
      case Tag.map: {
        const map = this.#known(new Map<unknown, unknown>());
        for (let left = this.#count(); left > 0; left--) map.set(this.read(), this.read());
        return map;
      }
      case Tag.set: {
        const set = this.#known(new Set<unknown>());
        for (let left = this.#count(); left > 0; left--) set.add(this.read());
        return set;
      }
      case Tag.object: {
        const object = this.#known<Record<string, unknown>>({});
        for (let left = this.#count(); left > 0; left--) {
          const key = this.read() as string;
          // Not by assignment: `__proto__` is a key like any other.
          Object.defineProperty(object, key, {
            value: this.read(),
            enumerable: true,
            configurable: true,
            writable: true,
          });
        }
        return object;
      }
      case Tag.view: {
        const place = this.#objects.push(null) - 1;
        const kind = VIEWS[this.read() as number];
        const { buffer } = new Uint8Array(this.#block());
        const view: View = new kind(buffer);
        this.#objects[place] = view;
        return view;
      }
      case Tag.again:
        return this.#objects[this.#count()];
      case Tag.other: {
        const other: unknown = deserialize(this.#block());
        if (typeof other === "object") this.#objects.push(other);
        return other;
      }
      default:
        throw new RangeError(`no value begins with ${String(tag)}`);
    }
  }
}
