import { createStream } from "../random.ts";
import type { DeviceCredentials } from "./credentials.ts";
import { createLinkCounts, DeviceLink } from "./device-link.ts";

/** Brokers hold back an address that connects faster. */
const CONNECTS_PER_SECOND = 150;
const REPORT_EVERY_MS = 10_000;

export interface RunOptions {
  url: string;
  seed: number;
  devices: readonly DeviceCredentials[];
  /** Every so many ms; hands what is due to the links. Answers false when there is nothing more to play. */
  play: (links: readonly DeviceLink[]) => boolean;
  onReportRequest: (device: number, link: DeviceLink) => void;
  log: (line: Record<string, unknown>) => void;
}

const TICK_MS = 50;

/** Plays until a signal or the end of what there is to play; answers the exit code. */
export async function runLinks({ url, seed, devices, play, onReportRequest, log }: RunOptions): Promise<number> {
  const counts = createLinkCounts();
  const links = devices.map((device, i) => {
    const random = createStream(seed, `link:${device.deviceId}`);
    return new DeviceLink({
      url,
      device,
      counts,
      random,
      onReportRequest: () => onReportRequest(i, links[i] as DeviceLink),
    });
  });
  const report = () => {
    const online = links.filter((link) => link.isOnline).length;
    const queued = links.reduce((sum, link) => sum + link.queued, 0);
    log({ devices: links.length, online, queued, ...counts });
  };
  const timers: NodeJS.Timeout[] = [];
  const ended = new Promise<void>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
    // The pipe from the process that started this one ends with it, however it ends.
    if (process.env.WUFEN_PARENT_PIPE === "1") process.stdin.resume().once("end", resolve).unref();
    const ticker = setInterval(() => {
      if (play(links) || links.some((link) => link.queued > 0)) return;
      resolve();
    }, TICK_MS);
    const reporter = setInterval(report, REPORT_EVERY_MS);
    timers.push(ticker, reporter);
  });
  links.forEach((link, i) => {
    link.start((i * 1000) / CONNECTS_PER_SECOND);
  });
  log({ ready: true, devices: links.length });
  await ended;
  for (const timer of timers) clearInterval(timer);
  report();
  await Promise.all(links.map((link) => link.stop()));
  return 0;
}
