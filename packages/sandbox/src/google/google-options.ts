import type { GoogleQuotas } from './api/quotas.ts'

/** Options of {@link startGoogle}. */
export interface GoogleOptions {
  /** @default a free port */
  port?: number | undefined
  /** @default 'sandbox.apps.googleusercontent.com' */
  clientId?: string | undefined
  /** @default 'GOCSPX-sandbox-yuzuru' */
  clientSecret?: string | undefined
  /** The redirect URIs that are registered. @default any http(s) one */
  redirectUris?: readonly string[] | undefined
  /** @default 3600 */
  accessTokenLifetimeSeconds?: number | undefined
  /** How long a sync token stays valid. @default 28 days */
  syncTokenLifetimeSeconds?: number | undefined
  /** True: each refresh replaces the refresh token; a number n: every nth does. @default false */
  rotateRefreshTokens?: boolean | number | undefined
  /** Limits that are counted. @default none */
  quotas?: GoogleQuotas | undefined
  /** The calendars' time zone. @default 'Asia/Tokyo' */
  timeZone?: string | undefined
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined
  /** Where the state is kept between runs (`google.json`). @default nowhere */
  dir?: string | undefined
}

/** The names of {@link GoogleOptions}. */
export const GOOGLE_OPTIONS: readonly string[] = Object.keys({
  port: true,
  clientId: true,
  clientSecret: true,
  redirectUris: true,
  accessTokenLifetimeSeconds: true,
  syncTokenLifetimeSeconds: true,
  rotateRefreshTokens: true,
  quotas: true,
  timeZone: true,
  now: true,
  dir: true,
} satisfies Record<keyof GoogleOptions, true>)

/** Throws unless what the emulator itself does not check is in its range. */
export function checkGoogleOptions(options: GoogleOptions): void {
  const { rotateRefreshTokens: rotate = false } = options
  if (typeof rotate !== 'boolean' && !(Number.isSafeInteger(rotate) && rotate > 0)) {
    throw new TypeError(`Expected rotateRefreshTokens to be true, false or 1 and up, got ${rotate}`)
  }
  for (const name of ['accessTokenLifetimeSeconds', 'syncTokenLifetimeSeconds'] as const) {
    const value = options[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new TypeError(`Expected ${name} to be a whole number above 0, got ${value}`)
    }
  }
}
