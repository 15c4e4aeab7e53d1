import { describe } from './json.ts'

/** What is kept of a job's last error. */
export interface KeptError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly outcome?: string
}

/** The most that is kept of a message, in UTF-8 bytes. */
const MAX_MESSAGE_BYTES = 1_024

/** What looks like a secret, and what stands in its place. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  // The password of a URL: `postgres://user:password@host`.
  [/\b([a-z][a-z\d+.-]*:\/\/[^\s/:@]*):[^\s@]*@/gi, '$1:***@'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***'],
  // Stripe's and others' keys: a known prefix and a long tail.
  [/\b((?:sk|rk|pk)_(?:live|test)|whsec|ya29|xox[abp]|gh[pousr])([_.-])[\w.-]{8,}/g, '$1$2***'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '***'],
  [
    /\b((?:[\w-]*(?:password|passwd|secret|token|api[_-]?key))|authorization|signature)(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi,
    '$1$2***',
  ],
]

/** Takes out of a text what looks like a secret, and cuts it to `maxBytes` without splitting a character. */
export function redact(text: string, maxBytes: number = MAX_MESSAGE_BYTES): string {
  // Cut generously first: the patterns need not run over a megabyte.
  let redacted = text.slice(0, maxBytes * 4)
  for (const [pattern, stand] of SECRETS) redacted = redacted.replace(pattern, stand)
  return cut(redacted.replaceAll('\0', '').toWellFormed(), maxBytes)
}

function cut(text: string, maxBytes: number): string {
  const bytes = new Uint8Array(maxBytes)
  const { read } = new TextEncoder().encodeInto(text, bytes)
  return text.slice(0, read)
}

/** What is kept of an error with its job: no stack, no cause, no payload, no secret. */
export function keptError(error: unknown): KeptError {
  if (!(error instanceof Error))
    return { name: 'Error', message: redact(typeof error === 'string' ? error : describe(error)) }
  const code = textOf(error, 'code')
  const outcome = textOf(error, 'outcome')
  return {
    name: redact(error.name, 100),
    message: redact(error.message),
    ...(code === undefined ? {} : { code }),
    ...(outcome === undefined ? {} : { outcome }),
  }
}

function textOf(error: Error, key: 'code' | 'outcome'): string | undefined {
  const value: unknown = Reflect.get(error, key)
  return typeof value === 'string' || typeof value === 'number'
    ? redact(String(value), 100)
    : undefined
}
