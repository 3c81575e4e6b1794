import type { Feature } from "geojson";
import { api } from "../api/endpoints.ts";
import { EMPTY } from "../style/desk-layers.ts";
import type { Desk } from "./desk.svelte.ts";

const TRACK_MS = 30 * 60_000;
/** Most points of a drawn track; older ones are let go. */
const TRACK_POINTS = 4_000;

/** The selected unit's way of the last 30 minutes, drawn below the labels; grows with the feed. */
export class UnitTrackView {
  state = $state<"none" | "loading" | "shown" | "failed">("none");
  truncated = $state(false);
  count = $state(0);
  readonly #desk: Desk;
  #unitNo: number | undefined;
  #points: { atMs: number; place: [number, number] }[] = [];
  #asking: AbortController | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async show(unitNo: number | undefined): Promise<void> {
    this.#asking?.abort();
    this.#unitNo = unitNo;
    this.#points = [];
    this.truncated = false;
    this.count = 0;
    this.draw();
    const unit = unitNo === undefined ? undefined : this.#desk.live.store.findUnit(unitNo);
    if (unit === undefined) {
      this.state = "none";
      return;
    }
    const asking = new AbortController();
    this.#asking = asking;
    this.state = "loading";
    try {
      const track = await api.getTrack(unit.id, this.#desk.live.nowMs() - TRACK_MS, asking.signal);
      if (asking.signal.aborted) return;
      const newest = track.points.at(-1)?.fixedAtMs ?? 0;
      this.#points = [
        ...track.points.map((point) => ({ atMs: point.fixedAtMs, place: point.position })),
        ...this.#points.filter((point) => point.atMs > newest),
      ];
      this.truncated = track.truncated;
      this.state = "shown";
      this.draw();
    } catch {
      if (!asking.signal.aborted) this.state = "failed";
    }
  }

  /** Takes the selected unit's newest position, if it is new. */
  extend(): void {
    if (this.#unitNo === undefined) return;
    const { store } = this.#desk.live;
    const row = store.findRow(this.#unitNo);
    const place = this.#desk.map?.findPlace(this.#unitNo);
    if (row === undefined || place === undefined) return;
    const atMs = Math.round(store.positionAtMs(row));
    const last = this.#points.at(-1);
    // Device times here are corrected by the clock's offset and rounded: the same fix comes within half a second.
    if (last !== undefined && atMs <= last.atMs + 500) return;
    this.#points.push({ atMs, place });
    const from = atMs - TRACK_MS;
    while (this.#points.length > TRACK_POINTS || (this.#points[0]?.atMs ?? atMs) < from) this.#points.shift();
    this.draw();
  }

  draw(): void {
    this.count = this.#points.length;
    const { map } = this.#desk;
    if (map === undefined) return;
    const places = this.#points.map((point) => point.place);
    map.setData(
      "track",
      places.length < 2
        ? EMPTY
        : {
            type: "FeatureCollection",
            features: [{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: places } }],
          },
    );
    map.setData("track-points", {
      type: "FeatureCollection",
      features: places.map(
        (place): Feature => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: place } }),
      ),
    });
  }
}
