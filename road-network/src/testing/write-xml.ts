import type { SmallExtract } from "./small-extract.ts";

export function writeXml({ nodes, ways, relations = [] }: SmallExtract, rootAttributes = ""): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<osm version="0.6"${rootAttributes}>`];
  for (const { id, lng, lat, tags } of nodes) {
    lines.push(`<node id="${id}" lat="${lat.toFixed(7)}" lon="${lng.toFixed(7)}">${writeTags(tags)}</node>`);
  }
  for (const way of ways) {
    lines.push(
      `<way id="${way.id}">${way.nodes.map((ref) => `<nd ref="${ref}"/>`).join("")}${writeTags(way.tags)}</way>`,
    );
  }
  for (const { id, members, tags } of relations) {
    const list = members.map(
      ({ type, ref, role }) => `<member type="${type}" ref="${ref}" role="${escapeText(role)}"/>`,
    );
    lines.push(`<relation id="${id}">${list.join("")}${writeTags(tags)}</relation>`);
  }
  return `${lines.join("\n")}\n</osm>\n`;
}

function writeTags(tags: Record<string, string> = {}): string {
  return Object.entries(tags)
    .map(([key, value]) => `<tag k="${escapeText(key)}" v="${escapeText(value)}"/>`)
    .join("");
}

function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
