import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions, type Server as TlsServer } from "node:tls";
import type { Sessions } from "../protocol/sessions.ts";

export interface Listener {
  readonly port: number;
  /** Takes no more connections; those there are stay. */
  stopAccepting(): void;
}

/** MQTT over TCP. */
export function listenTcp(host: string, port: number, sessions: Sessions): Promise<Listener> {
  const server = createServer({ noDelay: true }, (socket) => {
    const address = socket.remoteAddress ?? "";
    if (sessions.admit(address, socket)) sessions.begin(socket, address);
  });
  return listen(server, host, port);
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
): Promise<TlsListener> {
  const server: TlsServer = createTlsServer(
    { ...certificate, minVersion: "TLSv1.2", handshakeTimeout: HANDSHAKE_TIMEOUT_MS, noDelay: true },
    (socket) => sessions.begin(socket, socket.remoteAddress ?? ""),
  );
  // Counted before the handshake, which is what costs.
  const raw = createServer((socket: Socket) => {
    if (sessions.admit(socket.remoteAddress ?? "", socket)) server.emit("connection", socket);
  });
  const listener = await listen(raw, host, port);
  return { ...listener, setCertificate: (options) => server.setSecureContext(options) };
}
