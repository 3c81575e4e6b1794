import { expect, it } from "vitest";
import { maxspeedKmh, parseMaxspeed } from "./maxspeed.ts";

it.each([
  ["50", 50],
  [" 50 ", 50],
  ["50 km/h", 50],
  ["30 mph", 48],
  ["30mph", 48],
  ["20 knots", 37],
  ["walk", 7],
  ["none", 130],
  ["CN:urban", 50],
  ["CN:motorway", 120],
  ["DE:rural", 100],
  ["DE:zone:30", 30],
  ["DE:zone30", 30],
  ["AT:30", 30],
  ["FR:urban", 50],
  ["xx:urban", 50],
  ["50;30", 30],
  ["27.78", 28],
  ["999", 254],
  ["0", 0],
  ["0.3", 0],
  ["-50", 0],
  ["signals", 0],
  ["1e3", 0],
  ["constructor", 0],
  ["", 0],
])("maxspeed %j is %i km/h", (text, kmh) => {
  expect(parseMaxspeed(text)).toBe(kmh);
});

it("the limit itself counts before the zone it comes from", () => {
  expect(
    maxspeedKmh(
      new Map([
        ["maxspeed", "60"],
        ["source:maxspeed", "DE:urban"],
      ]),
    ),
  ).toBe(60);
  expect(
    maxspeedKmh(
      new Map([
        ["maxspeed", "variable"],
        ["maxspeed:type", "CN:urban"],
      ]),
    ),
  ).toBe(50);
  expect(maxspeedKmh(new Map())).toBe(0);
});
