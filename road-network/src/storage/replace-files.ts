import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Replaces several files of a folder: all are written and flushed under other names first, then renamed in the given
 * order. A death before the renames leaves the old files as they were.
 */
export async function replaceFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  const names = Object.keys(files);
  const aside = (name: string) => join(folder, `${name}.${process.pid}.tmp`);
  try {
    for (const name of names) await writeFile(aside(name), files[name] as Uint8Array | string, { flush: true });
    for (const name of names) await rename(aside(name), join(folder, name));
  } catch (error) {
    for (const name of names) await rm(aside(name), { force: true });
    throw error;
  }
}
