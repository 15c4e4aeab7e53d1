import { createSecureContext } from 'node:tls'
import { expectOptions } from '@yuzuru/concurrency/boundary'

/** How TLS is spoken with servers. */
export interface HttpTls {
  /** The authorities to trust, PEM, instead of those of Node. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined
  /** The client's own certificate, with its chain, PEM; `key` goes with it. */
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
  /** Of `key`. */
  readonly passphrase?: string | undefined
  /** The name that the server's certificate must be for. @default the host of the URL */
  readonly servername?: string | undefined
}

/** The options of `tls.connect` that a client adds. */
export type TlsSettings = Readonly<Record<string, unknown>>

const NAMES = ['ca', 'cert', 'key', 'passphrase', 'servername'] as const

/** Checks the options, and that keys and certificates can be read: not only when the first call is made. */
export function expectTls(tls: HttpTls | undefined): TlsSettings {
  if (tls === undefined) return {}
  expectOptions(tls, NAMES, 'createHttp.tls')
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError('Expected tls.cert and tls.key together, got one of them')
  }
  const settings = Object.fromEntries(
    NAMES.map((name) => [name, tls[name]]).filter(([, value]) => value !== undefined),
  )
  try {
    createSecureContext(settings)
  } catch (error) {
    // OpenSSL's own code says what is wrong; its message may quote what it was given.
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    throw new TypeError(`Expected tls to hold keys and certificates in PEM, got ${String(code)}`, {
      cause: error,
    })
  }
  return settings
}
