import { UNIT_STATUSES, type UnitKind, type UnitStatus } from "@wufen/contract";
import { UNIT_KINDS } from "../engine/symbols.ts";

/** What the address holds, so that a link or a reload brings the same picture. */
export interface Address {
  readonly page: "map" | "registry";
  readonly view?: { readonly center: [lng: number, lat: number]; readonly zoom: number };
  readonly unit?: number;
  /** Filters of the units; absent: all of them. */
  readonly kinds?: readonly UnitKind[];
  readonly statuses?: readonly UnitStatus[];
  readonly text?: string;
  readonly language?: "zh" | "en";
  readonly theme?: "dark" | "light";
}

const LONGEST_TEXT = 80;

/** Reads the part after `#`; what cannot be read is left out. */
export function parseAddress(hash: string): Address {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const [zoom, lat, lng] = (values.get("map") ?? "").split("/").map(Number);
  const unit = Number(values.get("unit"));
  const kinds = listed(values.get("kinds"), UNIT_KINDS);
  const statuses = listed(values.get("statuses"), UNIT_STATUSES);
  const text = (values.get("find") ?? "").slice(0, LONGEST_TEXT);
  const language = values.get("lang");
  const theme = values.get("theme");
  const hasView =
    zoom !== undefined &&
    lat !== undefined &&
    lng !== undefined &&
    zoom >= 0 &&
    zoom <= 24 &&
    Math.abs(lat) <= 85 &&
    Math.abs(lng) <= 180;
  return {
    page: values.get("page") === "registry" ? "registry" : "map",
    ...(hasView ? { view: { center: [lng, lat], zoom } } : {}),
    ...(Number.isInteger(unit) && unit > 0 ? { unit } : {}),
    ...(kinds.length > 0 ? { kinds } : {}),
    ...(statuses.length > 0 ? { statuses } : {}),
    ...(text === "" ? {} : { text }),
    ...(language === "zh" || language === "en" ? { language } : {}),
    ...(theme === "dark" || theme === "light" ? { theme } : {}),
  };
}

export function formatAddress(address: Address): string {
  const parts: string[] = [];
  if (address.page === "registry") parts.push("page=registry");
  if (address.view !== undefined) {
    const { center, zoom } = address.view;
    parts.push(`map=${zoom.toFixed(2)}/${center[1].toFixed(5)}/${center[0].toFixed(5)}`);
  }
  if (address.unit !== undefined) parts.push(`unit=${address.unit}`);
  if (address.kinds?.length) parts.push(`kinds=${address.kinds.join(",")}`);
  if (address.statuses?.length) parts.push(`statuses=${address.statuses.join(",")}`);
  if (address.text) parts.push(`find=${encodeURIComponent(address.text)}`);
  if (address.language !== undefined) parts.push(`lang=${address.language}`);
  if (address.theme !== undefined) parts.push(`theme=${address.theme}`);
  return `#${parts.join("&")}`;
}

/** Those of the values that are known, in their own order. */
function listed<T extends string>(text: string | null, known: readonly T[]): T[] {
  const wanted = new Set((text ?? "").split(","));
  return known.filter((value) => wanted.has(value));
}
