import { createServer } from "node:net";
import { Aedes } from "aedes";

/** The rival of `ingest`: stock aedes, which acknowledges without storing anything, under the same clients. */
const aedes = await Aedes.createBroker();
const server = createServer(aedes.handle);
server.listen(Number(process.env.WUFEN_MQTT_PORT ?? 0), "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(
    `${JSON.stringify({ ready: true, mqttPort: typeof address === "object" ? address?.port : 0 })}\n`,
  );
});
process.once("SIGTERM", () => process.exit(0));
