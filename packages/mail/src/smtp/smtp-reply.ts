import { Redaction, SecretSpellings } from '@yuzuru/concurrency/boundary'
import { type SmtpAuth, xoauth2 } from './smtp-auth.ts'

/** How much of a reply is read: a secret that begins in what is shown is seen whole. */
const READ_LENGTH = 16_384
/** The most that is shown of one, in characters. RFC 5321, 4.5.3.1.5, has up to 512 octets a line. */
const MAX_SHOWN = 2_048

/** How many access tokens are known, each in two spellings. */
const MOST_TOKENS = 16

/** One line of a reply (RFC 5321, 4.2): three digits, and a blank or `-` before what it says. */
const LINE = /^([2-5]\d\d)(?:[ -]|$)/

/**
 * The code of a reply; `undefined` when its lines have different ones or none, so that nobody can say
 * what it means.
 */
export function codeOf(reply: string): number | undefined {
  const codes = new Set(
    reply
      .trimEnd()
      .split('\n')
      .map((line) => LINE.exec(line)?.[1]),
  )
  const [code] = codes
  return codes.size === 1 && code !== undefined ? Number(code) : undefined
}

/** RFC 2034, 4: `550 5.1.1 …`. */
export function enhancedCodeOf(reply: string): string | undefined {
  return /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(reply)?.[1]
}

/**
 * Whether the server ends the session with it: 421 (RFC 5321, 3.8), or X.4.2, "bad connection" (RFC 3463,
 * 3.5), by which SES ends an idle one: `451 4.4.2 Timeout waiting for data from client`.
 */
export function isFarewell(reply: string): boolean {
  return reply.startsWith('421') || enhancedCodeOf(reply) === '4.4.2'
}

/**
 * Whether it ends the session for the server's own sake: it shuts down, or has waited for too long. That may be said at
 * any time, so it answers nothing. A farewell for another reason (X.7.0, a policy; X.2.1, a mailbox) is an answer.
 */
export function isBareFarewell(reply: string): boolean {
  const enhanced = enhancedCodeOf(reply)
  return isFarewell(reply) && (enhanced === undefined || /^[45]\.[034]\./.test(enhanced))
}

/** What may be shown of a server's replies: it knows the password, and may say it. */
export class ReplyRedaction {
  readonly #auth: SmtpAuth | undefined
  #tokens: readonly string[] = []
  #redaction: Redaction

  constructor(auth: SmtpAuth | undefined) {
    this.#auth = auth
    this.#redaction = this.#made()
  }

  /** An access token that is sent from now on; the oldest of many is forgotten. */
  hide(user: string, token: string): void {
    if (this.#tokens.includes(token)) return
    this.#tokens = [...this.#tokens, xoauth2(user, token), token].slice(-MOST_TOKENS)
    this.#redaction = this.#made()
  }

  #made(): Redaction {
    const secrets = new SecretSpellings()
    if (this.#auth?.password !== undefined) {
      const { user, password } = this.#auth
      for (const text of [password, `\0${user}\0${password}`]) {
        secrets.add(text, true)
        secrets.add(Buffer.from(text).toString('base64'), true)
      }
    }
    for (const token of this.#tokens) secrets.add(token, true)
    return new Redaction(secrets)
  }

  /** A reply without secrets, and not longer than can be read. */
  shown(reply: string): string {
    const isCut = reply.length > READ_LENGTH
    return this.#redaction.text(reply.slice(0, READ_LENGTH), isCut).slice(0, MAX_SHOWN)
  }
}
