import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { ElementHandler } from "./elements.ts";
import { ExtractError } from "./extract-error.ts";
import { EXTRACT_MAX_BYTES } from "./limits.ts";
import { readPbf } from "./read-pbf.ts";
import { readXml } from "./read-xml.ts";

/**
 * Reads an .osm.pbf or .osm extract; which one it is, its first bytes say.
 * @returns SHA-256 of the file, hexadecimal
 * @throws ExtractError
 */
export async function readExtract(path: string, handler: ElementHandler): Promise<string> {
  const file = await openExtract(path);
  try {
    const { size } = await file.stat();
    if (size === 0) throw new ExtractError("EXTRACT_EMPTY", `${path} is empty; download the extract again`);
    if (size > EXTRACT_MAX_BYTES) {
      throw new ExtractError(
        "EXTRACT_TOO_LARGE",
        `${path} has ${size} bytes (${EXTRACT_MAX_BYTES} allowed); cut it to your district, for instance with osmium extract`,
      );
    }
    const hash = createHash("sha256");
    const read = (await isXml(file)) ? readXml : readPbf;
    try {
      await read(file, handler, (bytes) => hash.update(bytes));
    } catch (error) {
      throw asExtractError(error, path);
    }
    return hash.digest("hex");
  } finally {
    await file.close();
  }
}

async function openExtract(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExtractError("EXTRACT_NOT_FOUND", `${path} cannot be read (${reason}); give the path of an extract`);
  }
  throw new ExtractError("EXTRACT_NOT_FOUND", `${path} is not a file; give the path of an .osm.pbf or .osm extract`);
}

async function isXml(file: FileHandle): Promise<boolean> {
  const bytes = Buffer.alloc(64);
  const { bytesRead } = await file.read(bytes, 0, 64, 0);
  return /^\uFEFF?\s*</.test(bytes.toString("utf8", 0, bytesRead));
}

function asExtractError(error: unknown, path: string): unknown {
  if (error instanceof ExtractError) return new ExtractError(error.code, `${path}: ${error.message}`);
  // A fault of this program, or of the disk, is not the extract's.
  if (!(error instanceof Error) || error instanceof TypeError || "syscall" in error) return error;
  // A broken length sends the protobuf reader past the end of its block; every such fault means the same to the user.
  return new ExtractError("EXTRACT_BROKEN", `${path} cannot be decoded (${error.message}); download the extract again`);
}
