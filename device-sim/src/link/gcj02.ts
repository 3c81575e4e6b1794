import imported from "gcoord";

// Its types say that the module has a default inside the default; at run time there is one only.
const gcoord = imported as unknown as typeof imported.default;

/** WGS-84 → GCJ-02, degrees. */
export function toGcj02([lng, lat]: readonly [number, number]): [number, number] {
  return gcoord.transform([lng, lat], gcoord.WGS84, gcoord.GCJ02);
}

/** GCJ-02 → WGS-84, degrees. */
export function toWgs84([lng, lat]: readonly [number, number]): [number, number] {
  return gcoord.transform([lng, lat], gcoord.GCJ02, gcoord.WGS84);
}
