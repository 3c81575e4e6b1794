export { type ConnectOptions, connect, hidePassword, type Sql } from "./connect.ts";
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./embedded/start.ts";
export { DatabaseNewerError, migrate } from "./migrate.ts";
export { RedisLink, type RedisListener } from "./redis/redis-link.ts";
export { RedisRefused } from "./redis/refused.ts";
export { TestRedis } from "./redis/test-redis.ts";
export { createTestDatabase, startTestServer, TEST_SERVER_VARIABLE, type TestDatabase } from "./test-database.ts";
