import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run, step } from "./steps.mjs";

/** Programs of the system that tests start, and the Debian package of each. */
const NEEDED = [
  { programs: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"], debian: "chromium" },
  { programs: ["mosquitto_pub"], debian: "mosquitto-clients" },
  { programs: ["redis-server"], debian: "redis-server" },
  { programs: ["haproxy"], debian: "haproxy" },
];

/** Installs what tests need: on Debian as root by itself, elsewhere it says what to install. */
export async function ensureSystemPackages() {
  const missing = NEEDED.filter(({ programs }) => !programs.some(isInstalled));
  if (missing.length === 0) return;
  const packages = missing.map(({ debian }) => debian);
  if (process.getuid?.() === 0 && isInstalled("apt-get")) {
    await step(`installing ${packages.join(", ")}`, async () => {
      const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
      await run("apt-get", ["update", "-qq"], options);
      await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options);
    });
  }
  for (const { programs, debian } of missing) {
    if (programs.some(isInstalled)) continue;
    console.error(
      `${programs[0]} is missing, so the tests that start it will fail: install it (Debian: apt-get install ${debian})`,
    );
  }
}

function isInstalled(program) {
  return (process.env.PATH ?? "").split(delimiter).some((dir) => dir !== "" && existsSync(join(dir, program)));
}
