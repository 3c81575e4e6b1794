import type { PersonRole } from "@wufen/contract";

/** The one table of who may do what. A route names the right it needs; `open` routes need no sign-in. */
export const RIGHTS = {
  open: undefined,
  "view-registry": ["administrator", "dispatcher"],
  "edit-devices": ["administrator"],
  "issue-credentials": ["administrator"],
  "edit-units": ["administrator"],
  "set-unit-status": ["administrator", "dispatcher"],
  "locate-device": ["administrator", "dispatcher"],
  "view-units": ["administrator", "dispatcher"],
  dispatch: ["administrator", "dispatcher"],
  "view-map": ["administrator", "dispatcher"],
  "read-api": ["administrator", "dispatcher"],
  "own-session": ["administrator", "dispatcher"],
  "view-metrics": ["administrator"],
} as const satisfies Record<string, readonly PersonRole[] | undefined>;
export type Right = keyof typeof RIGHTS;

export function mayDo(role: PersonRole, right: Right): boolean {
  const roles: readonly PersonRole[] | undefined = RIGHTS[right];
  return roles === undefined || roles.includes(role);
}
