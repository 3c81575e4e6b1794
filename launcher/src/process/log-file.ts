import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

const MOST_BYTES = 4 * 1024 * 1024;

/** A log of at most twice `mostBytes`: the file, and the one before it as `FILE.1`. */
export class LogFile {
  readonly path: string;
  readonly #mostBytes: number;
  #descriptor: number;
  #bytes: number;

  constructor(path: string, mostBytes: number = MOST_BYTES) {
    this.path = path;
    this.#mostBytes = mostBytes;
    this.#descriptor = openSync(path, "a", 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  write(line: string): void {
    if (this.#bytes > this.#mostBytes) {
      closeSync(this.#descriptor);
      renameSync(this.path, `${this.path}.1`);
      this.#descriptor = openSync(this.path, "a", 0o600);
      this.#bytes = 0;
    }
    this.#bytes += writeSync(this.#descriptor, `${line}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
