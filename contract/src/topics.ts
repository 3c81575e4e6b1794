/**
 * The MQTT topics of a device. Its id is its user name and its client id, and every topic of its own ends up under that id,
 * so that the same access rules can be said in other brokers' patterns (`%u`).
 *
 *   owntracks/<id>/<anything>          location, last will (JSON)      device → broker
 *   owntracks/<id>/<anything>/<kind>   event, waypoint(s), status …    device → broker
 *   owntracks/<id>/<anything>/cmd      commands to the app             broker → device
 *   wufen/<id>/ping                    binary ping                     device → broker
 *   wufen/<id>/status                  last will / hello, JSON         device → broker
 *   wufen/<id>/cmd                     commands, JSON                  broker → device
 */
export type DeviceTopic =
  | { readonly kind: "owntracks-location"; readonly deviceId: string }
  | { readonly kind: "owntracks-other"; readonly deviceId: string; readonly what: OwnTracksSubtopic }
  | { readonly kind: "binary-ping"; readonly deviceId: string }
  | { readonly kind: "status"; readonly deviceId: string };

const OWNTRACKS_SUBTOPICS = ["event", "waypoint", "waypoints", "dump", "status", "step", "beacon", "info"] as const;
export type OwnTracksSubtopic = (typeof OWNTRACKS_SUBTOPICS)[number];

/** A device id: 3 to 40 letters, digits, `-` or `_`; safe as user name, client id and topic level. */
export const DEVICE_ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$";
const DEVICE_ID = new RegExp(DEVICE_ID_PATTERN);

export function isDeviceId(text: string): boolean {
  return DEVICE_ID.test(text);
}

/** Reads the topic of a publish by a device; undefined where no device may ever publish. */
export function parseDeviceTopic(topic: string): DeviceTopic | undefined {
  const [root, deviceId, third, fourth, ...rest] = topic.split("/");
  if (deviceId === undefined || third === undefined || rest.length > 0 || !isDeviceId(deviceId)) return undefined;
  if (root === "wufen" && fourth === undefined) {
    if (third === "ping") return { kind: "binary-ping", deviceId };
    if (third === "status") return { kind: "status", deviceId };
    return undefined;
  }
  if (root !== "owntracks" || !isDeviceId(third)) return undefined;
  if (fourth === undefined) return { kind: "owntracks-location", deviceId };
  const what = OWNTRACKS_SUBTOPICS.find((subtopic) => subtopic === fourth);
  return what === undefined ? undefined : { kind: "owntracks-other", deviceId, what };
}

/** Whether `filter` is one of the subscriptions device `deviceId` may hold: its own commands, its own card, nothing with a wildcard. */
export function isOwnSubscription(filter: string, deviceId: string): boolean {
  if (filter === commandTopic(deviceId)) return true;
  const [root, id, third, fourth, ...rest] = filter.split("/");
  return (
    root === "owntracks" &&
    id === deviceId &&
    third !== undefined &&
    isDeviceId(third) &&
    (fourth === "cmd" || fourth === "info") &&
    rest.length === 0
  );
}

export function pingTopic(deviceId: string): string {
  return `wufen/${deviceId}/ping`;
}

export function statusTopic(deviceId: string): string {
  return `wufen/${deviceId}/status`;
}

export function commandTopic(deviceId: string): string {
  return `wufen/${deviceId}/cmd`;
}

/** Location topic of the OwnTracks app; its device level is the id again. */
export function ownTracksTopic(deviceId: string): string {
  return `owntracks/${deviceId}/${deviceId}`;
}

export function ownTracksCommandTopic(deviceId: string): string {
  return `${ownTracksTopic(deviceId)}/cmd`;
}
