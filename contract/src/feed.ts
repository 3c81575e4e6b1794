import { type Static, Type } from "typebox";
import { PersonRole, UnitKind, UnitStatus } from "./kinds.ts";

/**
 * The feed, dispatch API → desk, over the WebSocket `/api/feed` (session cookie). Text messages are the JSON below; binary
 * messages are position frames ({@link ../feed-frame.ts}).
 *
 * Order: the desk says `hello`; the server answers `welcome`, `units` (all of them), then a snapshot frame at `seq` n. After that
 * every `units` message and every changes frame carries `fromSeq` and `seq` (`toSeq`): it applies where the desk stands at
 * `fromSeq`. A desk that stands elsewhere says `resync` and gets all units and a snapshot anew [F1, F2].
 */
export const FEED_VERSION = 1;

export const FeedHello = Type.Object({
  type: Type.Literal("hello"),
  version: Type.Integer({ description: "the protocol version the desk speaks" }),
});
export type FeedHello = Static<typeof FeedHello>;

export const FeedResync = Type.Object({ type: Type.Literal("resync"), why: Type.String({ maxLength: 200 }) });
export type FeedResync = Static<typeof FeedResync>;

/** Sent by the desk every few seconds; the answer measures the delay of the way. */
export const FeedPing = Type.Object({ type: Type.Literal("ping"), sentAtMs: Type.Number() });
export type FeedPing = Static<typeof FeedPing>;

export const FeedFromDesk = Type.Union([FeedHello, FeedResync, FeedPing]);
export type FeedFromDesk = Static<typeof FeedFromDesk>;

/** A unit as every list and the map need it; what moves comes in the position frames under the same `no`. */
export const FeedUnit = Type.Object({
  no: Type.Integer({ minimum: 1, description: "the unit's number: its row in the frames" }),
  id: Type.String(),
  callsign: Type.String(),
  kind: UnitKind,
  status: UnitStatus,
  hasDevice: Type.Boolean(),
});
export type FeedUnit = Static<typeof FeedUnit>;

export const FeedWelcome = Type.Object({
  type: Type.Literal("welcome"),
  version: Type.Integer(),
  epoch: Type.Integer({
    description: "differs at every start of the API: what the desk holds of another epoch is void",
  }),
  serverTimeMs: Type.Number(),
  person: Type.Object({ name: Type.String(), role: PersonRole }),
});
export type FeedWelcome = Static<typeof FeedWelcome>;

export const FeedUnits = Type.Object({
  type: Type.Literal("units"),
  epoch: Type.Integer(),
  all: Type.Boolean({ description: "true: replaces every unit the desk knows; fromSeq is then void" }),
  fromSeq: Type.Integer(),
  seq: Type.Integer(),
  upsert: Type.Array(FeedUnit),
  remove: Type.Array(Type.Integer()),
});
export type FeedUnits = Static<typeof FeedUnits>;

/** The state of the way of a ping, for the banner and the badge; sent on change and after `welcome`. */
export const FeedHealth = Type.Object({
  type: Type.Literal("health"),
  database: Type.Boolean(),
  brokers: Type.Array(Type.Object({ broker: Type.Integer(), connected: Type.Boolean(), lastHeardMs: Type.Number() })),
  positionsFrozenSinceMs: Type.Union([Type.Number(), Type.Null()]),
});
export type FeedHealth = Static<typeof FeedHealth>;

/** The desk reads too slowly: it got the latest of each unit instead of each change [F3]. */
export const FeedLagging = Type.Object({
  type: Type.Literal("lagging"),
  skippedFrames: Type.Integer({ minimum: 1 }),
});
export type FeedLagging = Static<typeof FeedLagging>;

export const FeedPong = Type.Object({
  type: Type.Literal("pong"),
  sentAtMs: Type.Number(),
  serverTimeMs: Type.Number(),
});
export type FeedPong = Static<typeof FeedPong>;

/** Said before the server closes the socket [F4, F5]. */
export const FeedRefused = Type.Object({
  type: Type.Literal("refused"),
  code: Type.Union([
    Type.Literal("FEED_VERSION"),
    Type.Literal("FEED_MESSAGE"),
    Type.Literal("SIGNED_OUT"),
    Type.Literal("FEED_TOO_SLOW"),
  ]),
  reason: Type.String(),
});
export type FeedRefused = Static<typeof FeedRefused>;

export const FeedToDesk = Type.Union([FeedWelcome, FeedUnits, FeedHealth, FeedLagging, FeedPong, FeedRefused]);
export type FeedToDesk = Static<typeof FeedToDesk>;
