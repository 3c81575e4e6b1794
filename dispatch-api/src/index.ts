export { readConfig } from "./config.ts";
export { type Server, startServer } from "./server.ts";
