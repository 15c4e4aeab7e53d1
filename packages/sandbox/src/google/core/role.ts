/** What somebody may do in a calendar, from the least to the most. */
export const ROLES = [
  'none',
  'freeBusyReader',
  'reader',
  'writerWithoutPrivateAccess',
  'writer',
  'owner',
] as const

export type Role = (typeof ROLES)[number]

/** Whether a role is as much as another one. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least)
}
