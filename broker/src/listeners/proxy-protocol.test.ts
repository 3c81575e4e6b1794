import { describe, expect, test } from "vitest";
import { PROXY_HEADER_LIMIT_BYTES, type ProxyReading, readProxyHeader } from "./proxy-protocol.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const CONNECT = Buffer.from("100c00044d5154540402003c0000", "hex");

/** A version 2 header; the length is that of `rest` unless told. */
function binary(versionCommand: number, familyTransport: number, rest: string, length = rest.length / 2): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt8(versionCommand, 0);
  head.writeUInt8(familyTransport, 1);
  head.writeUInt16BE(length, 2);
  return Buffer.concat([Buffer.from(SIGNATURE, "hex"), head, Buffer.from(rest, "hex")]);
}

const IPV4 = "cb007107" + "0a000001" + "d431" + "075b";
const IPV6 = "20010db8000000000000000000000007" + "20010db8000000000000000000000001" + "d431" + "075b";
const MAPPED = "00000000000000000000ffffcb007107" + "00000000000000000000ffff0a000001" + "d431" + "075b";
/** PP2_TYPE_ALPN "mqtt" and PP2_TYPE_NOOP of two bytes. */
const FIELDS = "0100046d717474" + "0400020000";

const WHOLE: Record<string, { bytes: Buffer; client: { address: string; port: number } | undefined }> = {
  "version 1, IPv4": {
    bytes: Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 54321 1883\r\n"),
    client: { address: "203.0.113.7", port: 54_321 },
  },
  "version 1, IPv6": {
    bytes: Buffer.from("PROXY TCP6 2001:DB8:0:0::7 2001:db8::1 54321 1883\r\n"),
    client: { address: "2001:db8::7", port: 54_321 },
  },
  "version 1, the longest line": {
    bytes: Buffer.from(`PROXY UNKNOWN ${"f".repeat(39)} ${"f".repeat(39)} 65535 65535\r\n`),
    client: undefined,
  },
  "version 1, unknown": { bytes: Buffer.from("PROXY UNKNOWN\r\n"), client: undefined },
  "version 2, IPv4": { bytes: binary(0x21, 0x11, IPV4), client: { address: "203.0.113.7", port: 54_321 } },
  "version 2, IPv6": { bytes: binary(0x21, 0x21, IPV6), client: { address: "2001:db8::7", port: 54_321 } },
  "version 2, IPv4 written as IPv6": {
    bytes: binary(0x21, 0x21, MAPPED),
    client: { address: "203.0.113.7", port: 54_321 },
  },
  "version 2 with fields behind the addresses": {
    bytes: binary(0x21, 0x11, IPV4 + FIELDS),
    client: { address: "203.0.113.7", port: 54_321 },
  },
  "version 2, LOCAL: the balancer's own check": { bytes: binary(0x20, 0x00, ""), client: undefined },
  "version 2, LOCAL with addresses that do not count": { bytes: binary(0x20, 0x11, IPV4), client: undefined },
  "version 2, unspecified family": { bytes: binary(0x21, 0x00, FIELDS), client: undefined },
  "version 2, as long as may be": {
    bytes: binary(0x21, 0x11, IPV4 + "00".repeat(PROXY_HEADER_LIMIT_BYTES - 28)),
    client: { address: "203.0.113.7", port: 54_321 },
  },
};

const BROKEN: Record<string, Buffer> = {
  "MQTT without a header": CONNECT,
  "a line of HTTP": Buffer.from("GET / HTTP/1.1\r\n"),
  "lower case": Buffer.from("proxy TCP4 203.0.113.7 10.0.0.1 1 2\r\n"),
  "an unknown protocol": Buffer.from("PROXY UDP4 203.0.113.7 10.0.0.1 1 2\r\n"),
  "an address that is none": Buffer.from("PROXY TCP4 203.0.113.700 10.0.0.1 1 2\r\n"),
  "IPv6 said to be IPv4": Buffer.from("PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n"),
  "an address with a zone": Buffer.from("PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n"),
  "a port above 65535": Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 65536 2\r\n"),
  "a port with a leading zero": Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 01 2\r\n"),
  "one word too many": Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 1 2 3\r\n"),
  "two spaces": Buffer.from("PROXY TCP4  203.0.113.7 10.0.0.1 1 2\r\n"),
  "no carriage return": Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 1 2\n"),
  "nothing but the word": Buffer.from("PROXY \r\n"),
  "a line without an end": Buffer.from(`PROXY TCP4 ${"1".repeat(200)}`),
  "a line that ends too late": Buffer.from(`PROXY UNKNOWN ${"x".repeat(100)}\r\n`),
  "version 3": binary(0x31, 0x11, IPV4),
  "an unknown command": binary(0x22, 0x11, IPV4),
  "a datagram": binary(0x21, 0x12, IPV4),
  "a unix socket": binary(0x21, 0x31, "00".repeat(216)),
  "an unknown family": binary(0x21, 0x41, IPV4),
  "too few bytes for IPv4": binary(0x21, 0x11, IPV4.slice(2)),
  "too few bytes for IPv6": binary(0x21, 0x21, IPV4),
  "a length over the limit": binary(0x21, 0x11, IPV4, PROXY_HEADER_LIMIT_BYTES - 15),
  "the longest length there is": binary(0x21, 0x11, IPV4, 65_535),
};

describe("a PROXY header", () => {
  for (const [title, { bytes, client }] of Object.entries(WHOLE)) {
    test(`is read: ${title}`, () => {
      const expected: ProxyReading = { kind: "header", lengthBytes: bytes.length, client };
      expect(readProxyHeader(bytes)).toEqual(expected);
      expect(readProxyHeader(Buffer.concat([bytes, CONNECT]))).toEqual(expected);
    });

    test(`is waited for byte by byte: ${title}`, () => {
      for (let length = 0; length < bytes.length; length++) {
        expect(readProxyHeader(bytes.subarray(0, length)), `${length} bytes`).toEqual({ kind: "incomplete" });
      }
    });
  }

  for (const [title, bytes] of Object.entries(BROKEN)) {
    test(`is refused, and never asks for more than its limit: ${title}`, () => {
      expect(readProxyHeader(bytes).kind).toBe("malformed");
      // Once broken it stays so, whatever follows, and before that it is incomplete and nothing else.
      const kinds = Array.from({ length: bytes.length + 1 }, (_, n) => readProxyHeader(bytes.subarray(0, n)).kind);
      const firstBroken = kinds.indexOf("malformed");
      expect(kinds.slice(0, firstBroken).every((kind) => kind === "incomplete")).toBe(true);
      expect(kinds.slice(firstBroken).every((kind) => kind === "malformed")).toBe(true);
      expect(firstBroken).toBeLessThanOrEqual(PROXY_HEADER_LIMIT_BYTES);
    });
  }

  test("is read from the middle of a larger buffer", () => {
    const bytes = Buffer.concat([Buffer.from("xyz"), binary(0x21, 0x11, IPV4)]).subarray(3);
    expect(readProxyHeader(bytes)).toMatchObject({ kind: "header", client: { address: "203.0.113.7" } });
  });
});
