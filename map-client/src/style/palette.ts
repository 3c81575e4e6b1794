/** Colours of the base map. Calm and of one hue, so that the units' colours stand out. */
export interface BaseMapPalette {
  readonly ground: string;
  readonly built: string;
  readonly works: string;
  readonly campus: string;
  readonly green: string;
  readonly water: string;
  readonly building: string;
  readonly buildingEdge: string;
  readonly road: Record<
    "motorway" | "trunk" | "primary" | "secondary" | "tertiary" | "minor" | "service" | "path" | "rail",
    string
  >;
  readonly casing: string;
  readonly boundary: string;
  readonly label: string;
  readonly placeLabel: string;
  readonly waterLabel: string;
  readonly poi: string;
  readonly halo: string;
  readonly accent: string;
  readonly rings: readonly [string, string, string];
  readonly track: string;
}

export const darkPalette: BaseMapPalette = {
  ground: "#0d1319",
  built: "#10171e",
  works: "#121920",
  campus: "#131b24",
  green: "#0f1f1b",
  water: "#0b2233",
  building: "#18212a",
  buildingEdge: "#202b36",
  road: {
    motorway: "#4d5a67",
    trunk: "#475461",
    primary: "#414d59",
    secondary: "#384450",
    tertiary: "#343f4b",
    minor: "#2b3642",
    service: "#242e38",
    path: "#26323a",
    rail: "#2c3640",
  },
  casing: "#0a0f14",
  boundary: "#3b4a58",
  label: "#6f7f8e",
  placeLabel: "#8494a4",
  waterLabel: "#4d7996",
  poi: "#75899b",
  halo: "#0b1117",
  accent: "#7cc7f2",
  rings: ["#56b4e9", "#3f93c4", "#2f74a0"],
  track: "#9fd3f5",
};

export const lightPalette: BaseMapPalette = {
  ground: "#f1f3f5",
  built: "#ebeef1",
  works: "#e8eaee",
  campus: "#eceae4",
  green: "#dcebdd",
  water: "#c4dbea",
  building: "#dfe3e8",
  buildingEdge: "#cfd5dc",
  road: {
    motorway: "#ffffff",
    trunk: "#ffffff",
    primary: "#ffffff",
    secondary: "#ffffff",
    tertiary: "#ffffff",
    minor: "#ffffff",
    service: "#fafbfc",
    path: "#d5dbd6",
    rail: "#b9c1c9",
  },
  casing: "#c3cbd3",
  boundary: "#8a99a8",
  label: "#74818d",
  placeLabel: "#5b6976",
  waterLabel: "#5585a5",
  poi: "#6c7986",
  halo: "#ffffff",
  accent: "#0072b2",
  rings: ["#0072b2", "#2a86bd", "#5b9fc8"],
  track: "#0072b2",
};
