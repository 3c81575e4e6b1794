import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BusFrame, encodeBusFrame, type Fix } from "@wufen/contract";
import type { Sql } from "@wufen/database";

/** The broker as the API sees it: rows in the history, numbered, and frames on a unix socket. */
export class FakeBroker {
  readonly path: string;
  readonly broker: number;
  epoch = 0;
  n = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), "wufen-bus-"));
  readonly #sql: Sql;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(sql: Sql, broker = 1) {
    this.#sql = sql;
    this.broker = broker;
    this.path = join(this.#folder, "bus.sock");
  }

  /** A new process: a new epoch, numbers from 1. */
  async start(heartbeatMs = 200): Promise<void> {
    const [row] = await this.#sql<{ epoch: number }[]>`
      INSERT INTO broker_epoch (broker) VALUES (${this.broker}) RETURNING epoch::float8 AS epoch`;
    this.epoch = row?.epoch ?? 0;
    this.n = 0;
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    this.#heartbeat = setInterval(() => this.beat(), heartbeatMs);
  }

  beat(): void {
    this.send({ kind: "heartbeat", broker: this.broker, epoch: this.epoch, lastN: this.n });
  }

  /** Commits and tells. */
  async publish(fixes: readonly Fix[]): Promise<void> {
    const firstN = this.n + 1;
    await this.commit(fixes);
    this.send({ kind: "fixes", broker: this.broker, epoch: this.epoch, firstN, fixes });
  }

  /** Commits and dies before it tells. */
  async commit(fixes: readonly Fix[]): Promise<void> {
    const rows = fixes.map((fix, i) => ({
      device_no: fix.deviceNo,
      fixed_at: new Date(fix.fixedAtMs),
      seq: fix.seq,
      received_at: new Date(fix.receivedAtMs),
      lng_e7: fix.lngE7,
      lat_e7: fix.latE7,
      accuracy_dm: fix.accuracyDm ?? null,
      speed_cms: fix.speedCms ?? null,
      heading_cdeg: fix.headingCdeg ?? null,
      altitude_m: fix.altitudeM ?? null,
      clock_offset_ms: fix.clockOffsetMs ?? null,
      battery_percent: fix.batteryPercent ?? null,
      flags: fix.flags,
      broker: this.broker,
      epoch: this.epoch,
      n: this.n + 1 + i,
    }));
    await this.#sql`INSERT INTO fix ${this.#sql(rows)}`;
    this.n += fixes.length;
  }

  send(frame: BusFrame): void {
    const bytes = encodeBusFrame(frame);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    for (const socket of this.#sockets) socket.write(Buffer.concat([length, bytes]));
  }

  async die(): Promise<void> {
    clearInterval(this.#heartbeat);
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  async stop(): Promise<void> {
    await this.die();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function fixOf(fix: Partial<Fix> & Pick<Fix, "deviceNo" | "fixedAtMs">): Fix {
  return {
    seq: 0,
    receivedAtMs: fix.fixedAtMs + 200,
    lngE7: 1_143_000_000,
    latE7: 306_000_000,
    accuracyDm: 80,
    speedCms: 1000,
    headingCdeg: 9000,
    altitudeM: 20,
    batteryPercent: 83,
    clockOffsetMs: undefined,
    flags: 0,
    ...fix,
  };
}
