import { cancelScope, withTimeout } from '@yuzuru/concurrency'
import { fieldOf, orAborted } from '@yuzuru/concurrency/boundary'
import { type SingleFlight, singleFlight } from '@yuzuru/concurrency/resilience'
import type { SMTPConnectionOptions } from 'nodemailer'
import { isRefusedLogin } from './native-fault.ts'
import { expectToken, type SmtpAuth, type TokenAuth, xoauth2 } from './smtp-auth.ts'
import { SmtpFault } from './smtp-fault.ts'
import type { ReplyRedaction } from './smtp-reply.ts'

/** How long an access token may take to come. */
const TOKEN_TIMEOUT_MS = 30_000

/** What one session logs in with, in nodemailer's terms. */
export interface NativeLogin {
  readonly method?: 'XOAUTH2'
  /** Without it nodemailer takes another method that the server offers, and sends the token as a password. */
  readonly oauth2?: never
  readonly credentials: { readonly user: string; readonly pass: string }
}

const BY_TOKEN = { method: 'XOAUTH2', oauth2: {} as never } as const

/** Knows what the sessions of a pool log in with. */
export class SmtpLogin {
  readonly #auth: SmtpAuth
  readonly #replies: ReplyRedaction
  /** One for all sessions that want one at the same time: a refresh token may be good for one refresh only. */
  readonly #ask: SingleFlight<[refused: string | undefined], string>

  constructor(auth: SmtpAuth, replies: ReplyRedaction) {
    this.#auth = auth
    this.#replies = replies
    this.#ask = singleFlight((refused) => tokenOf(auth as TokenAuth, refused), { name: 'token' })
  }

  /**
   * @param refused the login that the server did not take just now
   * @returns `undefined` when there is no other login to try
   * @throws {SmtpFault} when there is no access token
   */
  async #next(refused?: NativeLogin): Promise<NativeLogin | undefined> {
    const { user, password } = this.#auth
    if (password !== undefined) {
      return refused === undefined ? { credentials: { user, pass: password } } : undefined
    }
    const before = refused?.credentials.pass
    const token = await this.#ask(before)
    if (token === before) return undefined
    this.#replies.hide(user, token)
    return { ...BY_TOKEN, credentials: { user, pass: token } }
  }

  /**
   * Logs in, and once more with a new token when the one before was refused.
   *
   * @param login makes one try
   * @param over settles when the session has ended: nobody waits for a token then
   */
  async run(login: (native: NativeLogin) => Promise<unknown>, over: Promise<void>): Promise<void> {
    const first = await this.#nextUnless(over)
    if (first === undefined) return
    try {
      await login(first)
    } catch (error) {
      const second = isRefusedLogin(error) ? await this.#nextUnless(over, first) : undefined
      if (second === undefined) throw error
      await login(second)
    }
  }

  async #nextUnless(over: Promise<void>, refused?: NativeLogin): Promise<NativeLogin | undefined> {
    let isOver = false
    return await cancelScope(async (scope) => {
      void over.then(() => {
        isOver = true
        scope.cancel()
      })
      return await this.#next(refused)
    }).catch((error: unknown) => {
      if (isOver) return NOBODY
      throw error
    })
  }
}

/** A session that has ended knows why, and says so to whatever it is asked. */
const NOBODY: NativeLogin = { credentials: { user: '', pass: '' } }

async function tokenOf({ token }: TokenAuth, refused: string | undefined): Promise<string> {
  return await withTimeout(TOKEN_TIMEOUT_MS, async ({ signal }) => {
    try {
      const given: unknown = await orAborted(Promise.try(token, { signal, refused }), signal)
      expectToken(given)
      return given
    } catch (cause) {
      if (cause === signal.reason) throw cause
      throw noToken(cause)
    }
  }).catch((error: unknown) => {
    throw fieldOf(error, 'name') === 'TimeoutError' ? noToken(error) : error
  })
}

function noToken(cause: unknown): SmtpFault {
  return new SmtpFault('login', { reason: 'no_token', message: 'no access token', cause })
}

type CustomAuth = NonNullable<SMTPConnectionOptions['customAuth']>

/** nodemailer's own XOAUTH2 wants its own client for OAuth 2; this one sends the token that it is given. */
export const XOAUTH2: CustomAuth = {
  XOAUTH2: async (dialogue) => {
    const { user, pass } = dialogue.auth.credentials ?? { user: '', pass: '' }
    let reply = await dialogue.sendCommand(`AUTH XOAUTH2 ${xoauth2(user, pass)}`)
    // Google says why in a 334, and refuses once that is answered; Microsoft refuses at once.
    if (reply.status === 334) reply = await dialogue.sendCommand('')
    if (reply.status === undefined || reply.status < 200 || reply.status > 299) {
      throw new Error('Invalid login')
    }
  },
}
