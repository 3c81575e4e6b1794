import { startTestServer, TEST_SERVER_VARIABLE } from "@wufen/database";

/** One PostgreSQL for all tests of a run; each test file makes a database of its own on it. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[TEST_SERVER_VARIABLE] !== undefined) return undefined;
  const server = await startTestServer();
  process.env[TEST_SERVER_VARIABLE] = server.url;
  return async () => {
    delete process.env[TEST_SERVER_VARIABLE];
    await server.stop();
  };
}
