import { open } from "node:fs/promises";

/** Column types a file may hold. */
const TYPES = { Uint8Array, Uint16Array, Uint32Array, Int32Array, Float64Array } as const;

export type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;
export type Columns = Readonly<Record<string, Column>>;

interface Entry {
  readonly name: string;
  readonly type: keyof typeof TYPES;
  readonly length: number;
  readonly offset: number;
}

const MAGIC = "WFCOLS01";

/**
 * Named typed arrays as one file: magic, u32 length of a JSON directory, the directory, then the arrays, each on an
 * 8-byte boundary in the machine's own byte order.
 */
export function encodeColumns(columns: Columns): Uint8Array {
  const entries: Entry[] = [];
  let offset = 0;
  for (const [name, column] of Object.entries(columns)) {
    entries.push({ name, type: typeOf(column), length: column.length, offset });
    offset = align(offset + column.byteLength);
  }
  const directory = Buffer.from(JSON.stringify(entries));
  const start = align(12 + directory.length);
  const bytes = Buffer.alloc(start + offset);
  bytes.write(MAGIC, 0, "latin1");
  bytes.writeUInt32LE(directory.length, 8);
  directory.copy(bytes, 12);
  for (const entry of entries) {
    const column = columns[entry.name] as Column;
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), start + entry.offset);
  }
  return bytes;
}

/** Reads such a file into one SharedArrayBuffer, so that worker threads can look at the same bytes. */
export async function readColumns(path: string): Promise<Record<string, Column>> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const buffer = new SharedArrayBuffer(size);
    const bytes = new Uint8Array(buffer);
    let got = 0;
    while (got < size) {
      const { bytesRead } = await file.read(bytes, got, size - got, got);
      if (bytesRead === 0) throw new Error(`${path} shrank while it was read; import the extract again`);
      got += bytesRead;
    }
    try {
      return decodeColumns(buffer);
    } catch (error) {
      throw new Error(`${path} is not a whole ${MAGIC} file; import the extract again`, { cause: error });
    }
  } finally {
    await file.close();
  }
}

function decodeColumns(buffer: SharedArrayBuffer): Record<string, Column> {
  const bytes = Buffer.from(buffer);
  const magic = bytes.toString("latin1", 0, 8);
  if (magic !== MAGIC) throw new Error(`It begins with ${JSON.stringify(magic)}`);
  const directoryBytes = bytes.readUInt32LE(8);
  const entries: Entry[] = JSON.parse(bytes.toString("utf8", 12, 12 + directoryBytes));
  const start = align(12 + directoryBytes);
  const columns: Record<string, Column> = {};
  for (const { name, type, length, offset } of entries) {
    const create: new (buffer: ArrayBufferLike, offset: number, length: number) => Column = TYPES[type];
    columns[name] = new create(buffer, start + offset, length);
  }
  return columns;
}

/** A column of one type, as the reader of a file expects it. */
export function getColumn<T extends keyof typeof TYPES>(
  columns: Columns,
  name: string,
  type: T,
): InstanceType<(typeof TYPES)[T]> {
  const column = columns[name];
  if (!(column instanceof TYPES[type])) {
    throw new Error(`The map has no ${type} column “${name}”; import the extract again`);
  }
  return column as InstanceType<(typeof TYPES)[T]>;
}

/** Strings as one UTF-8 blob with offsets; the two columns are named `<name>Bytes` and `<name>Start`. */
export function encodeTexts(name: string, texts: readonly string[]): Columns {
  const parts = texts.map((text) => Buffer.from(text));
  const starts = new Uint32Array(texts.length + 1);
  for (const [i, part] of parts.entries()) starts[i + 1] = (starts[i] as number) + part.length;
  return { [`${name}Bytes`]: new Uint8Array(Buffer.concat(parts)), [`${name}Start`]: starts };
}

/** Reads one of the strings of {@link encodeTexts}, decoded once. */
export function createTextReader(columns: Columns, name: string): (index: number) => string {
  const bytes = getColumn(columns, `${name}Bytes`, "Uint8Array");
  const starts = getColumn(columns, `${name}Start`, "Uint32Array");
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const known: string[] = [];
  return (index) => {
    let text = known[index];
    if (text === undefined) {
      if (!(index >= 0 && index + 1 < starts.length)) throw new RangeError(`There is no ${name} ${index}`);
      text = buffer.toString("utf8", starts[index], starts[index + 1]);
      known[index] = text;
    }
    return text;
  };
}

function typeOf(column: Column): keyof typeof TYPES {
  for (const type of Object.keys(TYPES) as (keyof typeof TYPES)[]) if (column instanceof TYPES[type]) return type;
  throw new TypeError("A column must be one of the listed typed arrays");
}

function align(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}
