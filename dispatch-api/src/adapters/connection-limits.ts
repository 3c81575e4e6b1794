import type { Server, Socket } from "node:net";
import type { IsTrusted } from "./trusted-proxies.ts";

/** Most open connections of one address that is no proxy of ours: desks of one building and phones behind one carrier share theirs. */
export const CONNECTIONS_PER_ADDRESS = 10_000;

/** Keeps one address from taking all of a server's sockets; a connection too many is cut before anything is read of it. */
export function limitConnections(server: Server, isTrusted: IsTrusted, limit = CONNECTIONS_PER_ADDRESS): void {
  const open = new Map<string, number>();
  server.prependListener("connection", (socket: Socket) => {
    const address = socket.remoteAddress;
    if (address === undefined || isTrusted(address)) return;
    const held = open.get(address) ?? 0;
    if (held >= limit) {
      socket.destroy();
      return;
    }
    open.set(address, held + 1);
    socket.once("close", () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}
