import type { Socket } from "node:net";
import type { Problem } from "@wufen/contract";
import { RequestProblem } from "../problem.ts";

/** Answers an upgrade that is refused with a Problem and closes, also where the client does not. */
export function refuseUpgrade(socket: Socket, error: unknown): void {
  const problem =
    error instanceof RequestProblem
      ? error
      : new RequestProblem("INTERNAL", "the WebSocket could not be opened; try again");
  const body = JSON.stringify(problem.toBody("") satisfies Problem);
  const head = `HTTP/1.1 ${problem.status} Refused\r\nContent-Type: application/json\r\nConnection: close`;
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  socket.destroySoon();
}
