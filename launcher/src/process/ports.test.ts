import { createServer } from "node:net";
import { expect, test } from "vitest";
import { claimPorts } from "./ports.ts";

test("a free port is picked for 0; every port that is taken is named with its remedy", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  const host = "127.0.0.1";
  try {
    const { http } = await claimPorts({ http: { option: "http-port", host, port: 0 } });
    expect(http).toBeGreaterThan(0);
    const claim = claimPorts({
      http: { option: "http-port", host, port },
      mqtt: { option: "mqtt-port", host: "192.0.2.1", port: 0 },
    });
    await expect(claim).rejects.toThrow(
      `port ${port} on ${host} is in use: end the program that has it, or choose another with --http-port\n192.0.2.1 is no address of this machine: choose another with --host`,
    );
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

test("one port for two purposes, and an address that is not here, are each named once", async () => {
  const { http: port } = await claimPorts({ http: { option: "http-port", host: "127.0.0.1", port: 0 } });
  const claim = claimPorts({
    http: { option: "http-port", host: "127.0.0.1", port },
    mqtt: { option: "mqtt-port", host: "127.0.0.1", port },
    https: { option: "https-port", host: "192.0.2.1", port: 0 },
    mqtts: { option: "mqtts-port", host: "192.0.2.1", port: 0 },
  });
  await expect(claim).rejects.toThrow(
    `--http-port and --mqtt-port are both ${port}: give each a port of its own\n192.0.2.1 is no address of this machine: choose another with --host`,
  );
  const error: Error = await claim.catch((reason) => reason);
  expect(error.message.split("\n")).toHaveLength(2);
});
