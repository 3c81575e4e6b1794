import { expect, it } from "vitest";
import { ACCESS, accessOf, isCarBarrier } from "./access.ts";
import { findRoadClass } from "./road-class.ts";

const LETTERS = { C: ACCESS.CAR, F: ACCESS.FOOT, M: ACCESS.MOTORCYCLE, E: ACCESS.EMERGENCY, D: ACCESS.DESTINATION };

function letters(bits: number): string {
  return Object.entries(LETTERS)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([letter]) => letter)
    .join("");
}

function tagsOf(text: string): Map<string, string> {
  return new Map(text.split(" ").map((pair) => pair.split("=") as [string, string]));
}

// C car, F on foot, M motorcycle, E emergency driving, D destination only.
it.each([
  ["highway=residential", "CFME", "CFME"],
  ["highway=residential oneway=yes", "CFME", "F"],
  ["highway=residential oneway=-1", "F", "CFME"],
  ["highway=residential oneway=yes oneway:foot=yes", "CFME", ""],
  ["highway=residential junction=roundabout", "CFME", "F"],
  ["highway=residential junction=roundabout oneway=no", "CFME", "CFME"],
  ["highway=motorway", "CME", ""],
  ["highway=motorway_link", "CME", ""],
  ["highway=motorway oneway=no", "CME", "CME"],
  ["highway=trunk", "CFME", "CFME"],
  ["highway=service access=private", "E", "E"],
  ["highway=service access=private motor_vehicle=yes", "CME", "CME"],
  ["highway=service access=no foot=yes", "FE", "FE"],
  ["highway=service vehicle=no motorcycle=yes", "FME", "FME"],
  ["highway=residential motor_vehicle=destination", "CFMED", "CFMED"],
  ["highway=residential access=customers", "CFMED", "CFMED"],
  ["highway=residential access=military", "", ""],
  ["highway=pedestrian", "FE", "FE"],
  ["highway=pedestrian motor_vehicle=delivery", "CFMED", "CFMED"],
  ["highway=footway", "F", "F"],
  ["highway=footway access=yes", "F", "F"],
  ["highway=footway motor_vehicle=yes", "CFME", "CFME"],
  ["highway=footway foot=no", "", ""],
  ["highway=steps motor_vehicle=yes", "F", "F"],
  ["highway=cycleway foot=designated", "F", "F"],
  ["highway=track", "CFME", "CFME"],
  ["highway=track motor_vehicle=agricultural", "FE", "FE"],
])("%s: along %s, back %s", (text, forward, backward) => {
  const tags = tagsOf(text);
  const access = accessOf(tags, findRoadClass(tags) ?? -1);
  expect([letters(access.forward), letters(access.backward)]).toEqual([forward, backward]);
});

it.each(["highway=proposed", "highway=construction", "route=ferry", "highway=pedestrian area=yes", "highway=elevator"])(
  "%s is no road",
  (text) => {
    expect(findRoadClass(tagsOf(text))).toBeUndefined();
  },
);

it.each([
  ["barrier=bollard", true],
  ["barrier=block", true],
  ["barrier=bollard motor_vehicle=yes", false],
  ["barrier=bollard access=no", true],
  ["barrier=gate", false],
  ["barrier=gate locked=yes", true],
  ["barrier=gate access=private", true],
  ["barrier=lift_gate", false],
  ["barrier=toll_booth", false],
  ["highway=crossing", false],
])("%s stops cars: %s", (text, stops) => {
  expect(isCarBarrier(tagsOf(text))).toBe(stops);
});
