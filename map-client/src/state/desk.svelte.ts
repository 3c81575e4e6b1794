import { FEED_FLAG, type FeedHealth, type MapInfo, type UnitKind, type UnitStatus } from "@wufen/contract";
import type { Geometry } from "geojson";
import { tick } from "svelte";
import { api } from "../api/endpoints.ts";
import type { FromFeedWorker, LinkState } from "../engine/feed/desk-messages.ts";
import { type FeedWorkerPort, LiveUnits } from "../engine/live-units.ts";
import { type FilteredUnits, filterUnits } from "../engine/units/unit-filter.ts";
import { MARK } from "../engine/units/unit-store.ts";
import { fill } from "../i18n/fill.ts";
import { CommandMap } from "../map/command-map.ts";
import { parseAddress } from "./address.ts";
import { NearestQuestion } from "./nearest.svelte.ts";
import { person } from "./person.svelte.ts";
import { settings } from "./settings.svelte.ts";
import { UnitTrackView } from "./track.svelte.ts";

/** Panels follow the store at most this often, ms. */
const PANELS_EVERY_MS = 300;

/** How long a message is shown. */
const SAID_MS = 4_000;

/** One dispatcher's working place: the live units, the map, and what is selected. Units themselves are never in runes. */
export class Desk {
  readonly live: LiveUnits;
  readonly nearest: NearestQuestion;
  readonly track: UnitTrackView;
  map: CommandMap | undefined;
  mapInfo = $state.raw<MapInfo | undefined>(undefined);
  mapInfoKnown = $state(false);
  mapLoaded = $state(false);
  link = $state.raw<LinkState>({ state: "connecting", attempt: 0 });
  health = $state.raw<FeedHealth | undefined>(undefined);
  /** Grows at most every {@link PANELS_EVERY_MS}: whoever reads units reads this first. */
  version = $state(0);
  /** Server's clock, every second. */
  nowMs = $state(Date.now());
  delayMs = $state(0);
  lastAppliedAtMs = $state(0);
  filtered = $state.raw<FilteredUnits | undefined>(undefined);
  kinds = $state.raw<ReadonlySet<UnitKind>>(new Set());
  statuses = $state.raw<ReadonlySet<UnitStatus>>(new Set());
  text = $state("");
  /** The panels that lie over the map's right side. */
  panels = $state.raw<HTMLElement | undefined>(undefined);
  selectedNo = $state<number | undefined>(undefined);
  hoveredNo = $state<number | undefined>(undefined);
  following = $state(false);
  /** Said to screen readers and shown for a moment. */
  said = $state("");
  saidShown = $state(false);
  drawingLost = $state(false);
  simulated = $state(false);
  readonly isOld = $derived(
    this.link.state !== "live" && this.lastAppliedAtMs > 0 && this.nowMs - this.lastAppliedAtMs > 5_000,
  );
  #saidTimer: ReturnType<typeof setTimeout> | undefined;
  #panelTimer: ReturnType<typeof setTimeout> | undefined;
  #secondTimer: ReturnType<typeof setInterval>;
  #filteredRoster = -1;
  #wantedUnit: number | undefined;
  #fitsUnits = false;

  constructor(worker: FeedWorkerPort) {
    this.live = new LiveUnits(worker, () => Date.now());
    const address = parseAddress(location.hash);
    this.kinds = new Set(address.kinds);
    this.statuses = new Set(address.statuses);
    this.text = address.text ?? "";
    this.#wantedUnit = address.unit;
    this.nearest = new NearestQuestion(this);
    this.track = new UnitTrackView(this);
    this.live.listen({
      linkChanged: (link) => this.#linkChanged(link),
      healthChanged: (health) => {
        this.health = health;
      },
      unitsChanged: () => this.#unitsChanged(),
      lagging: (count) => this.say(fill(settings.words.link.lagging, { count })),
    });
    this.#secondTimer = setInterval(() => this.#second(), 1000);
  }

  async start(): Promise<void> {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.live.connect(`${scheme}//${location.host}/api/feed`);
    try {
      this.mapInfo = await api.getMap();
    } catch {
      this.mapInfo = undefined;
    }
    this.mapInfoKnown = true;
  }

  stop(): void {
    clearInterval(this.#secondTimer);
    clearTimeout(this.#panelTimer);
    clearTimeout(this.#saidTimer);
    this.live.stop();
    this.closeMap();
  }

  openMap(container: HTMLElement): void {
    const address = parseAddress(location.hash);
    this.map = new CommandMap(
      container,
      this.mapInfo,
      this.live,
      { theme: settings.theme, language: settings.language },
      this.viewKept ?? address.view,
      (row, callsign) => this.#labelOf(row, callsign),
      {
        clicked: (unitNo, place) => {
          if (unitNo === undefined) void this.nearest.ask(place);
          else {
            this.select(unitNo);
            void this.reveal(place);
          }
        },
        hovered: (unitNo) => this.hover(unitNo),
        moved: (view) => {
          this.viewKept = view;
        },
        takenOver: () => this.setFollowing(false),
        loaded: () => {
          this.mapLoaded = true;
        },
        drawingLost: () => {
          this.drawingLost = true;
          setTimeout(() => {
            this.drawingLost = false;
          }, 4_000);
        },
      },
    );
    this.nearest.draw();
    this.track.draw();
    this.#fitsUnits = this.mapInfo === undefined && this.viewKept === undefined && address.view === undefined;
  }

  /** Brings a place and the area around it out from under the panels; what is seen already does not move. */
  async reveal(place: [lng: number, lat: number], area?: readonly Geometry[]): Promise<void> {
    if (this.following) return;
    await tick();
    const covered = this.panels?.childElementCount ? this.panels.clientWidth + 12 : 0;
    this.map?.reveal(place, area ?? [], covered);
  }

  closeMap(): void {
    this.map?.stop();
    this.map = undefined;
    this.mapLoaded = false;
  }

  viewKept = $state.raw<{ center: [number, number]; zoom: number } | undefined>(undefined);

  select(unitNo: number | undefined): void {
    const before = this.selectedNo;
    if (before === unitNo) return;
    this.#mark(before, MARK.selected, false);
    this.#mark(unitNo, MARK.selected, true);
    this.selectedNo = unitNo;
    this.setFollowing(false, true);
    void this.track.show(unitNo);
    this.map?.wake();
    this.map?.labels.chooseSoon();
    const row = unitNo === undefined ? undefined : this.live.store.findRow(unitNo);
    const unit = row === undefined ? undefined : this.live.store.unitAt(row);
    if (row === undefined || unit === undefined) {
      this.say(settings.words.say.deselected, true);
      return;
    }
    const { words, format } = settings;
    const age = this.live.store.hasPosition(row)
      ? format.age(this.live.nowMs() - this.live.store.positionAtMs(row))
      : words.list.never;
    this.say(fill(words.say.selected, { callsign: unit.callsign, status: words.statuses[unit.status], age }), true);
  }

  hover(unitNo: number | undefined): void {
    if (this.hoveredNo === unitNo) return;
    this.#mark(this.hoveredNo, MARK.hovered, false);
    this.#mark(unitNo, MARK.hovered, true);
    this.hoveredNo = unitNo;
    this.map?.wake();
    this.map?.labels.chooseSoon();
  }

  /** Marks the units of a ranking on the map, in place of those before. */
  setRanked(unitNos: readonly number[]): void {
    const { store } = this.live;
    for (let row = 0; row < store.rows; row++) store.setMark(row, MARK.ranked, false);
    for (const no of unitNos) this.#mark(no, MARK.ranked, true);
    this.map?.wake();
  }

  /** Where there are no tiles to fit, the map fits the units once they are known. */
  #fitUnits(): void {
    if (!this.#fitsUnits || this.map === undefined) return;
    if (this.map.showUnits(0)) this.#fitsUnits = false;
  }

  flyToUnit(unitNo: number): void {
    const place = this.map?.findPlace(unitNo);
    if (place !== undefined) this.map?.flyTo(place);
  }

  setFollowing(on: boolean, quiet = false): void {
    if (this.following === on) return;
    this.following = on;
    const unit = this.selectedNo === undefined ? undefined : this.live.store.findUnit(this.selectedNo);
    if (!quiet) {
      this.say(on && unit ? fill(settings.words.say.follow, { callsign: unit.callsign }) : settings.words.say.unfollow);
    }
    if (on && this.selectedNo !== undefined) this.flyToUnit(this.selectedNo);
  }

  setFilter(change: { kinds?: ReadonlySet<UnitKind>; statuses?: ReadonlySet<UnitStatus>; text?: string }): void {
    if (change.kinds !== undefined) this.kinds = change.kinds;
    if (change.statuses !== undefined) this.statuses = change.statuses;
    if (change.text !== undefined) this.text = change.text;
    this.#refilter();
    this.map?.wake();
    this.map?.labels.chooseSoon();
  }

  /** Says something to screen readers, and shows it for a moment unless what it is about is seen anyway. */
  say(text: string, seenAnyway = false): void {
    this.said = text;
    this.saidShown = !seenAnyway;
    clearTimeout(this.#saidTimer);
    this.#saidTimer = setTimeout(() => {
      this.saidShown = false;
    }, SAID_MS);
  }

  /** Asks the selected unit's device for its position. */
  locate(): Promise<void> {
    return this.#order(async (unitId) => {
      await api.locate(unitId);
      return settings.words.card.locateSent;
    });
  }

  /** Sets the selected unit's status; the feed brings what became of it. */
  setStatus(status: UnitStatus): Promise<void> {
    return this.#order(async (unitId) => {
      const unit = await api.editUnit(unitId, { status });
      return `${unit.callsign}: ${settings.words.statuses[unit.status]}`;
    });
  }

  async #order(work: (unitId: string) => Promise<string>): Promise<void> {
    const unit = this.selectedNo === undefined ? undefined : this.live.store.findUnit(this.selectedNo);
    if (unit === undefined) return;
    try {
      this.say(await work(unit.id));
    } catch (fault) {
      this.say(fill(settings.words.problem, { why: fault instanceof Error ? fault.message : String(fault) }));
    }
  }

  #linkChanged(link: LinkState): void {
    const before = this.link.state;
    this.link = link;
    const { say } = settings.words;
    if (link.state === "live" && before !== "live") this.say(say.live, true);
    if (before === "live" && link.state === "waiting") this.say(say.lost);
    // A handshake that was refused says nothing to a page: ask whether the session still stands.
    if (link.state === "waiting" && link.attempt % 3 === 1) void person.load();
    if (link.state === "refused" && link.code === "SIGNED_OUT") void person.load();
  }

  #unitsChanged(): void {
    this.map?.wake();
    if (this.#panelTimer !== undefined) return;
    this.#panelTimer = setTimeout(() => {
      this.#panelTimer = undefined;
      this.#panels();
    }, PANELS_EVERY_MS);
  }

  #panels(): void {
    const { live } = this;
    if (live.store.rosterVersion !== this.#filteredRoster) this.#refilter();
    this.version = live.store.version;
    this.delayMs = live.delayMs;
    this.lastAppliedAtMs = live.lastAppliedAtMs;
    if (this.following && this.selectedNo !== undefined) {
      const place = this.map?.findPlace(this.selectedNo);
      if (place !== undefined) this.map?.keepInMiddle(place);
    }
    this.track.extend();
    this.#fitUnits();
    const wanted = this.#wantedUnit;
    if (wanted !== undefined && live.store.findRow(wanted) !== undefined) {
      this.#wantedUnit = undefined;
      this.select(wanted);
    }
  }

  #refilter(): void {
    const { store } = this.live;
    this.#filteredRoster = store.rosterVersion;
    this.filtered = filterUnits(store, { kinds: this.kinds, statuses: this.statuses, text: this.text });
    this.map?.setEmergencies(this.filtered.byStatus.emergency > 0);
    let simulated = false;
    for (let row = 0; row < store.rows && !simulated; row++) {
      simulated = (store.flagsOf(row) & FEED_FLAG.simulated) !== 0;
    }
    this.simulated = simulated;
    if (this.selectedNo !== undefined && store.findRow(this.selectedNo) === undefined) this.select(undefined);
  }

  #second(): void {
    this.nowMs = this.live.nowMs();
    // Ages fade also where nothing moves.
    if (!document.hidden) this.map?.wake();
  }

  #mark(unitNo: number | undefined, mark: number, on: boolean): void {
    const row = unitNo === undefined ? undefined : this.live.store.findRow(unitNo);
    if (row !== undefined) this.live.store.setMark(row, mark, on);
  }

  #labelOf(row: number, callsign: string): string {
    const { store } = this.live;
    const ageMs = this.live.nowMs() - store.positionAtMs(row);
    const old = ageMs >= 60_000 || store.hasMark(row, MARK.selected);
    return old ? `${callsign}  ${settings.format.age(ageMs)}` : callsign;
  }
}

export function createFeedWorker(): FeedWorkerPort {
  const worker = new Worker(new URL("../engine/feed/feed-worker.ts", import.meta.url), { type: "module" });
  const port: FeedWorkerPort = {
    postMessage: (message) => worker.postMessage(message),
    onmessage: null,
    terminate: () => worker.terminate(),
  };
  worker.onmessage = (event: MessageEvent<FromFeedWorker>) => port.onmessage?.({ data: event.data });
  return port;
}
