import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions, type Server as TlsServer } from "node:tls";
import type { Sessions } from "../protocol/sessions.ts";
import { createProxyDoor, type ProxyDoor } from "./proxied-socket.ts";

export interface Listener {
  readonly port: number;
  /** Takes no more connections; those there are stay. */
  stopAccepting(): void;
}

type Enter = (socket: Socket, address: string) => void;

/** Where clients connect to us themselves, the socket's address is theirs; behind a balancer (`proxy`) its header says it. */
function openDoor(proxy: ProxyDoor | undefined, enter: Enter): (socket: Socket) => void {
  return proxy === undefined ? (socket) => enter(socket, socket.remoteAddress ?? "") : createProxyDoor(proxy, enter);
}

/** MQTT over TCP. */
export function listenTcp(
  host: string,
  port: number,
  sessions: Sessions,
  proxy: ProxyDoor | undefined,
): Promise<Listener> {
  const door = openDoor(proxy, (socket, address) => {
    if (sessions.admit(address, socket)) sessions.begin(socket, address);
  });
  return listen(createServer({ noDelay: true }, door), host, port);
}

async function listen(server: Server, host: string, port: number): Promise<Listener> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, stopAccepting: () => void server.close() };
}

/** The handshake of a connection that is admitted must end in this time, ms. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface TlsListener extends Listener {
  /** New connections use the new certificate. */
  setCertificate(options: Pick<TlsOptions, "cert" | "key">): void;
}

/** MQTT over TLS. */
export async function listenTls(
  host: string,
  port: number,
  certificate: Pick<TlsOptions, "cert" | "key">,
  sessions: Sessions,
  proxy: ProxyDoor | undefined,
): Promise<TlsListener> {
  // A TLS socket does not tell which socket it reads from; both have the same peer.
  const addresses = new Map<string, string>();
  const server: TlsServer = createTlsServer(
    { ...certificate, minVersion: "TLSv1.2", handshakeTimeout: HANDSHAKE_TIMEOUT_MS, noDelay: true },
    (socket) => sessions.begin(socket, addresses.get(peerOf(socket)) ?? ""),
  );
  // Counted before the handshake, which is what costs.
  const door = openDoor(proxy, (socket, address) => {
    if (!sessions.admit(address, socket)) return;
    const peer = peerOf(socket);
    addresses.set(peer, address);
    socket.once("close", () => addresses.delete(peer));
    server.emit("connection", socket);
  });
  const listener = await listen(createServer(door), host, port);
  return { ...listener, setCertificate: (options) => server.setSecureContext(options) };
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
