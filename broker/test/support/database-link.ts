import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The way to a database with a switch: what a broken network or a stopped server looks like, without stopping the server. */
export class DatabaseLink {
  readonly url: string;
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #up = true;
  /** Drops what the server answers; what the client asks still arrives. */
  loseAnswers = false;
  /** Called with what a client sends. */
  onSent: (bytes: Buffer) => void = () => undefined;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async open(databaseUrl: string): Promise<DatabaseLink> {
    const upstream = new URL(databaseUrl.replace("@/", "@localhost/"));
    const socketDir = upstream.searchParams.get("host");
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const own = new URL(upstream);
    own.searchParams.delete("host");
    own.searchParams.delete("port");
    own.hostname = "127.0.0.1";
    const upstreamPort = upstream.searchParams.get("port") ?? (upstream.port || "5432");
    own.port = String((server.address() as AddressInfo).port);
    const link = new DatabaseLink(server, own.href);
    server.on("connection", (client) => {
      const remote =
        socketDir === null
          ? connect(Number(upstreamPort), upstream.hostname)
          : connect(`${socketDir}/.s.PGSQL.${upstreamPort}`);
      link.#join(client, remote);
    });
    return link;
  }

  cut(): void {
    this.#up = false;
    for (const [client, remote] of this.#pairs) {
      client.destroy();
      remote.destroy();
    }
  }

  restore(): void {
    this.loseAnswers = false;
    this.#up = true;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(client: Socket, remote: Socket): void {
    const pair: [Socket, Socket] = [client, remote];
    for (const socket of pair) socket.on("error", () => undefined);
    if (!this.#up) {
      client.destroy();
      remote.destroy();
      return;
    }
    this.#pairs.add(pair);
    client.on("data", (bytes: Buffer) => {
      remote.write(bytes);
      this.onSent(bytes);
    });
    remote.on("data", (bytes) => {
      if (!this.loseAnswers) client.write(bytes);
    });
    const end = () => {
      client.destroy();
      remote.destroy();
      this.#pairs.delete(pair);
    };
    client.on("close", end);
    remote.on("close", end);
  }
}
