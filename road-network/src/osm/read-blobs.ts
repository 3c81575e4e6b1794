import type { FileHandle } from "node:fs/promises";
import { inflateSync } from "node:zlib";
import { BoundedPbf } from "./bounded-pbf.ts";
import { ExtractError } from "./extract-error.ts";
import { BLOB_HEADER_MAX_BYTES, BLOB_MAX_BYTES } from "./limits.ts";

export interface Blob {
  readonly type: string;
  readonly data: Uint8Array;
}

/**
 * The file blocks of an .osm.pbf, one at a time, inflated and bounded.
 * Format: https://wiki.openstreetmap.org/wiki/PBF_Format
 * @param onBytes sees every byte of the file once, in order (for a hash).
 * @throws ExtractError EXTRACT_TRUNCATED when the file ends inside a block, EXTRACT_BROKEN when a block is not one.
 */
export async function* readBlobs(file: FileHandle, onBytes: (bytes: Uint8Array) => void): AsyncGenerator<Blob> {
  let offset = 0;
  for (;;) {
    if ((await readUpTo(file, offset, 1)).length === 0) return;
    const prefix = await readExactly(file, offset, 4);
    onBytes(prefix);
    const headerBytes = new DataView(prefix.buffer, prefix.byteOffset, 4).getUint32(0);
    if (headerBytes === 0 || headerBytes > BLOB_HEADER_MAX_BYTES) {
      throw new ExtractError(
        "EXTRACT_BROKEN",
        `Not an .osm.pbf: the block at byte ${offset} claims a header of ${headerBytes} bytes (1 to ${BLOB_HEADER_MAX_BYTES} allowed); download the extract again`,
      );
    }
    offset += 4;
    const header = await readExactly(file, offset, headerBytes);
    onBytes(header);
    offset += headerBytes;
    const { type, dataBytes } = decodeBlobHeader(header);
    if (dataBytes < 1 || dataBytes > BLOB_MAX_BYTES) {
      throw new ExtractError(
        "EXTRACT_BROKEN",
        `The block at byte ${offset} claims ${dataBytes} bytes (1 to ${BLOB_MAX_BYTES} allowed); download the extract again`,
      );
    }
    const body = await readExactly(file, offset, dataBytes);
    onBytes(body);
    offset += dataBytes;
    yield { type, data: inflateBlob(body, offset - dataBytes) };
  }
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await readUpTo(file, offset, length);
  if (bytes.length < length) {
    throw new ExtractError(
      "EXTRACT_TRUNCATED",
      `The extract ends at byte ${offset + bytes.length} in the middle of a block; download it again`,
    );
  }
  return bytes;
}

async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await file.read(bytes, got, length - got, offset + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return bytes.subarray(0, got);
}

function decodeBlobHeader(bytes: Uint8Array): { type: string; dataBytes: number } {
  const header = { type: "", dataBytes: 0 };
  const reader = new BoundedPbf(bytes);
  reader.readFields((field, result, pbf) => {
    if (field === 1) result.type = pbf.readString();
    else if (field === 3) result.dataBytes = pbf.readVarint();
  }, header);
  return header;
}

function inflateBlob(bytes: Uint8Array, offset: number): Uint8Array {
  let raw: Uint8Array | undefined;
  let zipped: Uint8Array | undefined;
  let rawBytes = 0;
  let otherField = 0;
  const reader = new BoundedPbf(bytes);
  while (reader.pos < reader.length) {
    const field = reader.nextField();
    if (field === 0) break;
    if (field === 1) raw = reader.readBytes();
    else if (field === 2) rawBytes = reader.readVarint();
    else if (field === 3) zipped = reader.readBytes();
    else {
      if (field >= 4 && field <= 7) otherField = field;
      reader.skip(reader.type);
    }
  }
  if (raw) return raw;
  if (!zipped) {
    throw new ExtractError(
      "EXTRACT_BROKEN",
      otherField > 0
        ? `The block at byte ${offset} is packed in a way that is not read here (field ${otherField}); write the extract with zlib, for instance osmium cat -f pbf,pbf_compression=zlib`
        : `The block at byte ${offset} holds no data; download the extract again`,
    );
  }
  if (rawBytes < 1 || rawBytes > BLOB_MAX_BYTES) {
    throw new ExtractError(
      "EXTRACT_BROKEN",
      `The block at byte ${offset} claims to hold ${rawBytes} bytes (1 to ${BLOB_MAX_BYTES} allowed); download the extract again`,
    );
  }
  let inflated: Uint8Array;
  try {
    inflated = inflateSync(zipped, { maxOutputLength: rawBytes });
  } catch (error) {
    throw new ExtractError(
      "EXTRACT_BROKEN",
      `The block at byte ${offset} does not unpack (${messageOf(error)}); download the extract again`,
    );
  }
  if (inflated.length !== rawBytes) {
    throw new ExtractError(
      "EXTRACT_BROKEN",
      `The block at byte ${offset} holds ${inflated.length} bytes and claims ${rawBytes}; download the extract again`,
    );
  }
  return inflated;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
