import { EXCLUSION_REASONS, PROBLEMS, REFUSAL_REASONS, UNIT_STATUSES } from "@wufen/contract";
import { describe, expect, it } from "vitest";
import { en } from "./en.ts";
import { fill } from "./fill.ts";
import { createFormat } from "./format.ts";
import { zh } from "./zh.ts";

type Tree = { readonly [key: string]: string | readonly string[] | Tree };

function leaves(tree: Tree, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string"
      ? [[`${path}${key}`, value] as [string, string]]
      : leaves(value as Tree, `${path}${key}.`),
  );
}

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

describe("the dictionaries", () => {
  it("have the same keys, no empty text, and the same places to fill", () => {
    const chinese = new Map(leaves(zh));
    const english = leaves(en);
    expect([...chinese.keys()].sort()).toEqual(english.map(([key]) => key).sort());
    for (const [key, text] of english) {
      expect(text.trim(), key).not.toBe("");
      expect(chinese.get(key)?.trim(), key).not.toBe("");
      expect(places(chinese.get(key)!), key).toEqual(places(text));
    }
  });

  it("Chinese texts hold Chinese, and no half-width comma between characters", () => {
    for (const [key, text] of leaves(zh)) {
      expect(/[\u4e00-\u9fff],[\u4e00-\u9fff]/.test(text), `${key}: ${text}`).toBe(false);
    }
  });

  it("know every status, exclusion and refusal of the wire", () => {
    for (const words of [zh, en]) {
      expect(Object.keys(words.statuses).sort()).toEqual([...UNIT_STATUSES].sort());
      expect(Object.keys(words.nearest.reasons).sort()).toEqual([...EXCLUSION_REASONS].sort());
      expect(Object.keys(words.admin.reasons).sort()).toEqual([...REFUSAL_REASONS].sort());
    }
    expect(PROBLEMS.SIGN_IN_FAILED).toBe(401);
  });

  it("say ages and ways truthfully in both languages", () => {
    expect(createFormat(en).age(40_900)).toBe("40 s ago");
    expect(createFormat(zh).age(40_900)).toBe("40 秒前");
    expect(createFormat(zh).age(7 * 60_000)).toBe("7 分钟前");
    expect(createFormat(en).way(245.4)).toBe("4:05");
    expect(createFormat(en).heading(359)).toBe("N 359°");
    expect(createFormat(zh).distance(1234)).toBe("1.2 公里");
    expect(fill("{a} {b}", { a: 1 })).toBe("1 {b}");
  });
});
