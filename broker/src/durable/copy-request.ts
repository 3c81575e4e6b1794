import type { Connection } from "pg";

/** One COPY as node-postgres runs it: its interface of “submittable” queries, as pg-copy-streams uses it. */
export class CopyRequest {
  readonly done: Promise<void>;
  readonly #message: Buffer;
  #error: Error | undefined;
  #resolve!: () => void;
  #reject!: (error: Error) => void;

  constructor(message: Buffer) {
    this.#message = message;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    connection.stream.write(this.#message);
  }

  handleCopyInResponse(): void {}
  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyData(): void {}

  /** From the server, or because the connection died: only then no {@link handleReadyForQuery} follows. */
  handleError(error: Error): void {
    this.#error = error;
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#error === undefined) this.#resolve();
  }
}
