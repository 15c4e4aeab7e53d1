import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { Cancelled, cancelScope } from '@yuzuru/concurrency'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { digestOf } from '../store/checksum.ts'
import { createStorage } from '../create-storage.ts'
import { presignUrl } from './presign-url.ts'
import { startTestStore, type TestStore } from '../../test/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterAll(() => store[Symbol.asyncDispose]())

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'to/ken+==' }

/** Characters that signers get wrong, in an order that is always the same. */
const alphabet = Array.from('aZ0-_.~ /+%()!*\'"&=?#:;@$,<>[]{}|\\^`\u00e9支援書（）８🌸')

function generatedKey(seed: number): string {
  let state = seed * 2_654_435_761 + 1
  let key = 'k'
  for (let length = 1 + (seed % 20); length > 0; length -= 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    key += alphabet[state % alphabet.length]
  }
  return key
}

describe('presigned URLs', () => {
  test('have the same signature as those of the SDK, whatever the key', async () => {
    const now = Date.UTC(2026, 3, 1, 12, 30, 5)
    const client = new S3Client({ region: 'ap-northeast-1', credentials })
    for (let seed = 0; seed < 500; seed += 1) {
      const key = generatedKey(seed)
      const command = new GetObjectCommand({ Bucket: 'plans', Key: key })
      const options = { expiresIn: 600, signingDate: new Date(now) }
      const theirs = new URL(await getSignedUrl(client, command, options))
      const query: Record<string, string> = {}
      for (const [name, value] of theirs.searchParams) {
        if (!name.startsWith('X-Amz-')) query[name] = value
      }
      const base = 'https://plans.s3.ap-northeast-1.amazonaws.com'
      const request = { key, query, headers: {}, region: 'ap-northeast-1', credentials, now }
      const ours = presignUrl({ ...request, method: 'GET', base, expiresInSeconds: 600 })
      const { pathname, searchParams } = new URL(ours)
      expect(pathname).toBe(theirs.pathname)
      expect(searchParams.get('X-Amz-Signature')).toBe(theirs.searchParams.get('X-Amz-Signature'))
    }
    client.destroy()
  })

  test('read an object as it is asked for, under its Japanese name', async () => {
    const bucket = await store.bucket()
    await using storage = createStorage({ ...store.config, bucket })
    const key = 'plans/支援計画書 (7)+%.pdf'
    await storage.upload(key, 'PDF', { contentType: 'application/pdf' })
    const filename = '支援計画書（令和８年度）.pdf'
    const { url, headers, expiresAt } = await storage.presignGet(key, { filename })
    expect(headers).toEqual({})
    expect(Math.abs(expiresAt.getTime() - Date.now() - 3_600_000)).toBeLessThan(60_000)
    const response = await fetch(url)
    expect(await response.text()).toBe('PDF')
    expect(response.headers.get('content-disposition')).toMatch(
      /^inline; filename="_+\.pdf"; filename\*=UTF-8''%E6%94%AF%E6%8F%B4/,
    )
    const altered = await fetch(url.replace('inline', 'attachment'))
    expect([altered.status, (await altered.text()).includes('SignatureDoesNotMatch')]).toEqual([
      403,
      true,
    ])
  })

  test('write an object only with the type that was signed', async () => {
    const bucket = await store.bucket()
    await using storage = createStorage({ ...store.config, bucket })
    const options = { contentType: 'application/pdf', maxAgeSeconds: 60 }
    const { url, headers } = await storage.presignPut('key', options)
    expect(url).not.toContain('checksum')
    const wrong = { ...headers, 'content-type': 'text/html' }
    const refused = await fetch(url, { method: 'PUT', body: 'PDF', headers: wrong })
    expect(refused.status).toBe(403)
    const taken = await fetch(url, { method: 'PUT', body: 'PDF', headers })
    expect(taken.status).toBe(200)
    const info = await storage.head('key')
    expect([info.contentType, info.cacheControl]).toEqual(['application/pdf', 'max-age=60'])
  })

  test('end when they should', async () => {
    const bucket = await store.bucket()
    await using storage = createStorage({ ...store.config, bucket })
    await storage.upload('key', 'text')
    const { endpoint, region, credentials } = store.config
    const where = { base: `${endpoint}/${bucket}`, region, credentials, now: Date.now() - 11_000 }
    const request = { ...where, method: 'GET', key: 'key', query: {}, headers: {} } as const
    const expired = presignUrl({ ...request, expiresInSeconds: 10 })
    expect((await fetch(expired)).status).toBe(403)
    const alive = presignUrl({ ...request, expiresInSeconds: 600 })
    expect((await fetch(alive)).status).toBe(200)
  })

  test('say when the credentials end before them', async () => {
    const expiration = new Date(Date.now() + 120_000)
    const source = async () => ({ ...credentials, expiration })
    await using storage = createStorage({ bucket: 'plans', credentials: source })
    const { url, expiresAt } = await storage.presignGet('key')
    expect(expiresAt).toEqual(expiration)
    expect(new URL(url).searchParams.get('X-Amz-Security-Token')).toBe('to/ken+==')
    expect(url).toMatch(/^https:\/\/plans\.s3\.us-east-1\.amazonaws\.com\/key\?/)
  })

  test('are signed at once when there is nothing to get, but not for who was cancelled', async () => {
    let asked = 0
    const source = async () => {
      asked += 1
      return credentials
    }
    const storage = createStorage({ bucket: 'plans', credentials: source })
    const first = await storage.presignGet('key')
    const page = Array.from({ length: 1_000 }, () => storage.presignGet('key'))
    const urls = await Promise.all(page)
    expect(urls.every(({ url }) => url.startsWith(first.url.split('?')[0] ?? ''))).toBe(true)
    expect(asked).toBe(1)
    const signal = AbortSignal.abort()
    await expect(storage.presignGet('key', { signal })).rejects.toThrow(Cancelled)
    await cancelScope(async (scope) => {
      scope.cancel()
      await expect(storage.presignGet('key')).rejects.toThrow(Cancelled)
    })
    await storage.close()
    await expect(storage.presignGet('key')).rejects.toMatchObject({ code: 'closed' })
  })

  test('warn once that the credentials end before them', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const expiration = new Date(Date.now() + 120_000)
    const source = async () => ({ ...credentials, expiration })
    await using storage = createStorage({ bucket: 'plans', credentials: source })
    await storage.presignGet('key', { expiresInSeconds: 60 })
    expect(warn).not.toHaveBeenCalled()
    await storage.presignGet('key')
    await storage.presignPut('key')
    await storage.presignPost('key', { maxBytes: 1 })
    expect(warn).toHaveBeenCalledTimes(1)
    const [told, options] = warn.mock.calls[0] ?? []
    expect(told).toMatch(
      /was to hold for 3600 s, but ends with the credentials in 1\d\d s; ask for less/,
    )
    expect(told).not.toContain('secret')
    expect(options).toEqual({ code: 'YUZURU_STORAGE_URL_ENDS_EARLY' })
  })

  test('hold the body to its checksum, by any algorithm', async () => {
    const bucket = await store.bucket()
    await using storage = createStorage({ ...store.config, bucket })
    for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256', 'MD5'] as const) {
      const value = (await digestOf(algorithm, Buffer.from('PDF'))).toString('base64')
      const { url, headers } = await storage.presignPut('key', { checksum: { algorithm, value } })
      const send = async (body: string, more: Record<string, string>): Promise<number> =>
        (await fetch(url, { method: 'PUT', body, headers: more })).status
      expect(await send('FDP', headers)).toBe(400)
      expect(await send('PDF', {})).toBe(403)
      expect(await send('PDF', headers)).toBe(200)
    }
    const wrong = [
      { algorithm: 'CRC32', value: 'AAAA' },
      { algorithm: 'CRC32', value: 'AAAAAA' },
      { algorithm: 'SHA1', value: 'AAAAAA==' },
      'AAAAAA==',
    ] as never[]
    for (const checksum of wrong) {
      await expect(storage.presignPut('key', { checksum })).rejects.toThrow(TypeError)
    }
  })

  test('are refused for a time that is none', async () => {
    await using storage = createStorage({ bucket: 'plans', credentials })
    for (const expiresInSeconds of [0, -5, Number.NaN, 1.5, 604_801, Infinity, '60' as never]) {
      await expect(storage.presignGet('key', { expiresInSeconds })).rejects.toThrow(TypeError)
      await expect(storage.presignPut('key', { expiresInSeconds })).rejects.toThrow(TypeError)
      const post = storage.presignPost('key', { expiresInSeconds, maxBytes: 1 })
      await expect(post).rejects.toThrow(TypeError)
    }
    await expect(storage.presignGet('key', { expiresInSeconds: 604_800 })).resolves.toBeDefined()
    const contentType = 'text/plain\r\nx: y'
    await expect(storage.presignPut('key', { contentType })).rejects.toThrow(TypeError)
  })
})

describe('a presigned form', () => {
  test('goes to the place and has the credential that the SDK would give it', async () => {
    const options = { region: 'ap-northeast-1', credentials }
    await using storage = createStorage({ bucket: 'plans', ...options })
    const ours = await storage.presignPost('写真.png', { maxBytes: 10 })
    const client = new S3Client(options)
    const theirs = await createPresignedPost(client, { Bucket: 'plans', Key: '写真.png' })
    client.destroy()
    expect(ours.url).toBe(theirs.url)
    for (const name of ['key', 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Security-Token']) {
      expect(ours.fields[name]).toBe(theirs.fields[name])
    }
  })

  test('takes what fits and nothing larger or of another type', async () => {
    const bucket = await store.bucket()
    await using storage = createStorage({ ...store.config, bucket })
    const key = 'upload/写真 (1).png'
    const options = { maxBytes: 10, minBytes: 2, contentType: 'image/png' }
    const { url, fields } = await storage.presignPost(key, options)
    const send = async (body: string, change: Record<string, string> = {}): Promise<number> => {
      const form = new FormData()
      for (const [name, value] of Object.entries({ ...fields, ...change })) form.set(name, value)
      form.set('file', new Blob([body]))
      return (await fetch(url, { method: 'POST', body: form })).status
    }
    expect(await send('12345678901')).toBe(400)
    expect(await send('1')).toBe(400)
    expect(await send('12', { 'Content-Type': 'text/html' })).toBe(403)
    expect(await send('12', { key: 'other' })).toBe(403)
    expect(await store.s3.keys(bucket)).toEqual([])
    expect(await send('1234567890')).toBe(204)
    expect((await storage.head(key)).contentType).toBe('image/png')
  })
})
