import { createPrivateKey, type KeyObject } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { expectOptions, expectText } from '@yuzuru/concurrency/boundary'
import DKIM from 'nodemailer/lib/dkim'

/** A key that messages are signed with (RFC 6376, rsa-sha256, relaxed/relaxed). */
export interface DkimKey {
  /** Whose signature it is: `'example.jp'`. */
  readonly domain: string
  /** Where the public key is: `SELECTOR._domainkey.DOMAIN` in DNS. */
  readonly selector: string
  /** An RSA key in PEM, of 1,024 bits or more. */
  readonly privateKey: string
}

/** What is signed, if it is there. RFC 8058 wants List-Unsubscribe-Post to be among it. */
const FIELDS =
  'From:Sender:Reply-To:To:Cc:Subject:Date:Message-ID:In-Reply-To:References:MIME-Version:Content-Type:' +
  'Content-Transfer-Encoding:Auto-Submitted:List-Id:List-Help:List-Unsubscribe:List-Unsubscribe-Post:' +
  'List-Subscribe:List-Post:List-Owner:List-Archive'

const NAME = /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i
const LEAST_BITS = 1_024

/** Signs a message; several keys make several signatures. */
export type Sign = (message: Buffer) => Promise<Buffer>

/**
 * Makes what signs messages. A key that does not work is found here: with one, nodemailer would send
 * without a signature and say nothing.
 *
 * @throws {TypeError} unless each key is complete and of RSA
 */
export function signing(given: DkimKey | readonly DkimKey[]): Sign {
  const list: readonly DkimKey[] = Array.isArray(given) ? given : [given]
  if (list.length === 0) throw new TypeError('Expected at least one key of dkim, got none')
  const keys = list.map((key) => checkedKey(key))
  return async (message) => {
    const dkim = new DKIM({ keys, headerFieldNames: FIELDS })
    return await buffer(dkim.sign(message))
  }
}

interface NativeKey {
  readonly domainName: string
  readonly keySelector: string
  readonly privateKey: string
}

function checkedKey(key: DkimKey): NativeKey {
  expectOptions(key, ['domain', 'selector', 'privateKey'], 'createMail.dkim')
  const { domain, selector, privateKey } = key
  for (const [name, value] of Object.entries({ domain, selector })) {
    expectText(`dkim.${name}`, value)
    if (!NAME.test(value))
      throw new TypeError(`Expected dkim.${name} to be a name in DNS, got another string`)
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = keyOf(privateKey)
  if (type !== 'rsa' || (details?.modulusLength ?? 0) < LEAST_BITS) {
    throw new TypeError(
      `Expected dkim.privateKey to be an RSA key of ${LEAST_BITS} bits or more, got another`,
    )
  }
  return { domainName: domain, keySelector: selector, privateKey }
}

function keyOf(privateKey: string): KeyObject {
  expectText('dkim.privateKey', privateKey)
  try {
    return createPrivateKey(privateKey)
  } catch {
    // The reason may show the key.
    throw new TypeError('Expected dkim.privateKey to be a private key in PEM, got something else')
  }
}
