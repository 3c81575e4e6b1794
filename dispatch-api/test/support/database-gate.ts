import { connect, createServer, type Server, type Socket } from "node:net";
import { readDatabaseAddress } from "./database-address.ts";

/** Stands in front of the database and can shut: connections are cut and refused, as when the database is down. */
export class DatabaseGate {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #shut = false;
  #frozen = false;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  static async open(databaseUrl: string): Promise<DatabaseGate> {
    const address = readDatabaseAddress(databaseUrl);
    let gate: DatabaseGate | undefined;
    const server = createServer((client) => gate?.pass(client, connect(address)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const at = server.address();
    const port = typeof at === "object" && at !== null ? at.port : 0;
    gate = new DatabaseGate(address.throughPort(port), server);
    return gate;
  }

  pass(client: Socket, database: Socket): void {
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("data", (chunk) => {
        if (!this.#frozen) other.write(chunk);
      });
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    if (this.#shut) client.destroy();
  }

  shut(): void {
    this.#shut = true;
    this.cut();
  }

  /** Answers nothing any more, as a process that was stopped. */
  freeze(): void {
    this.#frozen = true;
  }

  reopen(): void {
    this.#shut = false;
    if (this.#frozen) this.cut();
    this.#frozen = false;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
