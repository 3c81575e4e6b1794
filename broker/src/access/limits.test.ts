import { describe, expect, test } from "vitest";
import { AddressLimits } from "./address-limits.ts";
import { Flapping } from "./flapping.ts";
import { TokenBucket } from "./token-bucket.ts";

describe("TokenBucket", () => {
  test("gives its burst at once and its rate afterwards", () => {
    const bucket = new TokenBucket(10, 5, 1000);
    expect(Array.from({ length: 7 }, () => bucket.take(1000))).toEqual([true, true, true, true, true, false, false]);
    expect(bucket.waitMs(1000)).toBe(100);
    expect(bucket.take(1099)).toBe(false);
    expect(bucket.take(1100)).toBe(true);
    let taken = 0;
    for (let t = 1100; t < 11_100; t++) if (bucket.take(t)) taken++;
    expect(taken).toBeGreaterThanOrEqual(99);
    expect(taken).toBeLessThanOrEqual(100);
  });

  test("a clock that is set back neither gives nor takes", () => {
    const bucket = new TokenBucket(1, 1, 10_000);
    expect(bucket.take(10_000)).toBe(true);
    expect(bucket.take(5000)).toBe(false);
    expect(bucket.take(6000)).toBe(true);
  });
});

describe("AddressLimits", () => {
  const limits = {
    connections: 5,
    connectionsPerAddress: 3,
    connectsPerAddressPerSecond: 1,
    connectBurstPerAddress: 4,
  };

  test("counts connections by address and in all, and gives places back", () => {
    const addresses = new AddressLimits(limits);
    expect([1, 2, 3, 4].map(() => addresses.open("a", 0))).toEqual([
      undefined,
      undefined,
      undefined,
      "too-many-connections",
    ]);
    expect([1, 2, 3].map(() => addresses.open("b", 0))).toEqual([undefined, undefined, "too-many-connections"]);
    addresses.close("a");
    expect(addresses.open("b", 0)).toBeUndefined();
    expect(addresses.connections).toBe(5);
  });

  test("limits how fast an address opens them, whatever it closes", () => {
    const addresses = new AddressLimits(limits);
    for (let i = 0; i < 4; i++) {
      expect(addresses.open("a", 0)).toBeUndefined();
      addresses.close("a");
    }
    expect(addresses.open("a", 0)).toBe("connect-rate");
    expect([addresses.knock("a", 0), addresses.knock("b", 0)]).toEqual([false, true]);
    expect(addresses.open("a", 1000)).toBeUndefined();
  });
});

describe("Flapping", () => {
  test("bans for its time after too many connects in a minute, and each device by itself", () => {
    const flapping = new Flapping(15, 300_000);
    for (let i = 0; i < 15; i++) expect(flapping.connects(1, i * 1000)).toBe(false);
    expect(flapping.connects(1, 20_000)).toBe(true);
    expect(flapping.connects(2, 20_000)).toBe(false);
    expect(flapping.connects(1, 319_999)).toBe(true);
    expect(flapping.connects(1, 320_000)).toBe(false);
  });

  test("fifteen a minute for ever are no flapping", () => {
    const flapping = new Flapping(15, 300_000);
    for (let i = 0; i < 600; i++) expect(flapping.connects(1, i * 4001)).toBe(false);
  });
});
