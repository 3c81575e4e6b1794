import { createServer, type Server, type Socket } from "node:net";
import { parser as createParser, generate, type IConnectPacket, type IPublishPacket } from "mqtt-packet";

export interface SmallBroker {
  url: string;
  connects: IConnectPacket[];
  /** Ends every connection at once, without a word. */
  cutAll(): void;
  send(topic: string, payload: string): void;
  close(): Promise<void>;
}

export interface SmallBrokerOptions {
  /** Code of CONNACK. */
  connack?: (connect: IConnectPacket) => number;
  /** False: no PUBACK. */
  onPublish: (publish: IPublishPacket) => boolean;
}

/** A broker as far as a device needs one; reads and writes with mqtt-packet. */
export async function startSmallBroker({ connack = () => 0, onPublish }: SmallBrokerOptions): Promise<SmallBroker> {
  const sockets = new Set<Socket>();
  const connects: IConnectPacket[] = [];
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const parser = createParser({ protocolVersion: 4 });
    parser.on("packet", (packet) => {
      if (packet.cmd === "connect") {
        connects.push(packet);
        const returnCode = connack(packet);
        socket.write(generate({ cmd: "connack", returnCode, sessionPresent: false }));
        if (returnCode !== 0) socket.end();
      } else if (packet.cmd === "subscribe") {
        socket.write(generate({ cmd: "suback", messageId: packet.messageId!, granted: [1] }));
      } else if (packet.cmd === "publish" && !socket.destroyed && onPublish(packet)) {
        socket.write(generate({ cmd: "puback", messageId: packet.messageId! }));
      }
    });
    socket.on("data", (bytes) => parser.parse(bytes));
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the test's broker has no port");
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    connects,
    cutAll,
    send(topic, payload) {
      for (const socket of sockets) {
        socket.write(generate({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false }));
      }
    },
    close: () => {
      cutAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
