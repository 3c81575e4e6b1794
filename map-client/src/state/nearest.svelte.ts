import type { NearestAnswer, ResponseArea, UnitKind } from "@wufen/contract";
import type { Feature } from "geojson";
import { api } from "../api/endpoints.ts";
import { ApiProblem } from "../api/request.ts";
import { fill } from "../i18n/fill.ts";
import { EMPTY } from "../style/desk-layers.ts";
import { withoutSmallHoles } from "../style/small-holes.ts";
import type { Desk } from "./desk.svelte.ts";
import { settings } from "./settings.svelte.ts";

/** Rings of response: 1, 3 and 5 minutes. */
const RING_MINUTES = [1, 3, 5];
const RANKED_UNITS = 10;

/** "Who is there first?" for one place, or what one unit reaches; its answer in the panel and on the map. */
export class NearestQuestion {
  place = $state.raw<[lng: number, lat: number] | undefined>(undefined);
  answer = $state.raw<NearestAnswer | undefined>(undefined);
  area = $state.raw<ResponseArea | undefined>(undefined);
  /** The unit whose area is shown, when it was asked from a unit. */
  areaOf = $state<string | undefined>(undefined);
  kind = $state<UnitKind>("car");
  busy = $state(false);
  failed = $state<string | undefined>(undefined);
  readonly #desk: Desk;
  #asking: AbortController | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get isOpen(): boolean {
    return this.place !== undefined || this.area !== undefined || this.failed !== undefined;
  }

  async ask(place: [lng: number, lat: number]): Promise<void> {
    const asking = this.#begin();
    this.place = place;
    this.draw();
    await this.#settle(asking, async () => {
      const [answer, area] = await Promise.all([
        api.findNearest({ place, limit: RANKED_UNITS }, asking.signal),
        api.findResponseArea({ from: { place, kind: this.kind }, minutes: RING_MINUTES }, asking.signal),
      ]);
      this.answer = answer;
      this.area = area;
      this.#desk.setRanked(answer.units.map((unit) => unit.no));
      void this.#desk.reveal(
        place,
        area.rings.map((ring) => ring.geometry),
      );
      const first = answer.units[0];
      const { words, format } = settings;
      this.#desk.say(
        first === undefined
          ? words.nearest.none
          : fill(words.say.nearest, {
              count: answer.units.length,
              callsign: first.callsign,
              time: format.way(first.etaSeconds),
            }),
        true,
      );
    });
  }

  async askFromUnit(unitId: string, callsign: string): Promise<void> {
    const asking = this.#begin();
    this.areaOf = callsign;
    await this.#settle(asking, async () => {
      this.area = await api.findResponseArea({ from: { unitId }, minutes: RING_MINUTES }, asking.signal);
    });
  }

  setKind(kind: UnitKind): void {
    this.kind = kind;
    if (this.place !== undefined) void this.ask(this.place);
  }

  clear(): void {
    this.#begin();
    this.#asking = undefined;
    this.busy = false;
    this.#desk.setRanked([]);
    this.draw();
  }

  /** Puts what is known onto the map; also when a map was opened later. */
  draw(): void {
    const { map } = this.#desk;
    const rings = [...(this.area?.rings ?? [])].sort((a, b) => b.minutes - a.minutes);
    map?.setData("rings", {
      type: "FeatureCollection",
      features: rings.map(
        (ring): Feature => ({
          type: "Feature",
          properties: { ring: RING_MINUTES.indexOf(ring.minutes), minutes: ring.minutes },
          geometry: withoutSmallHoles(ring.geometry),
        }),
      ),
    });
    map?.setData("routes", {
      type: "FeatureCollection",
      features: (this.answer?.units ?? []).flatMap(({ unitId, route }, rank): Feature[] =>
        route === undefined ? [] : [{ type: "Feature", properties: { rank, unitId }, geometry: route }],
      ),
    });
    const place = this.place;
    map?.setData(
      "place",
      place === undefined
        ? EMPTY
        : {
            type: "FeatureCollection",
            features: [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: place } }],
          },
    );
  }

  #begin(): AbortController {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.busy = true;
    this.failed = undefined;
    this.answer = undefined;
    this.area = undefined;
    this.areaOf = undefined;
    this.place = undefined;
    return asking;
  }

  async #settle(asking: AbortController, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (fault) {
      if (asking.signal.aborted) return;
      const why = fault instanceof ApiProblem ? fault.message : String(fault);
      this.failed = fill(settings.words.nearest.failed, { why });
      this.#desk.say(this.failed, true);
    }
    if (this.#asking !== asking) return;
    this.busy = false;
    this.draw();
  }
}
