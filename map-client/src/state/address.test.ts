import { describe, expect, it } from "vitest";
import { mulberry32 } from "../engine/testing/random.ts";
import { type Address, formatAddress, parseAddress } from "./address.ts";

describe("the address", () => {
  it("brings back what it was made of", () => {
    const chance = mulberry32(2);
    for (let i = 0; i < 300; i++) {
      const address: Address = {
        page: chance() < 0.5 ? "map" : "registry",
        ...(chance() < 0.7
          ? {
              view: {
                center: [Math.round(chance() * 36e6 - 18e6) / 1e5, Math.round(chance() * 16e6 - 8e6) / 1e5],
                zoom: Math.round(chance() * 2000) / 100,
              },
            }
          : {}),
        ...(chance() < 0.5 ? { unit: 1 + Math.floor(chance() * 1e6) } : {}),
        ...(chance() < 0.5 ? { kinds: chance() < 0.5 ? (["foot"] as const) : (["motorcycle", "boat"] as const) } : {}),
        ...(chance() < 0.5 ? { statuses: ["en-route", "off-duty"] as const } : {}),
        ...(chance() < 0.5 ? { text: "巡 & P=1#" } : {}),
        ...(chance() < 0.5 ? { language: "zh" as const } : {}),
        ...(chance() < 0.5 ? { theme: "light" as const } : {}),
      };
      expect(parseAddress(formatAddress(address))).toEqual(address);
    }
  });

  it.each([
    "",
    "#",
    "#map=99/0/0",
    "#map=1/2",
    "#unit=-3&lang=fr&theme=pink",
    "#map=a/b/c&page=x",
    "#unit=1e99",
    "#kinds=tank,&statuses=asleep",
  ])("leaves out what it cannot read: %s", (hash) => {
    expect(parseAddress(hash).view).toBeUndefined();
    expect(parseAddress(hash).language).toBeUndefined();
  });
});
