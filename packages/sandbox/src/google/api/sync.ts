import { openToken, sealToken } from '../core/opaque-token.ts'
import type { GoogleService } from '../core/service.ts'
import { CalendarFailure } from './failure.ts'

/** What changes and is synced: the events of a calendar, or an account's list of calendars. */
export interface Synced {
  readonly id: string
  readonly revision: number
  /** Sync tokens of another generation are no longer valid. */
  readonly generation: number
}

interface SyncToken {
  readonly kind: 'sync'
  readonly of: string
  readonly revision: number
  readonly generation: number
  readonly issuedAt: number
  /** What else the next list must have as this one had it. */
  readonly query: string
}

/** The token of the last page of a list: from `revision` on, for lists of the same `query`. */
export function sealSync(
  { state, now }: GoogleService,
  { id, generation }: Synced,
  revision: number,
  query: string,
): string {
  const token: SyncToken = { kind: 'sync', of: id, revision, generation, issuedAt: now(), query }
  return sealToken(state.tokenKey, token)
}

/** @throws CalendarFailure 410 for a token that is too old, of another list, or altered */
export function openSync(
  { state, now, syncTokenLifetimeSeconds }: GoogleService,
  { id, generation }: Synced,
  text: string,
): SyncToken {
  const token = openToken(state.tokenKey, text) as SyncToken | undefined
  const oldest = now() - syncTokenLifetimeSeconds * 1000
  const valid =
    token?.kind === 'sync' &&
    token.of === id &&
    token.generation === generation &&
    token.issuedAt >= oldest
  if (valid) return token
  throw new CalendarFailure(
    410,
    'fullSyncRequired',
    'Sync token is no longer valid, a full sync is required.',
    { location: 'syncToken', locationType: 'parameter' },
  )
}
