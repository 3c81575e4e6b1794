import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { openDataFolder } from "../launcher/dist/data/data-folder.js";
import { ApiClient } from "../launcher/dist/demo/api-client.js";
import { ensureFleet } from "../launcher/dist/demo/fleet.js";

/** Registers the demo's units through the API, as an administrator does, and plays their devices. */
const { WUFEN_API, WUFEN_MQTT, WUFEN_MAP_DIR, WUFEN_UNITS = "300", WUFEN_SEED = "5" } = process.env;
const simulator = "device-sim/dist/main.js";
const seed = ["--map", WUFEN_MAP_DIR, "--seed", WUFEN_SEED];

const folder = openDataFolder("/var/lib/wufen/demo");
const roster = execFileSync(process.execPath, [simulator, "roster", ...seed, "--units", WUFEN_UNITS], {
  maxBuffer: 64 * 1024 * 1024,
});
const password = readFileSync("/run/secrets/administrator-password", "utf8").trim();
const api = await ApiClient.signIn(WUFEN_API, "administrator", password);
const { playFile, newUnits } = await ensureFleet(JSON.parse(roster.toString()), "compose", folder, api);
await api.signOut();
console.log(JSON.stringify({ registered: newUnits }));

const play = ["play", "--url", WUFEN_MQTT, ...seed, "--credentials", playFile];
const player = spawn(process.execPath, [simulator, ...play], { stdio: "inherit" });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => player.kill(signal));
player.on("exit", (code) => process.exit(code ?? 1));
