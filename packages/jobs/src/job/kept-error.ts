import { describeValue, fieldOf, isOf, type Redaction } from '@yuzuru/concurrency/boundary'
import { redactionOf } from './payload-secrets.ts'

/** What is kept of an error of a job. */
export interface KeptError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly outcome?: string
}

/** What an attempt failed with. */
export interface AttemptError extends KeptError {
  /** 1 for the first; a number may come twice, where an attempt was given back or the job was retried. */
  readonly attempt: number
  /** When it was written down, by the database's clock. */
  readonly at: Date
}

/** The most that is kept of a message, in UTF-8 bytes. */
const MAX_MESSAGE_BYTES = 1_024

/** The most that is kept of a name, a code or an outcome, in UTF-8 bytes. */
const MAX_NAME_BYTES = 100

/** How much of a text is read: a secret that begins in what is kept is to be seen whole. */
const READ_LENGTH = 16_384

/**
 * What is kept of an error with its job: no stack, no cause, no payload, no secret. Never throws,
 * whatever was thrown: the fields of an error may be anything, getters that throw included.
 *
 * @param payload the job's, as JSON: what is in it under a secret's name is not kept, wherever it stands
 */
export function keptError(error: unknown, payload = ''): KeptError {
  const redaction = redactionOf(payload)
  const textOf = (source: Error, key: string, maxBytes = MAX_NAME_BYTES): string | undefined => {
    const value = fieldOf(source, key)
    if (typeof value !== 'string' && typeof value !== 'number') return undefined
    return kept(String(value), maxBytes, redaction)
  }
  if (!isOf(error, Error)) {
    const message = typeof error === 'string' ? error : describeValue(error)
    return { name: 'Error', message: kept(message, MAX_MESSAGE_BYTES, redaction) }
  }
  const code = textOf(error, 'code')
  const outcome = textOf(error, 'outcome')
  return {
    name: textOf(error, 'name') ?? 'Error',
    message: textOf(error, 'message', MAX_MESSAGE_BYTES) ?? '',
    ...(code === undefined ? {} : { code }),
    ...(outcome === undefined ? {} : { outcome }),
  }
}

/** A text without its secrets, cut to `maxBytes` without splitting a character. Redacted first, cut later. */
function kept(text: string, maxBytes: number, redaction: Redaction): string {
  // PostgreSQL stores neither NUL nor half a surrogate pair.
  const read = text.slice(0, READ_LENGTH).replaceAll('\0', '').toWellFormed()
  const { text: shown } = redaction.body(read, text.length > READ_LENGTH)
  const { read: fits } = new TextEncoder().encodeInto(shown, new Uint8Array(maxBytes))
  return shown.slice(0, fits)
}
