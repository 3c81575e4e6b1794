import { type Static, Type } from "typebox";
import { DeviceCommand, OwnTracksCommand } from "./owntracks.ts";

/** What begins every channel and key of one cluster, so that several can share a Redis: no colon, nothing a pattern reads. */
export const CLUSTER_PREFIX_PATTERN = "^[A-Za-z0-9_-]{1,40}$";
export const CLUSTER_PREFIX_DEFAULT = "wufen";

/** Redis channel on which a broker publishes its bus frames, one binary message each. */
export function busChannel(prefix: string, broker: number): string {
  return `${prefix}:bus:${broker}`;
}

/** Pattern of all brokers' bus channels. */
export function busPattern(prefix: string): string {
  return `${prefix}:bus:*`;
}

/** Redis channel on which brokers tell one another {@link ClusterMessage}, as JSON. */
export function commandChannel(prefix: string): string {
  return `${prefix}:command`;
}

/** Redis channel on which dispatch APIs tell one another {@link SignInNotice}, as JSON. */
export function signInChannel(prefix: string): string {
  return `${prefix}:sign-in`;
}

/** A command in the words the device understands: body of `POST /commands/<device id>` of a broker. */
export const CommandRequest = Type.Union([
  Type.Object({ protocol: Type.Literal("owntracks"), command: OwnTracksCommand }),
  Type.Object({ protocol: Type.Literal("binary"), command: DeviceCommand }),
]);
export type CommandRequest = Static<typeof CommandRequest>;

const deviceId = Type.String({ minLength: 1, maxLength: 64 });
/** The process that speaks; it hears itself too. */
const from = Type.String({ minLength: 1, maxLength: 64 });

/** What a broker tells all brokers. */
export const ClusterMessage = Type.Union([
  Type.Object({ kind: Type.Literal("command"), from, deviceId, request: CommandRequest }),
  // The device has connected here: whoever else holds a connection of it lets that go.
  Type.Object({ kind: Type.Literal("takeover"), from, deviceId, connection: Type.Integer({ minimum: 1 }) }),
]);
export type ClusterMessage = Static<typeof ClusterMessage>;

/** What happened to a sign-in at one API, so that all count the same and guessing is held up whichever is asked. */
export const SignInNotice = Type.Object({
  from,
  step: Type.Union([Type.Literal("begun"), Type.Literal("failed"), Type.Literal("succeeded")]),
  name: Type.String({ minLength: 1, maxLength: 80 }),
  address: Type.String({ minLength: 1, maxLength: 64 }),
});
export type SignInNotice = Static<typeof SignInNotice>;
