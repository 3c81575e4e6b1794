import gcoordModule from "gcoord";
import type { Measured } from "./decoded.ts";

// Its types speak of an ES module; what Node loads is CommonJS, whose default is the whole.
const gcoord = gcoordModule as unknown as typeof gcoordModule.default;

/** Converts what a device registered as GCJ-02 sends; only WGS-84 is stored. */
export function gcj02ToWgs84(fix: Measured): Measured {
  const [lng, lat] = gcoord.transform([fix.lngE7 / 1e7, fix.latE7 / 1e7], gcoord.GCJ02, gcoord.WGS84);
  return { ...fix, lngE7: Math.round(lng * 1e7), latE7: Math.round(lat * 1e7) };
}
