import type { Desk } from "./desk.svelte.ts";
import { settings } from "./settings.svelte.ts";
import { sheets } from "./sheets.svelte.ts";

export type CommandName = keyof typeof settings.words.help.keys;

export interface Command {
  readonly name: CommandName;
  /** The single key, as KeyboardEvent.key gives it, lower case. */
  readonly key?: string;
  /** What the help sheet shows where that is not the key. */
  readonly shownKey?: string;
  /** Offered by the palette. */
  readonly run?: () => void;
}

/** Everything the keyboard does, in the order of the help sheet. */
export function createCommands(desk: Desk): readonly Command[] {
  return [
    { name: "search", key: "/", run: () => focusOn("unit-search") },
    { name: "palette", shownKey: "Ctrl K" },
    { name: "help", key: "?", run: () => (sheets.open = "help") },
    { name: "escape", shownKey: "Esc" },
    { name: "nearest", key: "n", run: () => askInTheMiddle(desk) },
    { name: "follow", key: "f", run: () => desk.selectedNo !== undefined && desk.setFollowing(!desk.following) },
    { name: "locate", key: "p", run: () => void desk.locate() },
    { name: "area", key: "a", run: () => askFromSelected(desk) },
    { name: "arrows", shownKey: "↑ ↓ ← →" },
    { name: "enter", shownKey: "Enter" },
    { name: "zoom", shownKey: "+ − 0", key: "0", run: () => desk.map?.showAll() },
    { name: "language", key: "l", run: () => settings.setLanguage(settings.language === "zh" ? "en" : "zh") },
    { name: "theme", key: "t", run: () => settings.setTheme(settings.theme === "dark" ? "light" : "dark") },
  ];
}

/** Keys that work everywhere; single keys only where nobody is typing and the person has not switched them off [WCAG 2.1.4]. */
export function handleKey(event: KeyboardEvent, commands: readonly Command[], desk: Desk): void {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    sheets.open = sheets.open === "palette" ? undefined : "palette";
    return;
  }
  if (sheets.open !== undefined || event.defaultPrevented) return;
  if (event.key === "Escape") {
    stepBack(desk);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const zoom = event.key === "+" || event.key === "=" ? 1 : event.key === "-" ? -1 : 0;
  const command = commands.find(({ key, run }) => key === event.key.toLowerCase() && run !== undefined);
  if (zoom === 0 && command === undefined) return;
  if (!settings.singleKeys) {
    if (command !== undefined) desk.say(settings.words.say.keysOff);
    return;
  }
  event.preventDefault();
  if (zoom !== 0) desk.map?.map.zoomTo(desk.map.map.getZoom() + zoom, { duration: 250 });
  else command?.run?.();
}

function stepBack(desk: Desk): void {
  if (isTyping(document.activeElement)) (document.activeElement as HTMLElement).blur();
  else if (desk.nearest.isOpen) desk.nearest.clear();
  else if (desk.selectedNo !== undefined) desk.select(undefined);
}

function askInTheMiddle(desk: Desk): void {
  const center = desk.map?.map.getCenter();
  if (center !== undefined) void desk.nearest.ask([center.lng, center.lat]);
}

export function askFromSelected(desk: Desk): void {
  const unit = desk.selectedNo === undefined ? undefined : desk.live.store.findUnit(desk.selectedNo);
  if (unit !== undefined) void desk.nearest.askFromUnit(unit.id, unit.callsign);
}

function focusOn(id: string): void {
  document.getElementById(id)?.focus();
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && target.type !== "checkbox"))
  );
}
