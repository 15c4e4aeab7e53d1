import { expected, expectFunction, expectOptions, expectText } from '@yuzuru/concurrency/boundary'

/** A user and a password (AUTH PLAIN, LOGIN, CRAM-MD5). */
export interface PasswordAuth {
  readonly user: string
  readonly password: string
  readonly token?: undefined
}

/** How an access token is asked for. */
export interface TokenCall {
  /** Fires when nobody waits for the token any longer. */
  readonly signal: AbortSignal
  /** The token that the server did not take just now (535): a new one is wanted. */
  readonly refused?: string | undefined
}

/** OAuth 2 (AUTH XOAUTH2), as Google and Microsoft have it. */
export interface TokenAuth {
  readonly user: string
  /**
   * Gives an access token that is valid now. It is asked for each new connection, so it should keep one as long as
   * that is valid; and once more when the server refuses it (535), with `refused`. Calls at the same time are one.
   */
  readonly token: (call: TokenCall) => string | PromiseLike<string>
  readonly password?: undefined
}

/** How to log in. */
export type SmtpAuth = PasswordAuth | TokenAuth

/** @throws {TypeError} unless it is a user with a password or with a function that gives tokens */
export function expectAuth(auth: SmtpAuth): void {
  expectOptions(auth, ['user', 'password', 'token'], 'createMail.auth')
  const { user, password, token } = auth
  expectText('auth.user', user)
  // Control characters divide what XOAUTH2 sends.
  // eslint-disable-next-line no-control-regex
  if (token !== undefined && /[\0-\x1f\x7f]/.test(user)) {
    throw new TypeError('Expected auth.user to hold no control characters, got some')
  }
  if (token === undefined) expectText('auth.password', password)
  else if (password !== undefined) {
    throw new TypeError('Expected auth.password or auth.token, got both')
  } else expectFunction('auth.token', token)
}

/** What AUTH XOAUTH2 sends (Google: "The SASL XOAUTH2 Mechanism"). */
export function xoauth2(user: string, token: string): string {
  return Buffer.from(`user=${user}\u0001auth=Bearer ${token}\u0001\u0001`).toString('base64')
}

/** RFC 6750, 2.1. @throws {TypeError} unless it is a token, which the error does not show */
export function expectToken(token: unknown): asserts token is string {
  if (typeof token !== 'string') throw expected('auth.token to give a string', token)
  if (!/^[!-~]{1,8192}$/.test(token)) {
    throw new TypeError('Expected auth.token to give printable ASCII, got another string')
  }
}
