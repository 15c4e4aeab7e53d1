import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signingKey } from './signing-key.ts'

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' }

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

describe('a signing key', () => {
  test('signs as four HMACs and a fifth would, texts of any length and language', () => {
    const signer = signingKey(credentials, '20260401', 'eu-west-1')
    const dated = hmac(hmac('AWS4secret', '20260401'), 'eu-west-1')
    const key = hmac(hmac(dated, 's3'), 'aws4_request')
    for (const text of ['', 'a', 'é支🌸', 'x'.repeat(170), '支'.repeat(170), 'x'.repeat(10_000)]) {
      expect(signer.sign(text)).toBe(hmac(key, text).toString('hex'))
    }
    expect(signer.credential).toBe('AKID/20260401/eu-west-1/s3/aws4_request')
  })

  test('is kept for its day, region and secret alone', () => {
    const held = { ...credentials }
    const first = signingKey(held, '20260401', 'eu-west-1')
    expect(signingKey(held, '20260401', 'eu-west-1')).toBe(first)
    const others = [
      signingKey(held, '20260402', 'eu-west-1'),
      signingKey(held, '20260401', 'eu-west-2'),
      signingKey({ ...held, secretAccessKey: 'other' }, '20260401', 'eu-west-1'),
    ]
    held.secretAccessKey = 'changed'
    others.push(signingKey(held, '20260401', 'eu-west-1'))
    expect(new Set([first, ...others].map((key) => key.sign('text'))).size).toBe(5)
  })
})
