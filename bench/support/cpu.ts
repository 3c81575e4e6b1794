import { readdirSync, readFileSync } from "node:fs";

/** CPU time a process and all that descends from it have used so far, seconds (Linux: /proc/<pid>/stat, user + system, children that ended included). */
export function cpuSecondsOfTree(pid: number): number {
  const children = childrenByParent();
  let ticks = 0;
  const walk = (id: number) => {
    const stat = readStat(id);
    if (stat === undefined) return;
    ticks += stat.ticks;
    for (const child of children.get(id) ?? []) walk(child);
  };
  walk(pid);
  return ticks / 100; // USER_HZ is 100 on every Linux that Node runs on
}

function childrenByParent(): Map<number, number[]> {
  const byParent = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (stat === undefined) continue;
    byParent.set(stat.parent, [...(byParent.get(stat.parent) ?? []), Number(name)]);
  }
  return byParent;
}

function readStat(pid: number): { parent: number; ticks: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // it ended meanwhile
  }
  // The name in parentheses may hold spaces: fields are counted after it.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [, parent = 0] = fields;
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return { parent, ticks: utime + stime + cutime + cstime };
}

/** The q-quantile (0 … 1) of the values; NaN of none. */
export function quantile(values: number[], q: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number;
}
