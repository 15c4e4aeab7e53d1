import { describe, expect, test } from 'vitest'
import { connectionReason, isCertificateReason, isTlsReason } from './connection-fault.ts'

describe('what became of a connection', () => {
  test.each([
    [{ code: 'ESOCKET', originalCode: 'ECONNREFUSED' }, 'ECONNREFUSED', false, false],
    [{ code: 'ESOCKET', originalCode: 'ECONNRESET' }, 'ECONNRESET', false, false],
    [{ code: 'EDNS', originalCode: 'ENOTFOUND' }, 'ENOTFOUND', false, false],
    [{ code: 'ETIMEDOUT', timeoutType: 'GREETING_TIMEOUT' }, 'GREETING_TIMEOUT', false, false],
    [{ code: 'ESOCKET', originalCode: 'EPROTO' }, 'EPROTO', true, false],
    [{ code: 'ESOCKET', originalCode: 'ERR_SSL_WRONG_VERSION_NUMBER' }, undefined, true, false],
    [{ code: 'ESOCKET', originalCode: 'ERR_TLS_CERT_ALTNAME_INVALID' }, undefined, true, true],
    [{ code: 'ECONNECTION' }, null, false, false],
    [{ code: 'ESOCKET', originalCode: 'no word' }, null, false, false],
    [{ code: 7 }, null, false, false],
    [{}, null, false, false],
  ])('%o is %s, of TLS: %s, of a certificate: %s', (native, word, tls, certificate) => {
    const reason = connectionReason(native)
    expect(reason).toBe(word === null ? undefined : (word ?? native.originalCode))
    expect(isTlsReason(reason)).toBe(tls)
    expect(isCertificateReason(reason)).toBe(certificate)
  })

  // https://nodejs.org/api/tls.html#x509-certificate-error-codes
  test.each(
    `UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_CRL UNABLE_TO_DECRYPT_CERT_SIGNATURE
    UNABLE_TO_DECRYPT_CRL_SIGNATURE UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY CERT_SIGNATURE_FAILURE
    CRL_SIGNATURE_FAILURE CERT_NOT_YET_VALID CERT_HAS_EXPIRED CRL_NOT_YET_VALID CRL_HAS_EXPIRED
    ERROR_IN_CERT_NOT_BEFORE_FIELD ERROR_IN_CERT_NOT_AFTER_FIELD ERROR_IN_CRL_LAST_UPDATE_FIELD
    ERROR_IN_CRL_NEXT_UPDATE_FIELD DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE CERT_CHAIN_TOO_LONG
    CERT_REVOKED INVALID_CA PATH_LENGTH_EXCEEDED INVALID_PURPOSE CERT_UNTRUSTED CERT_REJECTED
    HOSTNAME_MISMATCH`.split(/\s+/),
  )('%s is a certificate that was refused', (reason) => {
    expect(isCertificateReason(reason)).toBe(true)
    expect(isTlsReason(reason)).toBe(true)
  })
})
