import { createServer, type Server, type Socket } from "node:net";
import { type BinaryPingFix, decodeBinaryPing, pingTopic } from "@wufen/contract";
import { parser as createParser, type IPublishPacket } from "mqtt-packet";
import { afterEach, expect, it } from "vitest";
import { createRandom } from "../random.ts";
import { LoadDevice } from "./load-device.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A broker as far as these tests need one, which reads with mqtt-packet, not with the code under test. */
async function listen(onPublish: (packet: IPublishPacket, socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    const parser = createParser({ protocolVersion: 4 });
    parser.on("packet", (packet) => {
      if (packet.cmd === "connect") {
        expect(packet.clientId).toBe("d-load");
        expect(packet.password?.toString()).toBe("secret");
        socket.write(Buffer.from([0x20, 2, 0, 0]));
      } else if (packet.cmd === "publish") onPublish(packet, socket);
    });
    socket.on("data", (bytes) => parser.parse(bytes));
    socket.on("error", () => {});
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const fix = (seq: number): BinaryPingFix => ({
  fixedAtMs: 1_786_000_000_000 + seq,
  seq,
  lngE7: 1,
  latE7: 2,
  accuracyDm: 50,
  speedCms: 1,
  headingCdeg: 1,
  altitudeM: undefined,
});

it("what was not acknowledged is sent again after a lost connection, in order, marked as a duplicate", async () => {
  const seen: { seqs: number[]; dup: boolean }[] = [];
  const port = await listen((packet, socket) => {
    const result = decodeBinaryPing(packet.payload as Buffer);
    if (!result.ok) throw new Error(result.why);
    expect(packet.topic).toBe(pingTopic("d-load"));
    seen.push({ seqs: result.ping.fixes.map(({ seq }) => seq), dup: packet.dup });
    if (seen.length === 1) {
      device.add(fix(2));
      device.add(fix(3));
      socket.destroy(); // dies without an acknowledgement
    } else socket.write(Buffer.from([0x40, 2, (packet.messageId ?? 0) >> 8, (packet.messageId ?? 0) & 0xff]));
  });
  const acknowledged: number[] = [];
  let device!: LoadDevice;
  await new Promise<void>((resolve) => {
    device = new LoadDevice(
      0,
      "d-load",
      "secret",
      { host: "127.0.0.1", port, localAddress: undefined },
      {
        acknowledged: (_, fixes) => {
          acknowledged.push(...fixes.map(({ seq }) => seq));
          if (acknowledged.length === 3) resolve();
        },
        lost: () => {},
        refused: () => {},
      },
      createRandom(1),
    );
    device.open();
    device.add(fix(1));
  });
  device.close();
  expect(acknowledged).toEqual([1, 2, 3]);
  expect(seen).toEqual([
    { seqs: [1], dup: false },
    { seqs: [1], dup: true },
    { seqs: [2, 3], dup: false },
  ]);
});
