import fc from "fast-check";
import mqttPacket from "mqtt-packet";
import { describe, expect, test } from "vitest";
import { PACKET, PacketGuard } from "./packet-guard.ts";

const always = () => true;
const CONNECT = Buffer.from(mqttPacket.generate({ cmd: "connect", clientId: "d", clean: true, keepalive: 9 } as never));

function publish(payloadBytes: number): Buffer {
  return Buffer.from(
    mqttPacket.generate({
      cmd: "publish",
      topic: "t",
      payload: Buffer.alloc(payloadBytes),
      qos: 0,
      dup: false,
      retain: false,
    }),
  );
}

/** Feeds `bytes` cut at the given places. @returns bytes that passed before the stream was cut, and why it was */
function feed(guard: PacketGuard, bytes: Buffer, cuts: readonly number[]) {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  let passed = 0;
  for (let i = 1; i < places.length && guard.problem === undefined; i++) {
    passed += guard.take(bytes.subarray(places[i - 1], places[i]), always);
  }
  return { passed, problem: guard.problem };
}

describe("PacketGuard", () => {
  test("cuts the stream at the same packet, however it is chopped", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (sizes, cuts) => {
          const bytes = Buffer.concat([CONNECT, ...sizes.map(publish)]);
          const whole = feed(new PacketGuard(256), bytes, []);
          const bytewise = feed(
            new PacketGuard(256),
            bytes,
            Array.from({ length: bytes.length }, (_, i) => i),
          );
          const chopped = feed(new PacketGuard(256), bytes, cuts);
          const tooLarge = sizes.some((size) => publish(size).length > 256);
          const expected = tooLarge ? "oversized" : undefined;
          expect([whole.problem, bytewise.problem, chopped.problem]).toEqual([expected, expected, expected]);
          if (!tooLarge) expect([whole.passed, bytewise.passed, chopped.passed]).toEqual(Array(3).fill(bytes.length));
        },
      ),
    );
  });

  test("never lets more than the limit of one packet pass, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.array(fc.nat(), { maxLength: 20 }), (random, cuts) => {
        const guard = new PacketGuard(64);
        const { passed } = feed(guard, Buffer.concat([CONNECT, random]), cuts);
        expect(passed).toBeLessThanOrEqual(CONNECT.length + random.length);
        // Another reader of the same lengths: the parser of the library agrees that no packet was larger.
        const parser = mqttPacket.parser();
        let largest = 0;
        parser.on("packet", (packet) => {
          largest = Math.max(largest, packet.length ?? 0);
        });
        parser.on("error", () => undefined);
        if (guard.problem === undefined) parser.parse(Buffer.concat([CONNECT, random]));
        expect(largest).toBeLessThanOrEqual(64);
      }),
    );
  });

  test("lets nothing begin that is no CONNECT, and no length of five bytes", () => {
    const first = new PacketGuard(4096);
    expect(first.take(publish(1), always)).toBe(0);
    expect(first.problem).toBe("malformed");
    const http = new PacketGuard(4096);
    expect(http.take(Buffer.from("GET / HTTP/1.1\r\n"), always)).toBe(0);
    expect(http.problem).toBe("malformed");
    const long = new PacketGuard(4096);
    expect(long.take(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x01]), always)).toBe(0);
    expect(long.problem).toBe("malformed");
  });

  test("holds between packets: what is held is offered again and passes whole", () => {
    const bytes = Buffer.concat([CONNECT, publish(3), publish(5), publish(7)]);
    const guard = new PacketGuard(4096);
    let allowed = 1;
    const mayBegin = (type: number) => type !== PACKET.publish || allowed-- > 0;
    let at = guard.take(bytes, mayBegin);
    expect(at).toBe(CONNECT.length + publish(3).length);
    allowed = 0;
    expect(guard.take(bytes.subarray(at), mayBegin)).toBe(0);
    allowed = 2;
    at += guard.take(bytes.subarray(at), mayBegin);
    expect(at).toBe(bytes.length);
  });
});
