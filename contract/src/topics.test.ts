import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  commandTopic,
  isOwnSubscription,
  ownTracksCommandTopic,
  ownTracksTopic,
  parseDeviceTopic,
  pingTopic,
  statusTopic,
} from "./topics.ts";

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$/);

describe("topics", () => {
  it("a device's own topics are read back with its id", () => {
    fc.assert(
      fc.property(id, (deviceId) => {
        expect(parseDeviceTopic(pingTopic(deviceId))).toEqual({ kind: "binary-ping", deviceId });
        expect(parseDeviceTopic(statusTopic(deviceId))).toEqual({ kind: "status", deviceId });
        expect(parseDeviceTopic(ownTracksTopic(deviceId))).toEqual({ kind: "owntracks-location", deviceId });
        expect(parseDeviceTopic(`${ownTracksTopic(deviceId)}/event`)).toEqual({
          kind: "owntracks-other",
          deviceId,
          what: "event",
        });
      }),
    );
  });

  it("nothing else is a device's: broker topics, wildcards, commands, foreign roots, extra levels, NUL", () => {
    for (const topic of [
      ...[
        "$SYS/broker/clients",
        "#",
        "+/+/+",
        "owntracks/+/+",
        "wufen/abc/cmd",
        "wufen/abc/ping/x",
        "owntracks/abc/phone/cmd",
      ],
      ...[
        "",
        "/",
        "owntracks",
        "owntracks/abc",
        "owntracks//phone",
        "wufen//ping",
        "wufen/a\u0000b/ping",
        "WUFEN/abc/ping",
      ],
    ]) {
      expect(parseDeviceTopic(topic), topic).toBeUndefined();
    }
  });

  it("a device may subscribe to its own commands and to nothing of another's", () => {
    fc.assert(
      fc.property(id, id, (own, other) => {
        fc.pre(own !== other);
        expect(isOwnSubscription(commandTopic(own), own)).toBe(true);
        expect(isOwnSubscription(ownTracksCommandTopic(own), own)).toBe(true);
        expect(isOwnSubscription(commandTopic(other), own)).toBe(false);
        expect(isOwnSubscription(ownTracksCommandTopic(other), own)).toBe(false);
      }),
    );
    for (const filter of ["#", "owntracks/+/+", "owntracks/abc/+/cmd", "wufen/abc/#", "$SYS/#", "wufen/+/cmd"]) {
      expect(isOwnSubscription(filter, "abc"), filter).toBe(false);
    }
  });
});
