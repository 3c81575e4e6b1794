import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ElementCollector } from "../osm/collect-elements.ts";
import { readExtract } from "../osm/read-extract.ts";
import { buildFeatures } from "./build-features.ts";
import { featureStoreOf } from "./feature-store.ts";
import { TILE_LAYERS } from "./layers.ts";
import { toGeoJson } from "./tile-source.ts";

it("a small district becomes the features of the golden file", async () => {
  const collector = new ElementCollector();
  await readExtract(fileURLToPath(new URL("fixtures/district.osm", import.meta.url)), collector);
  const features = buildFeatures(collector.finish());
  const store = featureStoreOf(features, "test");
  const list = Array.from({ length: features.featureCount }, (_, f) => {
    const { properties, geometry } = toGeoJson(store, f);
    const layer = TILE_LAYERS[store.featureLayer[f] as number];
    return { type: "Feature", properties: { layer, minZoom: store.featureMinZoom[f], ...properties }, geometry };
  });
  const lines = list.map((feature) => JSON.stringify(feature)).join(",\n");
  await expect(`{"type":"FeatureCollection","features":[\n${lines}\n]}\n`).toMatchFileSnapshot(
    "fixtures/district.geojson",
  );
});
