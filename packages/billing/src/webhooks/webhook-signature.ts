import { createHmac, timingSafeEqual } from 'node:crypto'

/** Why the signature was rejected; says nothing of the secret. */
export type SignatureFault = 'malformed' | 'mismatched' | 'too old'

interface SignatureHeader {
  readonly timestamp: string
  readonly signatures: readonly Buffer[]
}

/**
 * Checks a `Stripe-Signature`: an HMAC-SHA256 of `<timestamp>.<body>` under one of `secrets`, of which
 * there are two while one is rolled. Compared in constant time.
 * Source: https://docs.stripe.com/webhooks#verify-manually
 *
 * @param toleranceMs how far the timestamp may be from `now`, either way
 */
export function signatureFault(
  body: Uint8Array,
  header: unknown,
  secrets: readonly string[],
  { now, toleranceMs }: { readonly now: number; readonly toleranceMs: number },
): SignatureFault | undefined {
  const parsed = parseHeader(header)
  if (parsed === undefined) return 'malformed'
  let matches = false
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret)
      .update(`${parsed.timestamp}.`)
      .update(body)
      .digest()
    for (const signature of parsed.signatures) {
      if (timingSafeEqual(expected, signature)) matches = true
    }
  }
  if (!matches) return 'mismatched'
  // Only a time that is signed means anything, so it is looked at last.
  return Math.abs(now - Number(parsed.timestamp) * 1_000) > toleranceMs ? 'too old' : undefined
}

/** More than Stripe ever sends: a bound for what strangers may make us compute. */
const MAX_SIGNATURES = 16

/** `t=…,v1=…`, `v1` once or more; other schemes (`v0`) are not looked at. */
function parseHeader(header: unknown): SignatureHeader | undefined {
  if (typeof header !== 'string') return undefined
  const fields = header.split(',').map((field) => field.trim())
  const timestamps = fields.filter((field) => field.startsWith('t=')).map((field) => field.slice(2))
  const values = fields.filter((field) => field.startsWith('v1=')).map((field) => field.slice(3))
  const [timestamp = ''] = timestamps
  if (timestamps.length !== 1 || !/^\d{1,12}$/.test(timestamp)) return undefined
  if (values.length === 0 || values.length > MAX_SIGNATURES) return undefined
  const signatures = values.filter((value) => /^[0-9a-f]{64}$/.test(value))
  return { timestamp, signatures: signatures.map((value) => Buffer.from(value, 'hex')) }
}
