import { AbortedTransactionError } from 'kysely'

/** What has Kysely keep a transaction open, as it looks at an error before it rolls back; each with its name. */
export const UNROLLED: readonly [string, () => unknown][] = [
  ['that another transaction was rolled back', () => new AbortedTransactionError()],
  [
    'what no one can look at',
    () => {
      const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
      revoke()
      return proxy
    },
  ],
]
