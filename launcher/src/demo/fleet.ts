import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DeviceCredential, ImportedRoster, ImportRoster, UnitList } from "@wufen/contract";
import { type DataFolder, writeSecret } from "../data/data-folder.ts";
import type { ApiClient } from "./api-client.ts";

/** Units in one request: well under the limit of a REST body. */
const UNITS_PER_REQUEST = 2_000;
/** The handset for sending a position by hand. */
const HAND_CALLSIGN = "P00";

/** What it asks of the dispatch API. */
export type RegistryCalls = Pick<ApiClient, "call">;

type RosterUnit = ImportRoster["units"][number];
/** What the simulator's roster says of a unit beyond what the registry takes. */
export type DemoUnit = RosterUnit & { readonly protocol: "owntracks" | "binary" };

/** A device with its secret; the fleet's file holds a list of these. */
export type DeviceLogin = { readonly deviceId: string; readonly secret: string; readonly callsign: string };

export type DemoFleet = {
  /** The file that the simulator plays. */
  readonly playFile: string;
  readonly handset: DeviceLogin;
  readonly newUnits: number;
};

/**
 * Registers what is missing of the demo's units and one handset to play with by hand; the secrets, which the API tells only
 * once, are kept in the data folder.
 */
export async function ensureFleet(
  roster: readonly DemoUnit[],
  databaseId: string,
  folder: DataFolder,
  api: RegistryCalls,
): Promise<DemoFleet> {
  const registeredFile = join(folder.keysDir, `devices-${databaseId}.json`);
  const hand: RosterUnit = { callsign: HAND_CALLSIGN, kind: "foot", deviceKind: "handset" };
  const wanted: RosterUnit[] = [hand, ...roster.map(({ protocol: _, ...unit }) => unit)];

  const { units } = await api.call<UnitList>("GET", "/api/units");
  const inRegistry = new Map(units.map(({ callsign, deviceId }) => [callsign, deviceId]));
  const logins = new Map(readLogins(registeredFile).map((login) => [login.callsign, login]));
  for (const [callsign, { deviceId }] of logins) {
    if (inRegistry.get(callsign) !== deviceId) logins.delete(callsign);
  }

  // Registered, and the secret is lost: a start that was killed in between, or another data folder.
  for (const { callsign } of wanted) {
    const deviceId = inRegistry.get(callsign);
    if (logins.has(callsign) || deviceId === undefined || deviceId === null) continue;
    const { secret } = await api.call<DeviceCredential>("POST", `/api/devices/${deviceId}/credential`);
    logins.set(callsign, { deviceId, secret, callsign });
  }
  const missing = wanted.filter(({ callsign }) => !inRegistry.has(callsign));
  for (let at = 0; at < missing.length; at += UNITS_PER_REQUEST) {
    const body: ImportRoster = { units: missing.slice(at, at + UNITS_PER_REQUEST) };
    const made = await api.call<ImportedRoster>("POST", "/api/roster", body);
    for (const { callsign, deviceId, secret } of made.units) logins.set(callsign, { deviceId, secret, callsign });
    writeSecret(registeredFile, JSON.stringify([...logins.values()]));
  }
  writeSecret(registeredFile, JSON.stringify([...logins.values()]));

  const handset = logins.get(HAND_CALLSIGN);
  if (handset === undefined) throw new Error(`the handset ${HAND_CALLSIGN} has no device: bind one to it`);
  writeSecret(folder.credentialsFile, JSON.stringify(listPlayed(roster, logins), undefined, 1));
  return { playFile: folder.credentialsFile, handset, newUnits: missing.length };
}

function listPlayed(roster: readonly DemoUnit[], logins: ReadonlyMap<string, DeviceLogin>) {
  return roster.flatMap((unit) => {
    const login = logins.get(unit.callsign);
    // A unit that someone unbound from its device stays still.
    if (login === undefined) return [];
    const { kind, protocol, datum = "wgs84", homePost } = unit;
    return [{ ...login, kind, protocol, datum, ...(homePost === undefined ? {} : { homePost }) }];
  });
}

function readLogins(file: string): DeviceLogin[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as DeviceLogin[]) : [];
}
