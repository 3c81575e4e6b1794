import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/** Whether what stands at this address may say whom it speaks for. */
export type IsTrusted = (address: string) => boolean;

/**
 * Reads addresses and networks, separated by commas: `10.0.0.5,172.16.0.0/12,fd00::/8`; undefined where one is neither.
 */
export function readTrustedProxies(text: string): IsTrusted | undefined {
  const list = new BlockList();
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const [address = "", prefix, ...more] = entry.split("/");
    const version = isIP(address);
    const bits = version === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (version === 0 || length < 0 || length > bits || more.length > 0) return undefined;
    list.addSubnet(address, length, version === 6 ? "ipv6" : "ipv4");
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4");
  };
}

/** The client's address: the last one that a trusted proxy says and that is none itself. */
export function clientAddress(request: IncomingMessage, isTrusted: IsTrusted): string {
  const said = [request.headers["x-forwarded-for"] ?? []].flat().join(",");
  const hops = said.split(",").map((hop) => hop.trim());
  let address = request.socket.remoteAddress ?? "";
  while (isTrusted(address)) {
    const next = hops.pop();
    if (next === undefined || isIP(next) === 0) break;
    address = next;
  }
  return address;
}
