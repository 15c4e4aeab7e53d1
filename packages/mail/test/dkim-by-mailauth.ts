import type { KeyObject } from 'node:crypto'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'

/**
 * Verifies the signatures of a message by mailauth, which receiving servers use.
 *
 * @returns the domain of each signature that holds
 */
export async function domainsByMailauth(raw: Buffer, key: KeyObject): Promise<string[]> {
  const record = `v=DKIM1; k=rsa; p=${key.export({ type: 'spki', format: 'der' }).toString('base64')}`
  const { results } = await dkimVerify(raw, {
    // The keys of these tests are short, so that they are made soon.
    minBitLength: 1_024,
    resolver: () => Promise.resolve([[record]]),
  })
  return results.flatMap(({ status, signingDomain }) =>
    status.result === 'pass' && signingDomain !== undefined ? [signingDomain] : [],
  )
}
