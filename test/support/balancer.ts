import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP balancer as in front of several brokers: connections go to each in turn, and to another where one does not answer. */
export class Balancer {
  readonly #server: Server;
  readonly #targets: readonly number[];
  readonly #open = new Set<Socket>();
  #next = 0;

  private constructor(targets: readonly number[]) {
    this.#targets = targets;
    this.#server = createServer((client) => this.#pass(client));
  }

  /** `targets` are ports of this machine. */
  static async start(targets: readonly number[]): Promise<Balancer> {
    const balancer = new Balancer(targets);
    await new Promise<void>((resolve) => balancer.#server.listen(0, "127.0.0.1", 4096, () => resolve()));
    return balancer;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(client: Socket): void {
    this.#keep(client);
    client.on("error", () => client.destroy());
    client.pause();
    this.#dial(client, this.#next++, this.#targets.length);
  }

  #dial(client: Socket, turn: number, left: number): void {
    if (left === 0) {
      client.destroy();
      return;
    }
    const target = connect(this.#targets[turn % this.#targets.length] as number, "127.0.0.1");
    const another = () => this.#dial(client, turn + 1, left - 1);
    target.once("error", another);
    target.once("connect", () => {
      target.off("error", another);
      target.on("error", () => client.destroy());
      target.on("close", () => client.destroy());
      client.on("close", () => target.destroy());
      this.#keep(target);
      target.pipe(client);
      client.pipe(target);
    });
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
  }
}
