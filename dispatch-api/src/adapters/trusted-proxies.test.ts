import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { clientAddress, readTrustedProxies } from "./trusted-proxies.ts";

const isTrusted = readTrustedProxies("10.0.0.5, 172.16.0.0/12,fd00::/8")!;

function seen(peer: string, forwardedFor?: string): string {
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  return clientAddress({ headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage, isTrusted);
}

describe("trusted proxies", () => {
  it("are addresses and networks of both versions", () => {
    for (const address of ["10.0.0.5", "172.16.0.1", "172.31.255.255", "fd12::1", "::ffff:10.0.0.5"]) {
      expect(isTrusted(address), address).toBe(true);
    }
    for (const address of ["10.0.0.6", "172.32.0.0", "fe80::1", "", "unix:"]) {
      expect(isTrusted(address), address).toBe(false);
    }
    expect(readTrustedProxies("")?.("127.0.0.1")).toBe(false);
  });

  it("are nothing else", () => {
    for (const text of ["balancer", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "fd00::/129", "10.0.0.0/8/8"]) {
      expect(readTrustedProxies(text), text).toBeUndefined();
    }
  });
});

describe("the client's address", () => {
  it("is the peer's, whatever it says, where the peer is not trusted", () => {
    expect(seen("203.0.113.7", "198.51.100.1")).toBe("203.0.113.7");
  });

  it("is what the trusted proxy says, not what the client told the proxy", () => {
    expect(seen("10.0.0.5", "203.0.113.7")).toBe("203.0.113.7");
    expect(seen("10.0.0.5", "198.51.100.1, 203.0.113.7")).toBe("203.0.113.7");
    expect(seen("10.0.0.5", "198.51.100.1, 203.0.113.7, 172.16.0.9")).toBe("203.0.113.7");
  });

  it("stays the proxy's where it says nothing that is an address", () => {
    expect(seen("10.0.0.5")).toBe("10.0.0.5");
    expect(seen("10.0.0.5", "unknown")).toBe("10.0.0.5");
  });
});
