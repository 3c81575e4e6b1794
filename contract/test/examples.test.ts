import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import * as contract from "../src/index.ts";

const folder = join(import.meta.dirname, "../examples");
const schemas = new Map<string, TSchema>();
for (const [name, value] of Object.entries(contract)) {
  if (/^[A-Z][A-Za-z]+$/.test(name) && typeof value === "object" && "~kind" in value)
    schemas.set(name, value as TSchema);
}
/** Parts of other schemas, shown by the examples of the whole they belong to. */
const PARTS = new Set([
  ...[
    "DeviceKind",
    "UnitKind",
    "UnitStatus",
    "PositionDatum",
    "PersonRole",
    "Position",
    "TravelModel",
    "ExclusionReason",
  ],
  ...["NearestUnit", "FeedHello", "FeedResync", "FeedPing", "FeedUnit", "FeedWelcome", "FeedUnits", "FeedHealth"],
  ...["FeedLagging", "FeedPong", "FeedRefused"],
]);

describe("every wire shape is shown by valid and broken examples", () => {
  it("no folder of examples is without a schema", () => {
    expect(readdirSync(folder).filter((name) => !schemas.has(name))).toEqual([]);
  });

  for (const [name, schema] of schemas) {
    if (PARTS.has(name)) continue;
    it(name, () => {
      const files = readdirSync(join(folder, name));
      const judged = files.map((file) => ({
        file,
        accepted: Value.Check(schema, JSON.parse(readFileSync(join(folder, name, file), "utf8"))),
      }));
      expect(judged.filter(({ file, accepted }) => accepted !== file.startsWith("valid"))).toEqual([]);
      expect(files.some((file) => file.startsWith("valid"))).toBe(true);
      expect(files.some((file) => file.startsWith("broken"))).toBe(true);
    });
  }
});
