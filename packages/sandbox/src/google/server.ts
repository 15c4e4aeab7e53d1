import { join } from 'node:path'

import { expectOptions } from '@yuzuru/concurrency/boundary'
import { startEmulatedService } from '../emulated-service.ts'
import { startInFolder } from '../start-in-folder.ts'
import { doInScope, startServer, waitInScope } from '../in-scope.ts'
import type { JsonObject } from '../json.ts'
import { RequestLog, type RequestRecord } from '../request-log.ts'
import { addSecondary, calendarOf, listOf } from './api/access.ts'
import { Quotas } from './api/quotas.ts'
import { type GoogleTrouble, Troubles } from './api/troubles.ts'
import { renderEvent } from './events/render.ts'
import { Notifier } from './channels/notifier.ts'
import { defineGoogle, savePath } from './definition.ts'
import { checkGoogleOptions, GOOGLE_OPTIONS, type GoogleOptions } from './google-options.ts'
import { allowConsent, type Allowed } from './oauth/allow-consent.ts'
import { isMailScope } from './oauth/known-scopes.ts'
import { newCode, redeemCode, revokeGrant } from './oauth/grants.ts'
import type { GoogleService } from './core/service.ts'
import type { GoogleGrant, SentMail } from './core/state.ts'

/** Who consents to what. */
export interface Consent {
  readonly email: string
  readonly scopes: readonly string[]
}

const CONSENT = ['email', 'scopes', 'redirectUri']

/** Where Google is, as `@yuzuru/calendar` names it. */
export interface GoogleEndpoints {
  readonly authUrl: string
  readonly tokenUrl: string
  readonly revokeUrl: string
  readonly apiRoot: string
}

/** A running Google on 127.0.0.1. */
export interface GoogleServer extends AsyncDisposable {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly authUrl: string
  readonly tokenUrl: string
  readonly revokeUrl: string
  readonly tokenInfoUrl: string
  /** The keys of id tokens. */
  readonly certsUrl: string
  /** What `@googleapis/calendar` takes as `rootUrl`. */
  readonly calendarUrl: string
  /** Takes several calls in one `multipart/mixed` request. */
  readonly batchUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** What `createCalendar` of `@yuzuru/calendar` takes as `endpoints`. */
  readonly endpoints: GoogleEndpoints
  /**
   * The person opens the address that an app sends them to and presses "allow": what comes back to the app.
   * Exchange it with what the address was made with, such as its PKCE verifier.
   *
   * @param url of the consent page: what `authorizeUrl` of `@yuzuru/calendar` gives
   * @param email the person's account, which need not be known before
   * @param scopes what of it the person allows. @default all that is asked for
   * @throws {TypeError} when the page would refuse the address, with its reason
   * @example
   * const url = await calendar.authorizeUrl({ reference: 'staff-1' })
   * const { state, code } = await sandbox.google.allow(url, 'hana@example.com')
   * await calendar.exchange({ reference: 'staff-1', state, code })
   */
  allow(url: string, email: string, scopes?: readonly string[]): Promise<Allowed>
  /** An authorization code, as if the person had pressed "allow"; offline access included. */
  issueCode(consent: Consent & { readonly redirectUri: string }): Promise<string>
  /** Tokens without the dance. */
  issueTokens(consent: Consent): Promise<{ accessToken: string; refreshToken: string }>
  grants(): readonly GoogleGrant[]
  /** What the person does under "third-party access": every token of the account stops working. */
  revokeAccess(email: string): Promise<void>
  /**
   * The person changes the password: refresh tokens with a scope of the mail stop working, and others do not.
   * Source: https://developers.google.com/identity/protocols/oauth2#expiration
   */
  changePassword(email: string): Promise<void>
  /** Makes all access tokens expire now. */
  expireAccessTokens(): Promise<void>
  /** Makes the account's sync tokens invalid: the next incremental list answers 410. */
  invalidateSyncTokens(email: string): Promise<void>
  /** A calendar that a person makes besides the primary one: its id. */
  addCalendar(email: string, summary: string): Promise<string>
  /**
   * The events of an account's primary calendar, or of another one by its id; deleted ones too (as
   * `status: 'cancelled'`).
   */
  events(calendarId: string): readonly JsonObject[]
  /** The mails about events that Google would have sent, by `sendUpdates`, in their order. */
  mails(): readonly SentMail[]
  /** The next `times` notifications of changes are not sent, as happens at Google. @default 1 */
  loseNotifications(times?: number): void
  /** Waits until all notifications that were sent have been answered. */
  notified(): Promise<void>
  /** What goes wrong on purpose, in place of what was set before. */
  setTroubles(...troubles: readonly GoogleTrouble[]): void
  requests(): readonly RequestRecord[]
  requestCount(method: string, path: string): number
  close(): Promise<void>
}

/**
 * Starts Google's OAuth endpoints and Calendar v3 on 127.0.0.1.
 *
 * @example
 * await using server = await startGoogle()
 * const client = new calendar_v3.Calendar({ auth, rootUrl: server.calendarUrl })
 */
export async function startGoogle(options: GoogleOptions = {}): Promise<GoogleServer> {
  expectOptions(options, GOOGLE_OPTIONS, 'startGoogle')
  checkGoogleOptions(options)
  return await startServer('startGoogle', () => startInFolder(options.dir, () => start(options)))
}

async function start(options: GoogleOptions): Promise<GoogleServer> {
  const {
    clientId = 'sandbox.apps.googleusercontent.com',
    clientSecret = 'GOCSPX-sandbox-yuzuru',
    redirectUris,
    accessTokenLifetimeSeconds = 3600,
    syncTokenLifetimeSeconds = 28 * 86_400,
    rotateRefreshTokens = false,
    timeZone = 'Asia/Tokyo',
    now = Date.now,
  } = options
  const log = new RequestLog()
  const troubles = new Troubles()
  const quotas = new Quotas(options.quotas ?? {}, now)
  const live: { service?: GoogleService; notifier?: Notifier } = {}
  const { url, port, runtime } = await startEmulatedService({
    port: options.port,
    file: options.dir === undefined ? undefined : join(options.dir, 'google.json'),
    define: (url) =>
      defineGoogle({
        log,
        troubles,
        quotas,
        serviceOf: (state) =>
          (live.service = {
            state,
            url,
            notifier: (live.notifier = new Notifier(url)),
            clientId,
            clientSecret,
            redirectUris,
            accessTokenLifetimeSeconds,
            syncTokenLifetimeSeconds,
            rotateEvery: Number(rotateRefreshTokens),
            timeZone,
            now,
          }),
      }),
  })
  const { service, notifier } = live
  if (!service || !notifier)
    throw new Error('Expected the emulator to set its service up before it listens')
  const { state } = service
  const save = async (): Promise<void> => void (await runtime.request(savePath))
  const codeFor = (consent: Consent, redirectUri: string): string =>
    newCode(service, {
      email: consent.email,
      scopes: [...consent.scopes],
      redirectUri,
      challenge: null,
      offline: true,
      consent: true,
      incremental: false,
      nonce: null,
    })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= notifier.close().then(() => runtime.close()))
  const authUrl = `${url}/o/oauth2/v2/auth`
  const tokenUrl = `${url}/token`
  const revokeUrl = `${url}/revoke`
  return {
    url,
    host: '127.0.0.1',
    port,
    authUrl,
    tokenUrl,
    revokeUrl,
    endpoints: { authUrl, tokenUrl, revokeUrl, apiRoot: `${url}/` },
    tokenInfoUrl: `${url}/tokeninfo`,
    certsUrl: `${url}/oauth2/v3/certs`,
    calendarUrl: `${url}/`,
    batchUrl: `${url}/batch/calendar/v3`,
    clientId,
    clientSecret,
    allow: (address, email, scopes) =>
      doInScope('allow', async () => {
        const allowed = await allowConsent(service, authUrl, { address, email, scopes })
        await save()
        return allowed
      }),
    async issueCode(consent) {
      expectOptions(consent, CONSENT, 'issueCode')
      return await doInScope('issueCode', async () => {
        const code = codeFor(consent, consent.redirectUri)
        await save()
        return code
      })
    },
    async issueTokens(consent) {
      // One consent serves both: here its redirectUri has no part.
      expectOptions(consent, CONSENT, 'issueTokens')
      return await doInScope('issueTokens', async () => {
        const { accessToken, refreshToken } = redeemCode(
          service,
          codeFor(consent, url),
          url,
          undefined,
        )
        await save()
        return { accessToken, refreshToken: refreshToken ?? '' }
      })
    },
    grants: () => structuredClone(Object.values(state.grants)),
    revokeAccess: (email) =>
      doInScope('revokeAccess', async () => {
        for (const grant of Object.values(state.grants)) {
          if (grant.email === email) revokeGrant(service, grant.id)
        }
        await save()
      }),
    changePassword: (email) =>
      doInScope('changePassword', async () => {
        for (const grant of Object.values(state.grants)) {
          if (grant.email === email && grant.scopes.some((scope) => isMailScope(scope))) {
            revokeGrant(service, grant.id)
          }
        }
        await save()
      }),
    expireAccessTokens: () =>
      doInScope('expireAccessTokens', async () => {
        for (const token of Object.values(state.accessTokens)) token.expiresAt = 0
        await save()
      }),
    invalidateSyncTokens: (email) =>
      doInScope('invalidateSyncTokens', async () => {
        calendarOf(service, email)
        for (const calendar of Object.values(state.calendars)) {
          if (calendar.owner !== email) continue
          calendar.generation += 1
          calendar.acl.generation += 1
        }
        listOf(service, email).generation += 1
        await save()
      }),
    addCalendar: (email, summary) =>
      doInScope('addCalendar', async () => {
        const { id } = addSecondary(service, email, { summary, byClient: false })
        await save()
        return id
      }),
    events: (calendarId) => {
      const calendar = calendarOf(service, calendarId)
      return Object.values(calendar.events).map((event) => renderEvent(url, calendar, event))
    },
    mails: () => structuredClone(state.mails),
    loseNotifications: (times = 1) => notifier.lose(times),
    notified: () => waitInScope('google.notified', () => notifier.settled()),
    setTroubles: (...wanted) => troubles.set(wanted),
    requests: () => log.all(),
    requestCount: (method, path) => log.count(method, path),
    close,
    [Symbol.asyncDispose]: close,
  }
}
