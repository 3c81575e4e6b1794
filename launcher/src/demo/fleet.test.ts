import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImportRoster } from "@wufen/contract";
import { afterEach, expect, test } from "vitest";
import { openDataFolder } from "../data/data-folder.ts";
import { type DemoUnit, ensureFleet, type RegistryCalls } from "./fleet.ts";

const dir = mkdtempSync(join(tmpdir(), "wufen-fleet-"));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A registry that answers as the dispatch API does. */
class FakeRegistry implements RegistryCalls {
  readonly units: { callsign: string; deviceId: string }[] = [];
  readonly secrets = new Map<string, string>();
  readonly asked: string[] = [];
  #no = 0;

  async call<Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    this.asked.push(`${method} ${path}`);
    if (path === "/api/units") return { units: this.units, total: this.units.length } as Answer;
    if (path === "/api/roster") {
      const units = (body as ImportRoster).units.map(({ callsign }) => {
        const deviceId = `d-${++this.#no}`;
        this.units.push({ callsign, deviceId });
        return { unitId: `u-${this.#no}`, callsign, deviceId, secret: this.#renew(deviceId) };
      });
      return { units } as Answer;
    }
    const deviceId = path.split("/")[3] as string;
    return { deviceId, secret: this.#renew(deviceId) } as Answer;
  }

  #renew(deviceId: string): string {
    const secret = `secret ${++this.#no}`;
    this.secrets.set(deviceId, secret);
    return secret;
  }
}

const roster = (units: number): DemoUnit[] =>
  Array.from({ length: units }, (_, i) => ({
    callsign: `P-${i}`,
    kind: "foot",
    deviceKind: "handset",
    protocol: i % 2 === 0 ? "binary" : "owntracks",
  }));

type Played = { callsign: string; deviceId: string; secret: string; datum: string };

async function ensure(registry: FakeRegistry, units: number, databaseId = "embedded") {
  const fleet = await ensureFleet(roster(units), databaseId, openDataFolder(dir), registry);
  const played = JSON.parse(readFileSync(fleet.playFile, "utf8")) as Played[];
  for (const { deviceId, secret } of [...played, fleet.handset]) expect(registry.secrets.get(deviceId)).toBe(secret);
  expect(statSync(fleet.playFile).mode & 0o077).toBe(0);
  return { ...fleet, callsigns: played.map(({ callsign }) => callsign) };
}

test("units are registered once; more units add the rest, fewer play fewer, and nobody's secret changes", async () => {
  const registry = new FakeRegistry();
  expect(await ensure(registry, 3)).toMatchObject({ newUnits: 4, callsigns: ["P-0", "P-1", "P-2"] });
  const secrets = [...registry.secrets];
  expect(await ensure(registry, 5)).toMatchObject({ newUnits: 2 });
  expect(await ensure(registry, 2)).toMatchObject({ newUnits: 0, callsigns: ["P-0", "P-1"] });
  expect(await ensure(registry, 5)).toMatchObject({ newUnits: 0 });
  expect([...registry.secrets].slice(0, 4)).toEqual(secrets);
});

test("a lost secret is issued anew, and another database has devices of its own", async () => {
  const registry = new FakeRegistry();
  await ensure(registry, 2);
  rmSync(join(dir, "keys"), { recursive: true });
  expect(await ensure(registry, 2)).toMatchObject({ newUnits: 0, callsigns: ["P-0", "P-1"] });
  expect(registry.asked).toContain("POST /api/devices/d-1/credential");

  const other = new FakeRegistry();
  expect(await ensure(other, 2, "other")).toMatchObject({ newUnits: 3 });
  // Emptied behind our back: what the data folder remembers does not count.
  expect(await ensure(new FakeRegistry(), 2, "other")).toMatchObject({ newUnits: 3 });
});

test("a large fleet is registered in several requests", async () => {
  const registry = new FakeRegistry();
  expect(await ensure(registry, 4500)).toMatchObject({ newUnits: 4501 });
  expect(registry.asked.filter((call) => call === "POST /api/roster")).toHaveLength(3);
});
