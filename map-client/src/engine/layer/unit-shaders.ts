import { UNIT_STATUSES } from "@wufen/contract";
import { rgb, STATUS_COLOURS } from "../symbols.ts";

/** Uniforms of both layers. Floats only, one a line, in the vertex shader alone: see the traps of luma 9.4. */
export const viewUniforms = {
  name: "wufenView",
  vs: /* glsl */ `\
layout(std140) uniform wufenViewUniforms {
  vec2 centerHigh;
  vec2 centerLow;
  vec2 centerRest;
  vec2 clipPerUnit;
  vec2 clipPerPixel;
  float nowS;
  float radius;
  float pulse;
  float light;
  float top;
  float opacity;
} wufenView;
`,
  uniformTypes: {
    centerHigh: "vec2<f32>",
    centerLow: "vec2<f32>",
    centerRest: "vec2<f32>",
    clipPerUnit: "vec2<f32>",
    clipPerPixel: "vec2<f32>",
    nowS: "f32",
    radius: "f32",
    pulse: "f32",
    light: "f32",
    top: "f32",
    opacity: "f32",
  },
} as const;

/** Position between the previous and the next place: exact integer differences from the centre, then floats. */
const GLIDE_GLSL = /* glsl */ `
vec2 glide(uvec4 motion, vec4 timing) {
  uvec2 center = uvec2(wufenView.centerHigh) * 65536u + uvec2(wufenView.centerLow);
  ivec2 fromPrevious = ivec2(motion.xy - center);
  ivec2 step_ = ivec2(motion.zw - motion.xy);
  float t = timing.y <= 0.0 ? 1.0 : clamp((wufenView.nowS - timing.x) / timing.y, 0.0, 1.0);
  vec2 delta = vec2(fromPrevious) + vec2(step_) * t - wufenView.centerRest;
  return vec2(delta.x, -delta.y) * wufenView.clipPerUnit;
}
`;

const statusColours = UNIT_STATUSES.map(
  (status) =>
    `vec3(${rgb(STATUS_COLOURS[status])
      .map((v) => v.toFixed(4))
      .join(", ")})`,
);

export const unitsVertexShader = /* glsl */ `#version 300 es
#define SHADER_NAME wufen-units-vertex
in uvec4 unitMotion;
in vec4 unitTiming;
in uvec4 unitLook;
out vec2 vPixel;
flat out vec4 vShape;
flat out vec4 vColour;
flat out vec4 vState;
${GLIDE_GLSL}
const vec3 STATUS_COLOURS[${UNIT_STATUSES.length}] = vec3[${UNIT_STATUSES.length}](${statusColours.join(", ")});
void main(void) {
  uint flags = unitLook.z;
  uint marks = unitLook.w;
  bool emergency = unitLook.y == ${UNIT_STATUSES.indexOf("emergency")}u;
  bool above = emergency || (marks & 14u) != 0u;
  bool offDuty = unitLook.y == ${UNIT_STATUSES.indexOf("off-duty")}u;
  if (offDuty || (flags & 1u) == 0u || (marks & 1u) == 0u || above != (wufenView.top > 0.5)) {
    gl_Position = vec4(2.0, 2.0, 0.0, 1.0);
    return;
  }
  bool stale = (flags & 4u) != 0u;
  float ageS = max(0.0, wufenView.nowS - unitTiming.z);
  float fade = 1.0 - 0.5 * smoothstep(60.0, 900.0, ageS);
  if (stale) fade = min(fade, 0.7);
  if (above) fade = max(fade, 0.85);
  float radius = wufenView.radius * (emergency ? 1.2 : 1.0);
  float extent = radius + (above ? 22.0 : 9.0);
  vec2 corner = vec2(float(gl_VertexID & 1) * 2.0 - 1.0, float(gl_VertexID >> 1) * 2.0 - 1.0);
  vPixel = corner * extent;
  vShape = vec4(float(unitLook.x), float(unitLook.y), radius, unitTiming.w);
  vColour = vec4(STATUS_COLOURS[min(unitLook.y, ${UNIT_STATUSES.length - 1}u)], fade * wufenView.opacity);
  vState = vec4(stale ? 1.0 : 0.0, float(marks), emergency ? wufenView.pulse : -1.0, wufenView.light);
  gl_Position = vec4(glide(unitMotion, unitTiming) + vPixel * wufenView.clipPerPixel, 0.0, 1.0);
}
`;

/** Kind is the outline, status is the colour and the mark inside, heading is the beak; a stale position is hollow. */
export const unitsFragmentShader = /* glsl */ `#version 300 es
#define SHADER_NAME wufen-units-fragment
precision highp float;
in vec2 vPixel;
flat in vec4 vShape;
flat in vec4 vColour;
flat in vec4 vState;
out vec4 fragColor;

float box(vec2 p, vec2 halfSize, float corner) {
  vec2 q = abs(p) - halfSize + corner;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - corner;
}
float segment(vec2 p, vec2 a, vec2 b) {
  vec2 pa = p - a;
  vec2 ba = b - a;
  return length(pa - ba * clamp(dot(pa, ba) / dot(ba, ba), 0.0, 1.0));
}
float triangle(vec2 p, float r) {
  const float k = 1.7320508;
  p.x = abs(p.x) - r;
  p.y = p.y + r / k;
  if (p.x + k * p.y > 0.0) p = vec2(p.x - k * p.y, -k * p.x - p.y) / 2.0;
  p.x -= clamp(p.x, -2.0 * r, 0.0);
  return -length(p) * sign(p.y);
}
float outlineOf(float kind, vec2 p, float r) {
  if (kind < 0.5) return length(p) - r * 0.94;
  if (kind < 1.5) return box(mat2(0.70711, 0.70711, -0.70711, 0.70711) * p, vec2(r * 0.84), r * 0.2);
  if (kind < 2.5) return box(p, vec2(r * 0.9), r * 0.3);
  return triangle(p + vec2(0.0, r * 0.12), r * 0.92) - r * 0.18;
}
float markOf(float status, vec2 p, float r) {
  float w = max(0.9, r * 0.13);
  if (status < 0.5) return 1e3;
  if (status < 1.5) {
    vec2 q = vec2(abs(p.x), p.y);
    return min(segment(q, vec2(0.0, r * 0.42), vec2(r * 0.42, 0.0)), segment(p, vec2(0.0, r * 0.4), vec2(0.0, -r * 0.46))) - w;
  }
  if (status < 2.5) return length(p) - r * 0.34;
  if (status < 3.5) return segment(p, vec2(-r * 0.4, 0.0), vec2(r * 0.4, 0.0)) - w * 1.25;
  return min(segment(p, vec2(0.0, r * 0.48), vec2(0.0, -r * 0.06)) - w * 1.15, length(p - vec2(0.0, -r * 0.46)) - w * 1.25);
}
void over(inout vec4 below, vec3 colour, float alpha) {
  float a = clamp(alpha, 0.0, 1.0);
  float total = a + below.a * (1.0 - a);
  if (total > 0.0) below.rgb = (colour * a + below.rgb * below.a * (1.0 - a)) / total;
  below.a = total;
}
float cover(float distance_) {
  return clamp(0.5 - distance_, 0.0, 1.0);
}
void main(void) {
  float kind = vShape.x;
  float status = vShape.y;
  float r = vShape.z;
  vec3 colour = vColour.rgb;
  vec3 edge = vState.w > 0.5 ? vec3(1.0) : vec3(0.024, 0.043, 0.063);
  vec3 ring = vState.w > 0.5 ? vec3(0.05, 0.08, 0.12) : vec3(1.0);
  int marks = int(vState.y + 0.5);
  bool hollow = vState.x > 0.5;
  vec4 result = vec4(0.0);

  if (vState.z >= 0.0) {
    float at = r + 3.0 + 15.0 * vState.z;
    over(result, colour, cover(abs(length(vPixel) - at) - 1.4) * (1.0 - vState.z) * 0.95);
    over(result, colour, cover(length(vPixel) - r - 4.0) * 0.28);
  }
  if ((marks & 2) != 0) {
    over(result, edge, cover(abs(length(vPixel) - r - 7.0) - 2.4) * 0.75);
    over(result, ring, cover(abs(length(vPixel) - r - 7.0) - 1.2));
  } else if ((marks & 4) != 0) {
    over(result, ring, cover(abs(length(vPixel) - r - 5.5) - 0.7) * 0.9);
  } else if ((marks & 8) != 0) {
    over(result, colour, cover(abs(length(vPixel) - r - 5.5) - 0.8) * 0.9);
  }
  if (vShape.w >= 0.0 && r > 5.5) {
    float turn = radians(vShape.w);
    vec2 along = vec2(sin(turn), cos(turn));
    vec2 q = vec2(dot(vPixel, vec2(along.y, -along.x)), dot(vPixel, along));
    float beak = max(abs(q.x) * 0.8 + (q.y - r) * 0.62 - 3.6, r * 0.6 - q.y);
    over(result, edge, cover(beak - 1.3) * 0.9);
    over(result, colour, cover(beak));
  }
  float outline = outlineOf(kind, vPixel, r);
  over(result, edge, cover(outline - 1.4) * 0.95);
  if (hollow) {
    over(result, mix(edge, colour, 0.16), cover(outline));
    over(result, colour, cover(abs(outline + 0.9) - 0.9));
  } else {
    over(result, colour, cover(outline));
  }
  vec3 ink = hollow ? colour : vec3(0.024, 0.043, 0.063);
  if (r > 5.5) over(result, ink, cover(markOf(status, vPixel, r)));
  if (result.a < 0.004) discard;
  fragColor = vec4(result.rgb, result.a * vColour.a);
}
`;

export const labelsVertexShader = /* glsl */ `#version 300 es
#define SHADER_NAME wufen-labels-vertex
in uvec4 labelMotion;
in vec4 labelTiming;
in vec4 labelPlace;
in vec4 labelBox;
out vec2 vAt;
${GLIDE_GLSL}
void main(void) {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  vAt = mix(labelBox.xy, labelBox.zw, vec2(corner.x, 1.0 - corner.y));
  vec2 at = glide(labelMotion, labelTiming);
  // Whole pixels, so that resting text is crisp.
  at = (floor(at / wufenView.clipPerPixel) + 0.5) * wufenView.clipPerPixel;
  vec2 pixel = labelPlace.xy + vec2(corner.x, corner.y - 0.5) * labelPlace.zw;
  gl_Position = vec4(at + floor(pixel) * wufenView.clipPerPixel, 0.0, 1.0);
}
`;

export const labelsFragmentShader = /* glsl */ `#version 300 es
#define SHADER_NAME wufen-labels-fragment
precision highp float;
uniform sampler2D labelAtlas;
in vec2 vAt;
out vec4 fragColor;
void main(void) {
  fragColor = texture(labelAtlas, vAt);
  if (fragColor.a < 0.004) discard;
}
`;
