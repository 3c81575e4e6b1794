import { readFileSync } from "node:fs";
import { Position, PositionDatum, UnitKind } from "@wufen/contract";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";

/** One device of the credentials file. */
export const DeviceCredentials = Type.Object({
  deviceId: Type.String(),
  secret: Type.String(),
  kind: UnitKind,
  callsign: Type.String(),
  protocol: Type.Union([Type.Literal("owntracks"), Type.Literal("binary")]),
  datum: PositionDatum,
  homePost: Type.Optional(Position),
});
export type DeviceCredentials = Static<typeof DeviceCredentials>;

const CredentialsFile = Type.Array(DeviceCredentials, { minItems: 1 });

/** @throws Error that names the file, the entry and what is wrong with it. */
export function readCredentials(path: string): DeviceCredentials[] {
  const content: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (Value.Check(CredentialsFile, content)) return content;
  const [first] = Value.Errors(CredentialsFile, content);
  throw new Error(`${path}${first?.instancePath ?? ""}: ${first?.message ?? "not a list of device credentials"}`);
}
