import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

const MOST_BYTES = 4 * 1024 * 1024;

/** A log of at most twice `mostBytes`: the file, and the one before it as `FILE.1`. */
export class LogFile {
  readonly path: string;
  readonly #mostBytes: number;
  #descriptor: number | undefined;
  #bytes: number;

  constructor(path: string, mostBytes: number = MOST_BYTES) {
    this.path = path;
    this.#mostBytes = mostBytes;
    const descriptor = openSync(path, "a", 0o600);
    this.#descriptor = descriptor;
    this.#bytes = fstatSync(descriptor).size;
  }

  /** Lines that come after the end are dropped: a process may write until it is gone. */
  write(line: string): void {
    if (this.#descriptor === undefined) return;
    if (this.#bytes > this.#mostBytes) {
      closeSync(this.#descriptor);
      renameSync(this.path, `${this.path}.1`);
      this.#descriptor = openSync(this.path, "a", 0o600);
      this.#bytes = 0;
    }
    this.#bytes += writeSync(this.#descriptor, `${line}\n`);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
