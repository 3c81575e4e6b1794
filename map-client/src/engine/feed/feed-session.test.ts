import { FEED_FLAG, type FeedFromDesk } from "@wufen/contract";
import { describe, expect, it } from "vitest";
import { mercatorX, mercatorY } from "../mercator.ts";
import { BASE_MS, EPOCH, FeedServer } from "../testing/feed-server.ts";
import { mulberry32 } from "../testing/random.ts";
import { UnitStore } from "../units/unit-store.ts";
import type { FromFeedWorker } from "./desk-messages.ts";
import { FeedSession, PING_EVERY_MS, SILENCE_MS } from "./feed-session.ts";
import { ServerClock } from "./server-clock.ts";

function open() {
  const sent: FeedFromDesk[] = [];
  const emitted: FromFeedWorker[] = [];
  const closed: boolean[] = [];
  const around = {
    send: (message: FeedFromDesk) => sent.push(message),
    emit: (message: FromFeedWorker) => emitted.push(message),
    close: (final: boolean) => closed.push(final),
  };
  const session = new FeedSession(around, new ServerClock(), BASE_MS);
  const receive = (message: string | Uint8Array) => {
    if (typeof message === "string") session.receiveText(message, BASE_MS);
    else session.receiveFrame(message.slice(), BASE_MS);
  };
  return { session, sent, emitted, closed, receive };
}

/** The store after everything a session emitted. */
function apply(store: UnitStore, emitted: FromFeedWorker[]): void {
  for (const message of emitted.splice(0)) {
    if (message.type === "units") store.applyUnits(message.change);
    else if (message.type === "frame") store.applyFrame(message.columns, BASE_MS + 1);
  }
}

function expectSame(store: UnitStore, server: FeedServer): void {
  expect(store.size).toBe(server.units.size);
  for (const unit of server.units.values()) {
    const row = store.findRow(unit.no)!;
    expect(store.unitAt(row)?.callsign).toBe(unit.callsign);
    expect(store.statusOf(row)).toBe(unit.status);
    expect(store.hasPosition(row)).toBe((unit.flags & FEED_FLAG.hasPosition) !== 0);
    if (!store.hasPosition(row)) continue;
    expect(store.motion[row * 4 + 2]).toBe(mercatorX(unit.lngE7));
    expect(store.motion[row * 4 + 3]).toBe(mercatorY(unit.latE7));
    expect(store.positionAtMs(row)).toBeCloseTo(BASE_MS + unit.positionAt, -1);
  }
  const sorted = [...server.units.values()]
    .map((unit) => unit.callsign)
    .sort(new Intl.Collator("zh-Hans", { numeric: true }).compare);
  expect([...store.order].map((no) => server.units.get(no)?.callsign)).toEqual(sorted);
}

describe("a feed session with the store", () => {
  it.each([1, 2, 3, 4, 5, 6])("[F1] snapshot@n and changes to m give what the server has at m (seed %i)", (seed) => {
    const server = new FeedServer(mulberry32(seed), 40);
    const { session, emitted, sent, receive } = open();
    const store = new UnitStore(8);
    receive(server.welcome());
    for (const message of server.everything()) receive(message);
    for (let i = 0; i < 120; i++) {
      receive(server.change());
      if (i % 10 !== 0) continue;
      apply(store, emitted);
      expectSame(store, server);
    }
    expect(session.seq).toBe(server.seq);
    expect(sent.filter((message) => message.type === "resync")).toEqual([]);
  });

  it.each([11, 12, 13, 14])(
    "[F2] lost messages lead to one resync each, and then to the server's state (seed %i)",
    (seed) => {
      const chance = mulberry32(seed);
      const server = new FeedServer(chance, 30);
      const { emitted, sent, receive } = open();
      const store = new UnitStore(8);
      receive(server.welcome());
      for (const message of server.everything()) receive(message);
      let resyncs = 0;
      for (let i = 0; i < 200; i++) {
        const message = server.change();
        if (chance() < 0.08) continue;
        receive(message);
        const asked = sent.filter(({ type }) => type === "resync").length;
        if (asked === resyncs) continue;
        expect(asked).toBe(resyncs + 1);
        resyncs = asked;
        // What was under way before the answer must not be applied.
        receive(server.change());
        for (const answer of server.everything()) receive(answer);
      }
      for (const answer of server.everything()) receive(answer);
      apply(store, emitted);
      expectSame(store, server);
      expect(resyncs).toBeGreaterThan(3);
    },
  );

  it("[F2] a frame of another epoch, or one cut short, is not applied", () => {
    const server = new FeedServer(mulberry32(9), 5);
    const { emitted, sent, receive } = open();
    receive(server.welcome());
    for (const message of server.everything()) receive(message);
    emitted.length = 0;
    const [, snapshot] = server.everything();
    const other = (snapshot as Uint8Array).slice();
    new DataView(other.buffer).setUint32(20, EPOCH + 1, true);
    receive(other);
    expect(emitted.filter(({ type }) => type === "frame")).toEqual([]);
    expect(sent.at(-1)).toMatchObject({ type: "resync" });
    for (const message of server.everything()) receive(message);
    receive((snapshot as Uint8Array).slice(0, 50));
    expect(sent.filter(({ type }) => type === "resync")).toHaveLength(2);
  });

  it("[F4] another protocol version ends it for good, a slow reader may come back", () => {
    const first = open();
    first.receive(JSON.stringify({ type: "welcome", version: 2, epoch: 1, serverTimeMs: 0, person: {} }));
    expect(first.emitted.at(-1)).toMatchObject({ type: "link", link: { state: "refused", code: "FEED_VERSION" } });
    expect(first.closed).toEqual([true]);
    const second = open();
    second.receive(JSON.stringify({ type: "refused", code: "FEED_TOO_SLOW", reason: "…" }));
    expect(second.closed).toEqual([false]);
  });

  it("pings while it lives and gives up a connection that is silent", () => {
    const server = new FeedServer(mulberry32(1), 1);
    const { session, sent, closed, receive } = open();
    receive(server.welcome());
    sent.length = 0;
    session.tick(BASE_MS + PING_EVERY_MS);
    expect(sent).toEqual([{ type: "ping", sentAtMs: BASE_MS + PING_EVERY_MS }]);
    session.tick(BASE_MS + SILENCE_MS + 1);
    expect(closed).toEqual([false]);
  });
});

describe("the server's clock", () => {
  it("takes the exchange with the shortest round trip", () => {
    const clock = new ServerClock();
    clock.observe(0, 900, 10_000);
    clock.observe(1000, 1020, 10_510);
    clock.observe(2000, 2600, 12_900);
    expect(clock.offsetMs).toBe(9500);
  });
});
