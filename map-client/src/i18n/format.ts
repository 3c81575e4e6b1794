import type { Dictionary } from "./en.ts";
import { fill } from "./fill.ts";

/** Numbers, times and amounts in the words of one language. */
export function createFormat(words: Dictionary) {
  const whole = new Intl.NumberFormat(words.tag, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(words.tag, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat(words.tag, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hour12: false,
  });
  const day = new Intl.DateTimeFormat(words.tag, { month: "short", day: "numeric", weekday: "short" });
  const dayAndClock = new Intl.DateTimeFormat(words.tag, {
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hour12: false,
  });

  const duration = (ms: number): string => {
    const seconds = Math.max(0, ms / 1000);
    if (seconds < 60) return fill(words.time.s, { n: whole.format(Math.floor(seconds)) });
    if (seconds < 3600) return fill(words.time.min, { n: whole.format(Math.floor(seconds / 60)) });
    if (seconds < 172_800) return fill(words.time.h, { n: whole.format(Math.floor(seconds / 3600)) });
    return fill(words.time.d, { n: whole.format(Math.floor(seconds / 86_400)) });
  };

  return {
    count: (value: number) => whole.format(value),
    duration,
    age: (ms: number) => (ms < 1000 ? words.time.now : fill(words.time.ago, { time: duration(ms) })),
    /** Below a second in milliseconds. */
    delay: (ms: number) =>
      ms < 1000
        ? fill(words.time.ms, { n: whole.format(Math.round(ms)) })
        : fill(words.time.s, { n: tenths.format(ms / 1000) }),
    /** Minutes and seconds of a way: 4:05. */
    way: (seconds: number) => {
      const rounded = Math.round(seconds);
      return `${Math.floor(rounded / 60)}:${String(rounded % 60).padStart(2, "0")}`;
    },
    clock: (ms: number) => clock.format(ms),
    day: (ms: number) => day.format(ms),
    dayAndClock: (ms: number) => dayAndClock.format(ms),
    distance: (metres: number) =>
      metres < 1000
        ? fill(words.amount.m, { n: whole.format(Math.round(metres / 10) * 10) })
        : fill(words.amount.km, { n: tenths.format(metres / 1000) }),
    speed: (cms: number) => fill(words.amount.kmh, { n: whole.format((cms * 36) / 1000) }),
    heading: (degrees: number) =>
      `${words.compass[Math.round(degrees / 45) % 8]} ${fill(words.amount.degrees, { n: whole.format(degrees) })}`,
    percent: (value: number) => fill(words.amount.percent, { n: whole.format(value) }),
    position: ([lng, lat]: readonly [number, number]) => `${lng.toFixed(5)}, ${lat.toFixed(5)}`,
  };
}
