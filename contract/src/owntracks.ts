import { type Static, Type } from "typebox";

/**
 * OwnTracks JSON as its apps send it (booklet “JSON”, and the apps' source). Unknown keys are allowed: the apps add some with every
 * release. The app drops zero-valued acc, alt, cog, vac and vel, so a missing one is not “unknown” there.
 */
const seconds = Type.Number({ minimum: 0, maximum: 4_102_444_800, description: "Unix time, seconds" });

export const OwnTracksLocation = Type.Object(
  {
    _type: Type.Literal("location"),
    lat: Type.Number({ minimum: -90, maximum: 90 }),
    lon: Type.Number({ minimum: -180, maximum: 180 }),
    tst: seconds,
    acc: Type.Optional(Type.Number({ description: "m" })),
    alt: Type.Optional(Type.Number({ description: "m" })),
    batt: Type.Optional(Type.Number({ description: "%" })),
    bs: Type.Optional(Type.Number({ description: "0 unknown, 1 unplugged, 2 charging, 3 full" })),
    cog: Type.Optional(Type.Number({ description: "degrees" })),
    vel: Type.Optional(Type.Number({ description: "km/h" })),
    vac: Type.Optional(Type.Number({ description: "m" })),
    tid: Type.Optional(Type.String()),
    t: Type.Optional(Type.String({ description: "p ping: a fresh tst on an old position" })),
    conn: Type.Optional(Type.String()),
    created_at: Type.Optional(seconds),
    m: Type.Optional(Type.Number()),
    topic: Type.Optional(Type.String({ description: "over HTTP only" })),
  },
  { additionalProperties: true },
);
export type OwnTracksLocation = Static<typeof OwnTracksLocation>;

/** Last will of the app. `tst` is when the app first connected, not when it died: the receipt is stamped by the broker. */
export const OwnTracksLwt = Type.Object(
  { _type: Type.Literal("lwt"), tst: Type.Optional(seconds) },
  { additionalProperties: true },
);
export type OwnTracksLwt = Static<typeof OwnTracksLwt>;

export const OwnTracksTransition = Type.Object(
  {
    _type: Type.Literal("transition"),
    event: Type.Union([Type.Literal("enter"), Type.Literal("leave")]),
    wtst: Type.Optional(seconds),
    tst: seconds,
    lat: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
    lon: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
    acc: Type.Optional(Type.Number()),
    desc: Type.Optional(Type.String()),
    t: Type.Optional(Type.String()),
    tid: Type.Optional(Type.String()),
  },
  { additionalProperties: true },
);
export type OwnTracksTransition = Static<typeof OwnTracksTransition>;

/** A command to the app on `…/cmd`. */
export const OwnTracksCommand = Type.Object(
  {
    _type: Type.Literal("cmd"),
    action: Type.Union([
      Type.Literal("reportLocation"),
      Type.Literal("setWaypoints"),
      Type.Literal("clearWaypoints"),
      Type.Literal("setConfiguration"),
      Type.Literal("status"),
    ]),
  },
  { additionalProperties: true },
);
export type OwnTracksCommand = Static<typeof OwnTracksCommand>;

/** The configuration behind the provisioning QR code, `owntracks:///config?inline=<base64>`. */
export const OwnTracksConfiguration = Type.Object({
  _type: Type.Literal("configuration"),
  mode: Type.Union([Type.Literal(0), Type.Literal(3)], { description: "0 MQTT, 3 HTTP" }),
  host: Type.Optional(Type.String()),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  tls: Type.Optional(Type.Boolean()),
  ws: Type.Optional(Type.Boolean()),
  url: Type.Optional(Type.String()),
  username: Type.String(),
  password: Type.String(),
  clientId: Type.String(),
  deviceId: Type.String(),
  tid: Type.String({ maxLength: 2 }),
  pubTopicBase: Type.String(),
  mqttProtocolLevel: Type.Optional(Type.Integer()),
  monitoring: Type.Integer({ minimum: -1, maximum: 2 }),
  cmd: Type.Boolean(),
  remoteConfiguration: Type.Boolean(),
});
export type OwnTracksConfiguration = Static<typeof OwnTracksConfiguration>;

/** What our own handsets and terminals say on `wufen/<id>/status`: hello, and last will. */
export const DeviceStatus = Type.Object({ state: Type.Union([Type.Literal("online"), Type.Literal("offline")]) });
export type DeviceStatus = Static<typeof DeviceStatus>;

/** A command to our own devices on `wufen/<id>/cmd`. */
export const DeviceCommand = Type.Object({
  id: Type.String({ maxLength: 64 }),
  action: Type.Union([Type.Literal("report-now"), Type.Literal("set-interval")]),
  intervalS: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
});
export type DeviceCommand = Static<typeof DeviceCommand>;
