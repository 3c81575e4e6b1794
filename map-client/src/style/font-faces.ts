import type { FontFacesSpecification } from "maplibre-gl";

const FAMILIES = ["Noto Sans Variable", "Noto Sans SC Variable"];

/** The page's own @font-face rules as MapLibre wants them, so that the map fetches only the subsets it draws letters of. */
export function collectFontFaces(sheets: Iterable<CSSStyleSheet>): FontFacesSpecification {
  const latin: { url: string; "unicode-range": string[] }[] = [];
  const chinese: { url: string; "unicode-range": string[] }[] = [];
  for (const sheet of sheets) {
    for (const rule of sheet.cssRules) {
      if (!(rule instanceof CSSFontFaceRule)) continue;
      const family = rule.style.getPropertyValue("font-family").replaceAll(/["']/g, "");
      if (!FAMILIES.includes(family)) continue;
      const source = /url\(["']?([^"')]+)["']?\)/.exec(rule.style.getPropertyValue("src"))?.[1];
      if (source === undefined) continue;
      const face = {
        url: new URL(source, sheet.href ?? document.baseURI).href,
        "unicode-range": rule.style
          .getPropertyValue("unicode-range")
          .split(",")
          .map((range) => range.trim()),
      };
      (family === FAMILIES[0] ? latin : chinese).push(face);
    }
  }
  return { Wufen: [...latin, ...chinese] };
}
