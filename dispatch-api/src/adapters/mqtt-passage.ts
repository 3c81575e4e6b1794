import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { RequestProblem } from "../problem.ts";
import { type BrokerClient, passedOnHeaders } from "./broker-client.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { clientAddress, type IsTrusted } from "./trusted-proxies.ts";

/** Most MQTT WebSockets passed through at once. */
export const PASSAGES_LIMIT = 20_000;
const CONNECT_WAIT_MS = 5000;

/** Passes MQTT over WebSocket through to the broker as it is, with the client's true address. */
export class MqttPassage {
  readonly #broker: BrokerClient;
  readonly #isTrusted: IsTrusted;
  readonly #sockets = new Set<Duplex>();

  constructor(broker: BrokerClient, isTrusted: IsTrusted) {
    this.#broker = broker;
    this.#isTrusted = isTrusted;
  }

  get open(): number {
    return this.#sockets.size;
  }

  accept(request: IncomingMessage, client: Socket, head: Buffer): void {
    if (this.#sockets.size >= PASSAGES_LIMIT) {
      refuseUpgrade(client, new RequestProblem("TOO_MANY_REQUESTS", `${PASSAGES_LIMIT} are open; try again later`));
      return;
    }
    const { hostname, port } = this.#broker.url;
    const broker = connect({ host: hostname, port: Number(port || 80) });
    broker.setTimeout(CONNECT_WAIT_MS, () => broker.destroy());
    let isConnected = false;
    const drop = () => {
      if (!this.#sockets.delete(client)) return;
      broker.destroy();
      if (isConnected) client.destroy();
      else refuseUpgrade(client, new RequestProblem("BROKER_UNREACHABLE", "the broker does not answer; try again"));
    };
    this.#sockets.add(client);
    broker.on("connect", () => {
      isConnected = true;
      broker.setTimeout(0);
      broker.write(requestHead(request, this.#broker, clientAddress(request, this.#isTrusted)));
      if (head.length > 0) broker.write(head);
      client.pipe(broker);
      broker.pipe(client);
    });
    for (const socket of [client, broker]) {
      socket.setNoDelay(true);
      socket.on("error", drop);
      socket.on("close", drop);
    }
  }

  close(): void {
    for (const client of this.#sockets) client.destroy();
  }
}

function requestHead(request: IncomingMessage, broker: BrokerClient, address: string): string {
  const headers = {
    ...passedOnHeaders(request.headers),
    ...broker.proof(address),
    host: broker.url.host,
    connection: "Upgrade",
    upgrade: "websocket",
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : `${name}: ${value}`));
  return `GET /mqtt HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}
