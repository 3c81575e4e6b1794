import type { DeviceCredential, OwnTracksConfiguration, Position } from "@wufen/contract";
import { ownTracksTopic } from "@wufen/contract";
import QRCode from "qrcode";
import type { DeviceRecord } from "../live/registry.ts";
import type { Parts } from "../parts.ts";

/** Where the position sent by hand lies when no map is loaded: Wuhan. */
const NO_MAP_CENTER: Position = [114.3, 30.6];
const MQTT_3_1_1 = 4;

/** A device's secret in every form it is brought onto a device in. */
export async function toCredential(device: DeviceRecord, secret: string, parts: Parts): Promise<DeviceCredential> {
  const { publicMqtt } = parts.config;
  const deviceId = device.id;
  const mosquittoPub = mosquittoLine(deviceId, secret, publicMqtt, parts.tiles?.info.center ?? NO_MAP_CENTER);
  if (device.kind !== "handset") {
    return { deviceId, secret, ownTracksUrl: null, ownTracksQrSvg: null, mosquittoPub };
  }
  const configuration: OwnTracksConfiguration = {
    _type: "configuration",
    mode: 0,
    host: publicMqtt.host,
    port: publicMqtt.port,
    tls: publicMqtt.tls,
    username: deviceId,
    password: secret,
    clientId: deviceId,
    deviceId,
    tid: deviceId.slice(-2),
    pubTopicBase: "owntracks/%u/%d",
    mqttProtocolLevel: MQTT_3_1_1,
    monitoring: 2,
    cmd: true,
    remoteConfiguration: true,
  };
  const inline = Buffer.from(JSON.stringify(configuration)).toString("base64");
  const ownTracksUrl = `owntracks:///config?inline=${encodeURIComponent(inline)}`;
  const ownTracksQrSvg = await QRCode.toString(ownTracksUrl, { type: "svg", errorCorrectionLevel: "M" });
  return { deviceId, secret, ownTracksUrl, ownTracksQrSvg, mosquittoPub };
}

function mosquittoLine(
  deviceId: string,
  secret: string,
  broker: { readonly host: string; readonly port: number; readonly tls: boolean },
  [lng, lat]: Position,
): string {
  const message = `{"_type":"location","lat":${lat.toFixed(6)},"lon":${lng.toFixed(6)},"tst":'$(date +%s)',"acc":8}`;
  const tls = broker.tls ? " --cafile ca.pem" : "";
  return (
    `mosquitto_pub -V mqttv311 -h ${broker.host} -p ${broker.port}${tls} -i ${deviceId} -u ${deviceId} ` +
    `-P '${secret}' -q 1 -t ${ownTracksTopic(deviceId)} -m '${message}'`
  );
}
