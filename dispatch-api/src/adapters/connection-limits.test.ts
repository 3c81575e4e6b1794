import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { limitConnections } from "./connection-limits.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function listen(isTrusted: boolean): Promise<number> {
  server = createServer((_, response) => response.end("served"));
  limitConnections(server, () => isTrusted, 2);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Opens a connection; answers whether a request on it is served. */
async function open(port: number): Promise<{ socket: Socket; served: boolean }> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const [data] = await Promise.race([once(socket, "data"), once(socket, "close")]);
  return { socket, served: Buffer.isBuffer(data) };
}

describe("connections", () => {
  it("of one address have a limit, and a place that is given back is another's", async () => {
    const port = await listen(false);
    const first = await open(port);
    expect([first.served, (await open(port)).served, (await open(port)).served]).toEqual([true, true, false]);
    first.socket.destroy();
    await once(first.socket, "close");
    let again = await open(port);
    while (!again.served) again = await open(port);
    expect((await open(port)).served).toBe(false);
  });

  it("of a trusted balancer have none: it speaks for many", async () => {
    const port = await listen(true);
    for (let i = 0; i < 5; i++) expect((await open(port)).served).toBe(true);
  });
});
