import type { GoogleState, StoredChannel } from './state.ts'

/** What the handlers work with. */
export interface GoogleService {
  readonly state: GoogleState
  readonly url: string
  /** Tells clients that a calendar has changed. */
  readonly notifier: { readonly send: (channel: StoredChannel, state: 'sync' | 'exists') => void }
  readonly clientId: string
  readonly clientSecret: string
  /** `redirect_uri`s that are registered, or undefined when any http(s) one is. */
  readonly redirectUris: readonly string[] | undefined
  readonly accessTokenLifetimeSeconds: number
  readonly syncTokenLifetimeSeconds: number
  /** Every nth refresh replaces the refresh token; 0 never does. */
  readonly rotateEvery: number
  /** Of calendars that are created here. */
  readonly timeZone: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}
