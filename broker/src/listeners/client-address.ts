import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Whether the request comes from our own API: it carries the key both were started with. */
export function isFromProxy(request: IncomingMessage, proxyKey: string | undefined): boolean {
  const given = request.headers["x-wufen-proxy-key"];
  if (proxyKey === undefined || typeof given !== "string") return false;
  const [a, b] = [Buffer.from(given), Buffer.from(proxyKey)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The client's address, which the API passes on, so that limits count devices and not the proxy. */
export function clientAddress(request: IncomingMessage, proxyKey: string | undefined): string {
  const said = request.headers["x-wufen-client-address"];
  if (typeof said === "string" && said !== "" && isFromProxy(request, proxyKey)) return said;
  return request.socket.remoteAddress ?? "";
}
