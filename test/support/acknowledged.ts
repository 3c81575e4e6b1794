import { readFileSync } from "node:fs";
import { connect } from "@wufen/database";
import type { Credential } from "./system.ts";

const RECORD_BYTES = 16;

export interface Acknowledged {
  readonly deviceIndex: number;
  readonly seq: number;
  readonly fixedAtMs: number;
}

/** Reads what `device-sim load --acked` wrote: u32 device index, u32 seq, f64 fixedAtMs, little-endian. */
export function readAcknowledged(path: string): Acknowledged[] {
  const bytes = readFileSync(path);
  const fixes: Acknowledged[] = [];
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    fixes.push({
      deviceIndex: bytes.readUInt32LE(at),
      seq: bytes.readUInt32LE(at + 4),
      fixedAtMs: bytes.readDoubleLE(at + 8),
    });
  }
  return fixes;
}

/** [P7] Those of the acknowledged fixes that the database does not hold. */
export async function listLost(
  databaseUrl: string,
  devices: readonly Credential[],
  acknowledged: readonly Acknowledged[],
): Promise<Acknowledged[]> {
  const sql = connect(databaseUrl, { max: 1, statementTimeoutMs: 120_000 });
  try {
    const stored = new Set<string>();
    const rows = sql<{ id: string; seq: number; ms: string }[]>`
      SELECT device.id, fix.seq, (extract(epoch FROM fix.fixed_at) * 1000)::bigint AS ms FROM fix JOIN device ON device.no = fix.device_no`;
    await rows.cursor(20_000, (page) => {
      for (const { id, seq, ms } of page) stored.add(`${id} ${seq} ${ms}`);
    });
    return acknowledged.filter(
      ({ deviceIndex, seq, fixedAtMs }) => !stored.has(`${devices[deviceIndex]?.deviceId} ${seq} ${fixedAtMs}`),
    );
  } finally {
    await sql.end();
  }
}
