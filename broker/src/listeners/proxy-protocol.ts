import { isIPv4, isIPv6, SocketAddress } from "node:net";

/** Longest header taken, bytes: version 2 with its addresses and a balancer's own fields; more is no balancer of ours. */
export const PROXY_HEADER_LIMIT_BYTES = 2048;

/** What the first bytes of a connection are; `client` is undefined where the balancer speaks for itself (its health checks). */
export type ProxyReading =
  | { readonly kind: "incomplete" }
  | { readonly kind: "header"; readonly lengthBytes: number; readonly client: ProxyClient | undefined }
  | { readonly kind: "malformed"; readonly reason: string };

export interface ProxyClient {
  /** As `remoteAddress` of a socket would say it. */
  readonly address: string;
  readonly port: number;
}

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const TEXT_BEGIN = [..."PROXY "].map((letter) => letter.charCodeAt(0));
/** The longest line of version 1, its line end included. */
const TEXT_LIMIT_BYTES = 107;
const FIXED_BYTES = 16;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/**
 * Reads a PROXY protocol header, version 1 or 2, from all bytes received so far. What follows the header is the connection's.
 *
 * Source: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt §2.1, §2.2
 */
export function readProxyHeader(bytes: Uint8Array): ProxyReading {
  if (beginsAlike(bytes, SIGNATURE)) return readBinary(bytes);
  if (beginsAlike(bytes, TEXT_BEGIN)) return readText(bytes);
  return malformed("no PROXY header");
}

/** Whether `bytes`, as many as there are, could be the beginning of what begins with `wanted`. */
function beginsAlike(bytes: Uint8Array, wanted: readonly number[]): boolean {
  return wanted.every((byte, i) => i >= bytes.length || bytes[i] === byte);
}

function readBinary(bytes: Uint8Array): ProxyReading {
  if (bytes.length < FIXED_BYTES) return { kind: "incomplete" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[12]! >> 4;
  const command = bytes[12]! & 0x0f;
  const family = bytes[13]! >> 4;
  const transport = bytes[13]! & 0x0f;
  const rest = view.getUint16(14);
  const lengthBytes = FIXED_BYTES + rest;
  if (version !== 2) return malformed(`version ${version}, not 2`);
  if (command > 1) return malformed(`command ${command}, not LOCAL or PROXY`);
  if (lengthBytes > PROXY_HEADER_LIMIT_BYTES)
    return malformed(`${lengthBytes} bytes, over ${PROXY_HEADER_LIMIT_BYTES}`);
  if (bytes.length < lengthBytes) return { kind: "incomplete" };
  const isLocal = command === 0;
  const isUnspecified = family === 0 || transport === 0;
  if (isLocal || isUnspecified) return { kind: "header", lengthBytes, client: undefined };
  if (transport !== 1) return malformed(`transport ${transport}, not a stream`);
  const hostBytes = family === 1 ? 4 : family === 2 ? 16 : undefined;
  if (hostBytes === undefined) return malformed(`address family ${family}, not IPv4 or IPv6`);
  if (rest < 2 * hostBytes + 4) return malformed(`${rest} bytes are too few for the addresses`);
  // What follows the addresses are the balancer's own fields (TLV): nothing we need.
  const host = bytes.subarray(FIXED_BYTES, FIXED_BYTES + hostBytes);
  const address = hostBytes === 4 ? host.join(".") : ipv6Text(host);
  return { kind: "header", lengthBytes, client: { address, port: view.getUint16(FIXED_BYTES + 2 * hostBytes) } };
}

function readText(bytes: Uint8Array): ProxyReading {
  const lineFeed = bytes.indexOf(LINE_FEED);
  if (lineFeed < 0 && bytes.length < TEXT_LIMIT_BYTES) return { kind: "incomplete" };
  if (lineFeed < 0 || lineFeed >= TEXT_LIMIT_BYTES) return malformed(`a line over ${TEXT_LIMIT_BYTES} bytes`);
  if (bytes[lineFeed - 1] !== CARRIAGE_RETURN) return malformed("a line without carriage return");
  const line = String.fromCharCode(...bytes.subarray(0, lineFeed - 1));
  const lengthBytes = lineFeed + 1;
  const [, protocol, source = "", destination = "", sourcePort = "", destinationPort = "", ...more] = line.split(" ");
  if (protocol === "UNKNOWN") return { kind: "header", lengthBytes, client: undefined };
  const isAddress = protocol === "TCP4" ? isIPv4 : protocol === "TCP6" ? isPlainIPv6 : undefined;
  if (isAddress === undefined) return malformed("neither TCP4, TCP6 nor UNKNOWN");
  const isRight =
    isAddress(source) && isAddress(destination) && isPort(sourcePort) && isPort(destinationPort) && more.length === 0;
  if (!isRight) return malformed("addresses or ports that are none");
  const address = protocol === "TCP6" ? canonical(source) : source;
  return { kind: "header", lengthBytes, client: { address, port: Number(sourcePort) } };
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes("%");
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function ipv6Text(host: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((host[2 * i]! << 8) | host[2 * i + 1]!).toString(16));
  return canonical(groups.join(":"));
}

/** One spelling for one address, and IPv4 for an IPv4 address in IPv6's clothes: limits are kept by address. */
function canonical(ipv6: string): string {
  const { address } = new SocketAddress({ address: ipv6, family: "ipv6" });
  return /^::ffff:\d/.test(address) && address.includes(".") ? address.slice("::ffff:".length) : address;
}

function malformed(reason: string): ProxyReading {
  return { kind: "malformed", reason };
}
