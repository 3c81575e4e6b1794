import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { connect } from "../connect.ts";
import { repairLinks } from "./binaries.ts";
import { isServerOf } from "./leftover.ts";
import { startEmbeddedPostgres } from "./start.ts";

const dir = mkdtempSync(join(tmpdir(), "wufen-pg-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function ask(url: string, statement: string) {
  const sql = connect(url, { max: 1 });
  try {
    return await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

test("what was committed survives kill -9 of the server and of its starter; the next start takes the folder over", async () => {
  const first = await startEmbeddedPostgres({ dataDir: dir });
  await ask(first.url, "CREATE TABLE kept (no integer)");
  await ask(first.url, "INSERT INTO kept VALUES (7)");
  process.kill(first.pid, "SIGKILL");
  expect((await first.ended).signal).toBe("SIGKILL");

  const second = await startEmbeddedPostgres({ dataDir: dir });
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, "SELECT no FROM kept")).toEqual([{ no: 7 }]);

  // Its starter forgot it, as a killed one would.
  const lines: string[] = [];
  const third = await startEmbeddedPostgres({ dataDir: dir, log: (line) => lines.push(line) });
  expect(lines[0]).toContain(`process ${second.pid}`);
  expect((await second.ended).code).toBe(0);
  expect(await ask(third.url, "SELECT no FROM kept")).toEqual([{ no: 7 }]);
  await third.stop();
  expect(isServerOf(third.pid, join(dir, "cluster"))).toBe(false);
});

test("the server flushes each commit, listens on its socket alone, and what is secret is closed to others", async () => {
  const server = await startEmbeddedPostgres({ dataDir: dir });
  try {
    for (const [name, value] of Object.entries({ fsync: "on", synchronous_commit: "on", listen_addresses: "" })) {
      expect(await ask(server.url, `SHOW ${name}`)).toEqual([{ [name]: value }]);
    }
    for (const name of ["password", "cluster", "socket"]) expect(statSync(join(dir, name)).mode & 0o077).toBe(0);
    const wrong = server.url.replace(/:[0-9a-f]{48}@/, ":wrong@");
    await expect(ask(wrong, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
  } finally {
    await server.stop();
  }
});

test("a process that has the number of a server that is gone is not taken for it", () => {
  expect(isServerOf(process.pid, join(dir, "cluster"))).toBe(false);
});

test("missing and broken links between the libraries are made", async () => {
  const packageDir = join(dir, "package");
  const lib = join(packageDir, "native/lib");
  await mkdir(lib, { recursive: true });
  writeFileSync(join(lib, "libx.so.1.2"), "x");
  writeFileSync(
    join(packageDir, "native/pg-symlinks.json"),
    JSON.stringify(
      ["libx.so.1", "libx.so"].map((name) => ({ source: "native/lib/libx.so.1.2", target: `native/lib/${name}` })),
    ),
  );
  symlinkSync("gone", join(lib, "libx.so"));
  expect(repairLinks(packageDir)).toBe(true);
  expect(readlinkSync(join(lib, "libx.so"))).toBe("libx.so.1.2");
  expect(readlinkSync(join(lib, "libx.so.1"))).toBe("libx.so.1.2");
  expect(repairLinks(packageDir)).toBe(true);
  expect(readdirSync(lib).every((name) => lstatSync(join(lib, name)) !== undefined)).toBe(true);
  chmodSync(packageDir, 0o755);
});
