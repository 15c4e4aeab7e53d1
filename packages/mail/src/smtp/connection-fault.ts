/**
 * What became of a connection, in one word: that of the system (`'ECONNREFUSED'`), of OpenSSL
 * (`'CERT_HAS_EXPIRED'`, `'ERR_SSL_WRONG_VERSION_NUMBER'`), or of a limit (`'GREETING_TIMEOUT'`).
 * nodemailer puts a word of its own in its place and keeps the first one beside it.
 */
export function connectionReason(native: NativeFault): string | undefined {
  const words = [native.originalCode, native.timeoutType, native.code]
  return words.find((word): word is string => isWord(word) && !NODEMAILERS.has(word))
}

/** What nodemailer hangs on an error of its connection. */
export interface NativeFault {
  readonly code?: unknown
  readonly originalCode?: unknown
  readonly timeoutType?: unknown
}

/** Nodemailer's own words, which say where it was and not what happened. */
const NODEMAILERS: ReadonlySet<string> = new Set(
  'ECONNECTION ESOCKET EDNS ETLS EPROTOCOL EAUTH ENOAUTH EOAUTH2 EMESSAGE EENVELOPE ESTREAM'.split(
    ' ',
  ),
)

/** What certificates are refused with, during the handshake: OpenSSL's `X509_V_ERR_…`, and Node's own. */
const CERTIFICATE =
  /^(?:(?:CERT|CRL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERROR_IN|INVALID|PATH_LENGTH|HOSTNAME|(?:EE|CA)_KEY)_|ERR_TLS_CERT_)/

/** Whether the peer's certificate was refused, so that nothing can have been sent. */
export function isCertificateReason(reason: string | undefined): boolean {
  return reason !== undefined && CERTIFICATE.test(reason)
}

/** Whether TLS failed, which another try will not mend: a certificate, a version, a port without TLS. */
export function isTlsReason(reason: string | undefined): boolean {
  if (reason === undefined) return false
  return reason === 'EPROTO' || isCertificateReason(reason) || /^ERR_(?:TLS|SSL|OSSL)_/.test(reason)
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z][A-Z\d_]{1,80}$/.test(value)
}
