import type { Socket } from "node:net";
import { readProxyHeader } from "./proxy-protocol.ts";

/** Most connections that have not said their header; a balancer says it in its first packet. */
const WAITING_LIMIT = 1000;

export interface ProxyDoor {
  /** From the socket to the end of its header. */
  readonly timeoutMs: number;
  onRefused(reason: "malformed" | "connect-timeout" | "too-many-connections"): void;
}

/**
 * Takes the PROXY header off a balancer's connections; what followed it is left in the socket. `enter` is called with the
 * client's address, or with the balancer's own where it speaks for itself; a connection without a header is destroyed.
 */
export function createProxyDoor(door: ProxyDoor, enter: (socket: Socket, address: string) => void) {
  let waiting = 0;
  return (socket: Socket): void => {
    socket.on("error", () => undefined);
    if (waiting >= WAITING_LIMIT) {
      door.onRefused("too-many-connections");
      socket.destroy();
      return;
    }
    let received: Buffer = Buffer.alloc(0);
    const leave = () => {
      waiting--;
      clearTimeout(timer);
      socket.off("data", take);
      socket.off("close", leave);
    };
    const refuse = (reason: "malformed" | "connect-timeout") => {
      leave();
      door.onRefused(reason);
      socket.destroy();
    };
    const take = (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const reading = readProxyHeader(received);
      if (reading.kind === "incomplete") return;
      if (reading.kind === "malformed") return refuse("malformed");
      leave();
      socket.pause();
      if (received.length > reading.lengthBytes) socket.unshift(received.subarray(reading.lengthBytes));
      enter(socket, reading.client?.address ?? socket.remoteAddress ?? "");
    };
    const timer = setTimeout(refuse, door.timeoutMs, "connect-timeout");
    waiting++;
    socket.on("data", take);
    socket.on("close", leave);
  };
}
