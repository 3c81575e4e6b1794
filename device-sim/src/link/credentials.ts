import { existsSync, readFileSync } from "node:fs";
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
  if (!existsSync(path))
    throw new Error(`--credentials ${path} does not exist: register the devices and write their file`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`--credentials ${path} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (Value.Check(CredentialsFile, content)) return content;
  const [first] = Value.Errors(CredentialsFile, content);
  throw new Error(`${path}${first?.instancePath ?? ""}: ${first?.message ?? "not a list of device credentials"}`);
}
