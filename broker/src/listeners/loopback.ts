import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Sessions } from "../protocol/sessions.ts";
import { clientAddress, isFromProxy } from "./client-address.ts";
import type { Listener } from "./mqtt-listener.ts";
import type { HttpAnswer } from "./owntracks-http.ts";
import { WebSocketStream } from "./websocket-stream.ts";

const BODY_TIMEOUT_MS = 15_000;

export interface LoopbackTools {
  readonly sessions: Sessions;
  readonly proxyKey: string | undefined;
  readonly bodyBytes: number;
  isHealthy(): boolean;
  /** Undefined where there is no Redis to be up. */
  isRedisUp(): boolean | undefined;
  metrics(): unknown;
  takeOwnTracksPost(request: IncomingMessage, body: Buffer): Promise<HttpAnswer>;
  sendCommand(deviceId: string, body: unknown): HttpAnswer;
  onOversized(): void;
}

/** The listener our own API passes `/mqtt` and `/pub` of its origin on to; by default reachable from this machine only. */
export async function listenLoopback(
  host: string,
  port: number,
  tools: LoopbackTools,
): Promise<Listener & { close(): Promise<void> }> {
  const server = createServer({ requestTimeout: BODY_TIMEOUT_MS }, (request, response) => {
    answer(tools, request).then(
      (result) => send(response, result),
      () => send(response, { status: 500, body: { code: "INTERNAL", message: "the broker failed; try again" } }),
    );
  });
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: tools.bodyBytes * 16,
    perMessageDeflate: false,
    // Clients that ask for a sub-protocol want it confirmed; some ask for none.
    handleProtocols: (offered) => [...offered].find((name) => name === "mqtt" || name === "mqttv3.1") ?? false,
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => undefined);
    const address = clientAddress(request, tools.proxyKey);
    if (pathOf(request) !== "/mqtt") {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
      return;
    }
    if (!tools.sessions.admit(address, socket)) return;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      tools.sessions.begin(new WebSocketStream(webSocket), address);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    stopAccepting: () => void server.close(),
    close: async () => {
      server.closeAllConnections();
      webSockets.close();
    },
  };
}

async function answer(tools: LoopbackTools, request: IncomingMessage): Promise<HttpAnswer> {
  const path = pathOf(request);
  if (request.method === "GET" && path === "/healthz") {
    const redis = tools.isRedisUp();
    const more = redis === undefined ? {} : { redis };
    return tools.isHealthy()
      ? { status: 200, body: { ok: true, ...more } }
      : { status: 503, body: { ok: false, why: "the database is away", ...more } };
  }
  if (request.method === "POST" && path === "/pub") {
    if (!tools.sessions.mayRequest(clientAddress(request, tools.proxyKey))) {
      return {
        status: 429,
        body: { code: "connect-rate", message: "too many requests from this address; try again later" },
      };
    }
    const body = await readBody(request, tools.bodyBytes);
    if (body !== undefined) return await tools.takeOwnTracksPost(request, body);
    tools.onOversized();
    return { status: 413, body: { code: "BODY_TOO_LARGE", message: `a message has at most ${tools.bodyBytes} bytes` } };
  }
  const command = /^\/commands\/([A-Za-z0-9_-]+)$/.exec(path);
  const isOurs =
    (request.method === "GET" && path === "/metrics-json") || (request.method === "POST" && command !== null);
  if (!isOurs) return { status: 404, body: { code: "NOT_FOUND", message: `nothing at ${request.method} ${path}` } };
  if (!isFromProxy(request, tools.proxyKey)) {
    return { status: 403, body: { code: "NOT_ALLOWED", message: "only for the API: send x-wufen-proxy-key" } };
  }
  if (command === null) return { status: 200, body: tools.metrics() };
  const body = await readBody(request, tools.bodyBytes);
  return tools.sendCommand(command[1]!, body === undefined ? undefined : parse(body));
}

function send(response: ServerResponse, { status, body }: HttpAnswer): void {
  const text = JSON.stringify(body);
  const headers: Record<string, string | number> = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  };
  if (status === 401) headers["www-authenticate"] = 'Basic realm="wufen"';
  if (status === 413) headers.connection = "close";
  response.writeHead(status, headers).end(text);
}

/** Undefined where it is longer than the limit. */
async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?")[0] ?? "/";
}
