import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import * as fc from 'fast-check'
import { startSmtp } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { anyMessage } from '../../test/any-message.ts'
import { domainsByMailauth } from '../../test/dkim-by-mailauth.ts'
import { verifiedDomains } from '../../test/dkim-verifier.ts'
import { connect, letter } from '../../test/local-mail.ts'
import { createFakeMail } from '../testing/fake-mail.ts'

/** Two thousand were tried. */
const RUNS = Number(process.env['YUZURU_RUNS'] ?? 100)

const pem = (key: { export(options: object): unknown }): string =>
  String(key.export({ type: 'pkcs8', format: 'pem' }))
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 })
const key = { domain: 'example.jp', selector: 'mail', privateKey: pem(privateKey) }
const publicKey = createPublicKey(privateKey)

/** Whose signatures hold, by two verifiers that know nothing of each other. */
async function signers(raw: Uint8Array): Promise<string[]> {
  const bytes = Buffer.from(raw)
  const domains = verifiedDomains(bytes, () => publicKey).toSorted()
  expect((await domainsByMailauth(bytes, publicKey)).toSorted()).toEqual(domains)
  return domains
}

describe('a signature', () => {
  test('holds for what arrived, whatever is in the message', async () => {
    await using server = await startSmtp()
    await using mail = connect(server, { dkim: [key, { ...key, domain: 'example.com' }] })
    const hard = { text: 'a\rb  \n\n.\n計画 \t\n\n', html: '<p>計画</p>\r<b>x</b>   \n' }
    const unsubscribe = {
      url: `https://example.jp/off/${'a'.repeat(300)}`,
      mailto: 'off@example.jp',
    }
    await mail.send(letter)
    await mail.send({ ...letter, subject: 'x'.repeat(1_500) })
    await mail.send({ ...letter, ...hard, unsubscribe, headers: { 'X-Plan': '計 画' } })
    await mail.client.sendMail({ from: 'no-reply@example.jp', ...letter, ...hard })
    for (const { raw } of server.inbox.messages) {
      expect(await signers(raw)).toEqual(['example.com', 'example.jp'])
    }
    expect(server.inbox.messages).toHaveLength(4)
    const signed = Buffer.from(server.inbox.messages[2]?.raw ?? '').toString()
    expect(signed.replaceAll(/\r\n\s+/g, '').toLowerCase()).toContain('list-unsubscribe-post')
    const broken = Buffer.from(signed.replace('Message-ID: <', 'Message-ID: <x'))
    expect(await signers(broken)).toEqual([])
  })

  test('holds for every message, by two independent verifiers', async () => {
    await using server = await startSmtp()
    await using mail = connect(server, { dkim: key })
    const samples = fc.sample(anyMessage, { numRuns: RUNS, seed: 6376 })
    const messages = samples.map(({ name, files, ...rest }) => {
      const to = { name, address: 'hanako@example.jp' }
      return Object.assign(rest, { to, attachments: files })
    })
    for await (const { status } of mail.sendMany(messages)) expect(status).toBe('fulfilled')
    expect(server.inbox.messages).toHaveLength(RUNS)
    for (const { raw } of server.inbox.messages) {
      expect(await signers(raw)).toEqual(['example.jp'])
    }
  })

  test('holds for what the fake took, too', async () => {
    await using mail = createFakeMail({ from: 'no-reply@example.jp', dkim: key })
    await mail.send({ ...letter, html: '<p>計画</p>\r<b>x</b>   \n' })
    await mail.send({ ...letter, attachments: [{ filename: 'a.bin', content: 'x' }] })
    await mail.client.sendMail({ from: 'no-reply@example.jp', ...letter })
    expect(mail.sent).toHaveLength(3)
    for (const { raw } of mail.sent) expect(await signers(raw)).toEqual(['example.jp'])
  })

  test('is the same for the same message, with the same key', async () => {
    await using server = await startSmtp()
    await using mail = connect(server, { dkim: key })
    for (let count = 0; count < 2; count += 1)
      await mail.send({ ...letter, idempotencyKey: 'plan-7' })
    const [first, second] = server.inbox.messages
    expect(Buffer.from(first?.raw ?? '').equals(Buffer.from(second?.raw ?? ''))).toBe(true)
  })

  test.each<[string, object]>([
    ['no key', { privateKey: '' }],
    ['half a key', { privateKey: key.privateKey.slice(0, 300) }],
    ['a key of a curve', { privateKey: pem(generateKeyPairSync('ed25519').privateKey) }],
    ['a selector of two lines', { selector: 'a\r\nb' }],
    ['a domain with a semicolon', { domain: 'example.jp; x' }],
  ])('is not left out in silence: %s is refused', (_what, change) => {
    const make = (): unknown => connect({ port: 1 }, { dkim: { ...key, ...change } })
    expect(make).toThrow(TypeError)
    expect(make).not.toThrow(/BEGIN/)
  })
})
