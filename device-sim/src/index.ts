export { type District, type DistrictOptions, generateDistrict } from "./district/generate-district.ts";
export type { GridCollection, GridFeature, GridLevel } from "./district/grid.ts";
export type { Station } from "./district/stations.ts";
