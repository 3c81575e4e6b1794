/**
 * Positions of the points in the order of a Hilbert curve over their box: neighbours on the map become neighbours in
 * memory. Curve: https://en.wikipedia.org/wiki/Hilbert_curve (xy2d), 16 bits a side.
 */
export function hilbertOrder(lng7: Int32Array, lat7: Int32Array): Uint32Array {
  let west = 0x7fff_ffff;
  let south = 0x7fff_ffff;
  let east = -0x8000_0000;
  let north = -0x8000_0000;
  for (let i = 0; i < lng7.length; i++) {
    west = Math.min(west, lng7[i] as number);
    east = Math.max(east, lng7[i] as number);
    south = Math.min(south, lat7[i] as number);
    north = Math.max(north, lat7[i] as number);
  }
  const scale = 65_535 / Math.max(1, east - west, north - south);
  const places = new Float64Array(lng7.length);
  for (let i = 0; i < lng7.length; i++) {
    const x = Math.floor(((lng7[i] as number) - west) * scale);
    const y = Math.floor(((lat7[i] as number) - south) * scale);
    // Ties are told apart by position, so that the order does not depend on the sort.
    places[i] = hilbertPlace(x, y) * 0x20_0000 + (i & 0x1f_ffff);
  }
  return Uint32Array.from(lng7.keys()).sort((a, b) => (places[a] as number) - (places[b] as number) || a - b);
}

function hilbertPlace(x: number, y: number): number {
  let place = 0;
  for (let side = 32_768; side >= 1; side /= 2) {
    const right = (x & side) > 0 ? 1 : 0;
    const upper = (y & side) > 0 ? 1 : 0;
    place += side * side * ((3 * right) ^ upper);
    if (upper === 0) {
      if (right === 1) {
        x = 65_535 - x;
        y = 65_535 - y;
      }
      const swap = x;
      x = y;
      y = swap;
    }
  }
  return place;
}
