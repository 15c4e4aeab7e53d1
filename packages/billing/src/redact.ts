/**
 * Stripe's secrets: keys (`sk_live_…`, `rk_test_…`), webhook secrets and client secrets. Stripe's
 * message about a wrong key shows its beginning and its end (`sk_test_****1234`).
 */
const KEY = /\b(sk|rk|pk|whsec|ek)_[\w*]+|\b((?:pi|seti|cs|src)_\w+_secret)_\w+/g

/** Text that may be shown: without keys. */
export function redactKeys(text: string): string {
  return text.replace(KEY, (_, kind?: string, secret?: string) => `${kind ?? secret}_[redacted]`)
}
