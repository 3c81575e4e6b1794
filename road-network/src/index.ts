export type { LngLat } from "./geo/local-metres.ts";
export { ACCESS } from "./graph/access.ts";
export {
  forEachRoadSegment,
  type NearestRoadOptions,
  nearestRoadDistanceM,
  type RoadPosition,
} from "./graph/nearest-road.ts";
export { decodeGraph } from "./graph/network-columns.ts";
export { CLASS_SPEED_KMH, ROAD_CLASSES, type RoadClass } from "./graph/road-class.ts";
export {
  EDGE_FLAG,
  edgeGeometry,
  edgeName,
  listOutgoingEdges,
  NO_COMPONENT,
  NODE_FLAG,
  RESTRICTION_KIND,
  type RoadGraph,
} from "./graph/road-graph.ts";
export { importExtract } from "./import-extract.ts";
export type { ImportReport } from "./import-report.ts";
export { type OpenMap, openMap } from "./open-map.ts";
export { ExtractError, type ExtractErrorCode } from "./osm/extract-error.ts";
export {
  createFleet,
  type NearestFleet,
  type NearestQuestion,
  type NearestUnit,
  nearestUnits,
} from "./search/nearest-units.ts";
export type { Outline } from "./search/outline.ts";
export { type ReachedRoads, ReachSearch, reachedStretches, type Stretch } from "./search/reached-roads.ts";
export { cutLine, reachedLengthM, reachedLines, responseArea } from "./search/response-area.ts";
export type { RoadPlace } from "./search/road-place.ts";
export { listStreets, routeLine } from "./search/route-line.ts";
export { createTravelModel, type TravelModel } from "./search/travel-model.ts";
export { TRAVEL_PROFILES, type TravelProfile, type TravelProfileId } from "./search/travel-profile.ts";
export { UnitsOnRoads } from "./search/units-on-roads.ts";
export { type Columns, readColumns } from "./storage/array-file.ts";
export { TILE_LAYERS, TILE_MAX_ZOOM, TILE_MIN_ZOOM, type TileLayer, type TileLayers } from "./tiles/layers.ts";
export { type TileSource, tileAt } from "./tiles/tile-source.ts";
