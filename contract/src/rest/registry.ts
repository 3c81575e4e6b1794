import { type Static, Type } from "typebox";
import { DeviceKind, Position, PositionDatum, UnitKind, UnitStatus } from "../kinds.ts";
import { LIMITS } from "../limits.ts";
import { DEVICE_ID_PATTERN } from "../topics.ts";

const Label = Type.String({ minLength: 1, maxLength: LIMITS.nameLength, pattern: "^[^\\u0000-\\u001f\\u007f]*$" });
const DeviceId = Type.String({ pattern: DEVICE_ID_PATTERN });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

export const CreateDevice = Type.Object(
  {
    id: Type.Optional(DeviceId),
    label: Label,
    kind: DeviceKind,
    datum: Type.Optional(PositionDatum),
  },
  { additionalProperties: false },
);
export type CreateDevice = Static<typeof CreateDevice>;

export const EditDevice = Type.Partial(Type.Object({ label: Label, datum: PositionDatum, disabled: Type.Boolean() }), {
  additionalProperties: false,
  minProperties: 1,
});
export type EditDevice = Static<typeof EditDevice>;

export const Device = Type.Object({
  id: DeviceId,
  label: Label,
  kind: DeviceKind,
  datum: PositionDatum,
  disabled: Type.Boolean(),
  createdAtMs: Type.Number(),
  unitId: nullable(Type.String()),
  online: Type.Boolean(),
  /** Receipt of the last message of any kind; null: never heard. */
  heardAtMs: nullable(Type.Number()),
  fixedAtMs: nullable(Type.Number()),
  clockOffsetMs: nullable(Type.Number()),
  batteryPercent: nullable(Type.Number()),
});
export type Device = Static<typeof Device>;

export const DeviceList = Type.Object({ devices: Type.Array(Device), total: Type.Integer() });
export type DeviceList = Static<typeof DeviceList>;

/** What a device was refused for, by reason [P6]; and what was kept but moved nothing. */
export const DeviceRefusals = Type.Object({
  deviceId: DeviceId,
  refused: Type.Array(Type.Object({ reason: Type.String(), count: Type.Integer(), lastAtMs: Type.Number() })),
  kept: Type.Object({ late: Type.Integer(), implausible: Type.Integer() }),
});
export type DeviceRefusals = Static<typeof DeviceRefusals>;

/** A device's secret, shown once, and the ways to bring it onto a device. */
export const DeviceCredential = Type.Object({
  deviceId: DeviceId,
  secret: Type.String(),
  /** owntracks:///config?inline=… */
  ownTracksUrl: nullable(Type.String()),
  /** The same as a QR code, an SVG document. */
  ownTracksQrSvg: nullable(Type.String()),
  mosquittoPub: Type.String({ description: "one line that sends a position by hand" }),
});
export type DeviceCredential = Static<typeof DeviceCredential>;

export const CreateUnit = Type.Object(
  {
    callsign: Label,
    kind: UnitKind,
    status: Type.Optional(UnitStatus),
    homePost: Type.Optional(Position),
    deviceId: Type.Optional(DeviceId),
  },
  { additionalProperties: false },
);
export type CreateUnit = Static<typeof CreateUnit>;

export const EditUnit = Type.Partial(
  Type.Object({
    callsign: Label,
    kind: UnitKind,
    status: UnitStatus,
    homePost: nullable(Position),
    /** null unbinds. */
    deviceId: nullable(DeviceId),
  }),
  { additionalProperties: false, minProperties: 1 },
);
export type EditUnit = Static<typeof EditUnit>;

export const Unit = Type.Object({
  id: Type.String(),
  no: Type.Integer(),
  callsign: Label,
  kind: UnitKind,
  status: UnitStatus,
  homePost: nullable(Position),
  deviceId: nullable(DeviceId),
});
export type Unit = Static<typeof Unit>;

export const UnitList = Type.Object({ units: Type.Array(Unit), total: Type.Integer() });
export type UnitList = Static<typeof UnitList>;

/** Many units with their devices in one request; the answer holds each new device's secret, once. Nothing is made if one is wrong. */
export const ImportRoster = Type.Object(
  {
    units: Type.Array(
      Type.Object(
        {
          callsign: Label,
          kind: UnitKind,
          /** `available` where it is left out. */
          status: Type.Optional(UnitStatus),
          homePost: Type.Optional(Position),
          deviceKind: DeviceKind,
          datum: Type.Optional(PositionDatum),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 20_000 },
    ),
  },
  { additionalProperties: false },
);
export type ImportRoster = Static<typeof ImportRoster>;

export const ImportedRoster = Type.Object({
  units: Type.Array(Type.Object({ unitId: Type.String(), callsign: Label, deviceId: DeviceId, secret: Type.String() })),
});
export type ImportedRoster = Static<typeof ImportedRoster>;

/** Points of a unit's track, oldest first; times are the device's. */
export const UnitTrack = Type.Object({
  unitId: Type.String(),
  fromMs: Type.Number(),
  toMs: Type.Number(),
  /** True where the limit of points cut the track's beginning. */
  truncated: Type.Boolean(),
  points: Type.Array(
    Type.Object({
      fixedAtMs: Type.Number(),
      position: Position,
      accuracyM: nullable(Type.Number()),
      speedKmh: nullable(Type.Number()),
    }),
  ),
});
export type UnitTrack = Static<typeof UnitTrack>;
