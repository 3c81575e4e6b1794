import { en } from "../i18n/en.ts";
import { createFormat } from "../i18n/format.ts";
import { zh } from "../i18n/zh.ts";
import { parseAddress } from "./address.ts";

const STORAGE_KEY = "wufen.settings";

interface Stored {
  language?: "zh" | "en";
  theme?: "dark" | "light";
  singleKeys?: boolean;
}

function readStored(): Stored {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}") as Stored;
  } catch {
    return {};
  }
}

/** What a person chose about how the desk looks and listens: from the address, else kept in the browser, else its languages. */
class Settings {
  language = $state<"zh" | "en">("zh");
  theme = $state<"dark" | "light">("dark");
  singleKeys = $state(true);
  readonly words = $derived(this.language === "zh" ? zh : en);
  readonly format = $derived(createFormat(this.words));

  constructor() {
    const stored = readStored();
    const address = parseAddress(location.hash);
    const preferred = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
    this.language = address.language ?? stored.language ?? preferred;
    this.theme = address.theme ?? stored.theme ?? "dark";
    this.singleKeys = stored.singleKeys ?? true;
    this.#show();
  }

  setLanguage(language: "zh" | "en"): void {
    this.language = language;
    this.#keep();
  }

  setTheme(theme: "dark" | "light"): void {
    this.theme = theme;
    this.#keep();
  }

  setSingleKeys(on: boolean): void {
    this.singleKeys = on;
    this.#keep();
  }

  #keep(): void {
    this.#show();
    const { language, theme, singleKeys } = this;
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify({ language, theme, singleKeys }));
    } catch {
      // A browser without storage forgets; nothing else depends on it.
    }
  }

  #show(): void {
    document.documentElement.dataset.theme = this.theme;
    document.documentElement.lang = this.language === "zh" ? "zh-Hans" : "en";
  }
}

export const settings = new Settings();
