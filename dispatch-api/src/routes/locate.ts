import type { Parts } from "../parts.ts";
import { RequestProblem } from "../problem.ts";

/** Asks a device for its position through its broker. */
export async function sendLocate(parts: Parts, deviceId: string, clientAddress: string): Promise<void> {
  const command = Buffer.from(JSON.stringify({ action: "report-now" }));
  const path = `/commands/${encodeURIComponent(deviceId)}`;
  const headers = { "content-type": "application/json" };
  const answer = await parts.broker.send("POST", path, headers, command, clientAddress);
  if (answer.status >= 300) {
    throw new RequestProblem(
      "BROKER_UNREACHABLE",
      `the broker answered ${answer.status} to a command for ${deviceId}; try again`,
    );
  }
}
