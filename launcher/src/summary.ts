import { ownTracksTopic } from "@wufen/contract";
import type { DeviceLogin } from "./demo/fleet.ts";
import { DEMO_ADMINISTRATOR, DEMO_DISPATCHER, type SignInName } from "./demo/people.ts";
import { allowsDemoSignIn, type Plan, publicHost, reachableHost } from "./programs.ts";

export type SummaryFacts = {
  readonly plan: Plan;
  readonly firstAdministrator: SignInName | undefined;
  readonly handset: DeviceLogin | undefined;
  readonly center: readonly [number, number];
  readonly authorityFile: string | undefined;
};

/** What a newcomer needs once everything runs. */
export function summaryLines({ plan, firstAdministrator, handset, center, authorityFile }: SummaryFacts): string[] {
  const { config, ports, folder } = plan;
  const local = reachableHost(config.host);
  const lines = ["", `  map       http://${local}:${ports.http}`];
  if (ports.https !== undefined) lines.push(`            https://${publicHost(config.host)}:${ports.https}`);
  if (authorityFile !== undefined)
    lines.push(`            phones and browsers trust it once they have ${authorityFile}`);
  if (allowsDemoSignIn(config)) {
    lines.push(`  sign in   ${DEMO_DISPATCHER.name} / ${DEMO_DISPATCHER.password}`);
    lines.push(`            ${DEMO_ADMINISTRATOR.name} / ${DEMO_ADMINISTRATOR.password} (registers devices and units)`);
  } else if (firstAdministrator !== undefined) {
    const { name, password } = firstAdministrator;
    lines.push(`  sign in   ${name} / ${password}   (shown this once: keep it)`);
  }
  if (handset !== undefined) {
    lines.push(`  by hand   ${mosquittoLine(handset, local, ports.mqtt, center)}`);
  }
  lines.push(`  logs      ${folder.logsDir}`, "", "  Ctrl-C stops everything; the data stays.", "");
  return lines;
}

/** One line for a shell that sends a position as the OwnTracks app does. */
export function mosquittoLine(
  { deviceId, secret }: DeviceLogin,
  host: string,
  port: number,
  [lng, lat]: readonly [number, number],
): string {
  const payload = `{"_type":"location","lat":${lat},"lon":${lng},"tst":'$(date +%s)',"acc":8,"tid":"p0"}`;
  const bareHost = host.replace(/^\[|\]$/g, "");
  return `mosquitto_pub -h ${bareHost} -p ${port} -i ${deviceId} -u ${deviceId} -P ${secret} -q 1 -t ${ownTracksTopic(deviceId)} -m '${payload}'`;
}
