export { type ConnectOptions, connect, hidePassword, type Sql } from "./connect.ts";
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./embedded/start.ts";
export { DatabaseNewerError, migrate } from "./migrate.ts";
export { createTestDatabase, startTestServer, TEST_SERVER_VARIABLE, type TestDatabase } from "./test-database.ts";
