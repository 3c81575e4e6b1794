export { type Broker, startBroker } from "./broker.ts";
export { type BrokerConfig, type ConfigResult, type Limits, readConfig } from "./config.ts";
