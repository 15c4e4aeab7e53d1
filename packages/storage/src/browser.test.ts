import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stripTypeScriptTypes } from 'node:module'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { UploadFileError, uploadFile, UploadFileOptions } from './browser.ts'
import type { PresignedUpload } from './presign/presign-upload.ts'
import { launchChromium } from '@yuzuru/tooling/chromium'
import { PART, startTestStore, type TestStore } from '../test/store.ts'

/** What the page below gives its tests. */
interface PageGlobals {
  readonly uploadFile: typeof uploadFile
  /** Bytes that are the same here and there. */
  readonly fileOf: (size: number) => Blob
  readonly sent: number[]
  readonly renew: () => Promise<PresignedUpload>
  stop: AbortController
}

const open = new AsyncDisposableStack()
let store: TestStore
let page: Page

const html = `<!doctype html><script type="module">
import { uploadFile } from '/browser.ts'
const fileOf = (size) => new Blob([new Uint8Array(size).map((_, at) => at * 31 + (at >> 10))])
Object.assign(globalThis, { uploadFile, fileOf, sent: [], stop: new AbortController() })
</script>`

/** What a build makes of a source: the same without its types. */
async function scriptOf(path: string): Promise<string> {
  return stripTypeScriptTypes(await readFile(join(import.meta.dirname, path), 'utf8'))
}

/** Serves the page that uploads, from an origin of its own. */
async function servePage(): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const isScript = /^\/[\w/-]+\.ts$/.test(url)
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    void (isScript ? scriptOf(url) : Promise.resolve(html)).then((text) => response.end(text))
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  open.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  const origin = await servePage()
  const rule = { origins: [origin], methods: ['PUT'], headers: ['*'] } as const
  store = open.use(await startTestStore({ cors: { ...rule, exposeHeaders: ['ETag'] } }))
  const browser = await launchChromium()
  open.defer(() => browser.close())
  page = await browser.newPage()
  await page.exposeFunction('renew', async () => JSON.parse(JSON.stringify(await renewals())))
  await page.goto(origin)
})

afterEach(() => {
  store.proxy.clear()
  store.s3.clear()
})
afterAll(() => open.disposeAsync())

interface Sent {
  readonly etags?: readonly string[]
  readonly error?: Pick<UploadFileError, 'name' | 'message'> & { readonly status?: number }
  readonly progress: readonly number[]
}

/** Uploads a file of so many bytes in the browser; `stopAt`: ends it when so many have left. */
async function send(
  upload: PresignedUpload,
  size: number,
  options: Omit<UploadFileOptions, 'signal' | 'onProgress' | 'renew'> & {
    readonly stopAt?: number
    readonly renews?: boolean
  } = {},
): Promise<Sent> {
  return await page.evaluate(
    async ({ upload, size, stopAt = Infinity, renews = false, ...options }) => {
      const { uploadFile, fileOf, renew } = globalThis as unknown as PageGlobals
      const progress: number[] = []
      const stop = new AbortController()
      const onProgress = ({ sentBytes }: { sentBytes: number }): void => {
        progress.push(sentBytes)
        if (sentBytes >= stopAt) stop.abort(new Error('the user has left'))
      }
      try {
        const more = renews ? { renew } : {}
        const given = { ...options, ...more, onProgress, signal: stop.signal }
        return { etags: await uploadFile(fileOf(size), upload, given), progress }
      } catch (thrown) {
        const { name, message, status } = thrown as UploadFileError
        return { error: { name, message, status }, progress }
      }
    },
    { upload: JSON.parse(JSON.stringify(upload)) as PresignedUpload, size, ...options },
  )
}

function bytesOf(size: number): Uint8Array {
  return new Uint8Array(size).map((_, at) => at * 31 + (at >> 10))
}

/** Has the page ask for new URLs by calling this. */
let renewals: () => Promise<PresignedUpload>

describe('a browser', () => {
  test('goes on when its URLs have expired, and leaves out what has arrived', async () => {
    await using storage = await store.faulty()
    const bytes = 3 * PART
    const upload = await storage.presignUpload('key', { bytes })
    const { error } = await send(upload, bytes, { parallel: 1, stopAt: PART })
    expect(error?.message).toBe('the user has left')
    // By the store's clock an hour and more has passed.
    store.s3.set({ clockOffsetMs: 2 * 3_600_000 })
    const late = await send(upload, bytes, { attempts: 2 })
    expect(late.error).toMatchObject({ name: 'UploadFileError', status: 403 })
    let asked = 0
    renewals = async () => {
      asked += 1
      return await storage.presignParts(upload.token)
    }
    const before = store.s3.requests['UploadPart'] ?? 0
    const arrived = (await storage.presignParts(upload.token)).parts.filter(({ etag }) => etag)
    const known = upload.parts.map((part) => {
      return { ...part, ...arrived.find(({ number }) => number === part.number), url: part.url }
    })
    const again = { ...upload, parts: known }
    const { etags = [], progress } = await send(again, bytes, { renews: true, resume: true })
    expect(asked).toBe(1)
    expect((store.s3.requests['UploadPart'] ?? 0) - before).toBe(3 - arrived.length)
    expect(progress.at(-1)).toBe(bytes)
    await storage.completeUpload(upload.token, etags)
    const loaded = await (await storage.download('key')).bytes()
    expect(Buffer.compare(loaded, bytesOf(bytes))).toBe(0)
  })

  test('uploads a file in parts across origins, and tells how far it is', async () => {
    await using storage = await store.faulty()
    const bytes = 2 * PART + 100
    const upload = await storage.presignUpload('計画.mp4', { bytes, contentType: 'video/mp4' })
    const { etags = [], progress } = await send(upload, bytes)
    expect(etags).toHaveLength(3)
    expect(progress.at(-1)).toBe(bytes)
    expect(progress.every((sent, at) => sent >= (progress[at - 1] ?? 0))).toBe(true)
    await storage.completeUpload(upload.token, etags)
    const loaded = await storage.download('計画.mp4')
    expect(loaded.info.contentType).toBe('video/mp4')
    expect(Buffer.compare(await loaded.bytes(), bytesOf(bytes))).toBe(0)
  })

  test('uploads a small file, and an empty one, with one request', async () => {
    await using storage = await store.faulty()
    for (const bytes of [1_000, 0]) {
      const options = { bytes, contentType: 'text/plain', filename: '計画.txt' }
      const upload = await storage.presignUpload('key', options)
      const { etags = [] } = await send(upload, bytes)
      expect(await storage.completeUpload(upload.token, etags)).toMatchObject({ bytes })
      expect((await storage.head('key')).contentType).toBe('text/plain')
    }
  })

  test('sends a part again when its answer is lost or the store is busy', async () => {
    await using storage = await store.faulty()
    const bytes = 2 * PART
    const upload = await storage.presignUpload('key', { bytes })
    const before = store.s3.requests['UploadPart'] ?? 0
    store.proxy.set({ dropReply: { when: 'PUT', times: 2 } })
    const { etags = [] } = await send(upload, bytes)
    expect((store.s3.requests['UploadPart'] ?? 0) - before).toBe(4)
    // A lost answer the browser may make good by itself; this is left to the helper.
    store.proxy.set({ status: { code: 503, when: 'PUT', times: 2 } })
    expect((await send(upload, bytes)).etags).toEqual(etags)
    store.proxy.set({ status: { code: 503, when: 'PUT', times: 2 } })
    expect((await send(upload, bytes, { attempts: 1 })).error).toMatchObject({ status: 0 })
    store.proxy.clear()
    expect(await storage.completeUpload(upload.token, etags)).toMatchObject({ bytes })
  })

  test('goes on without an ETag when an upload that is made once did arrive', async () => {
    await using storage = await store.faulty()
    const upload = await storage.presignUpload('key', { bytes: 10, ifNoneMatch: '*' })
    store.proxy.set({ dropReply: { when: 'PUT', times: 1 } })
    const { etags, error } = await send(upload, 10)
    expect(error).toBeUndefined()
    expect(etags).toEqual([''])
    expect(await storage.completeUpload(upload.token, [''])).toMatchObject({ bytes: 10 })
  })

  test('gives up on what the store refuses, and says what it answered', async () => {
    await using storage = await store.faulty()
    const upload = await storage.presignUpload('key', { bytes: PART + 1 })
    store.s3.set({ freeBytes: 0 })
    const { error } = await send(upload, PART + 1)
    expect(error).toMatchObject({ name: 'UploadFileError', status: 507 })
    store.s3.clear()
    await storage.abortUpload(upload.token)
    expect((await send(upload, PART + 1)).error).toMatchObject({ status: 404 })
  })

  test('cuts off the other parts when one is given up', async () => {
    await using storage = await store.faulty()
    // The first part is long under way when the second, of one byte, is refused.
    const upload = await storage.presignUpload('key', { bytes: PART + 1 })
    const status = { code: 503, when: 'partNumber=2' }
    store.proxy.set({ bytesPerSecond: 1_000_000, status })
    const cut = page.waitForEvent('requestfailed', {
      predicate: (request) => request.failure()?.errorText === 'net::ERR_ABORTED',
      timeout: 100_000,
    })
    const { error } = await send(upload, PART + 1, { attempts: 1 })
    expect(error).toMatchObject({ name: 'UploadFileError' })
    await cut
  })

  test('gives up when nobody answers', async () => {
    await using storage = await store.faulty()
    const upload = await storage.presignUpload('key', { bytes: 10 })
    store.proxy.set({ refuse: true })
    store.proxy.reset()
    const { error } = await send(upload, 10, { attempts: 2 })
    expect(error).toMatchObject({ status: 0, message: expect.stringContaining('did not answer') })
  })

  test('cuts everything off when the user leaves', async () => {
    await using storage = await store.faulty()
    const bytes = 2 * PART
    const upload = await storage.presignUpload('key', { bytes })
    store.proxy.set({ bytesPerSecond: 5_000_000 })
    const cut = page.waitForEvent('requestfailed', {
      predicate: (request) => request.method() === 'PUT',
      timeout: 100_000,
    })
    const { error, etags } = await send(upload, bytes, { stopAt: 1 })
    expect((await cut).failure()?.errorText).toBe('net::ERR_ABORTED')
    expect([error?.message, etags]).toEqual(['the user has left', undefined])
    store.proxy.clear()
    await storage.abortUpload(upload.token)
    expect(await store.s3.uploads(storage.bucket)).toEqual([])
  })

  test('sends nothing of a file that is not as announced, or too large', async () => {
    await using storage = await store.faulty()
    const upload = await storage.presignUpload('key', { bytes: 10 })
    const before = { ...store.s3.requests }
    for (const [size, maxBytes] of [
      [9, 10],
      [10, 9],
    ] as const) {
      const { error } = await send(upload, size, { maxBytes })
      expect(error).toMatchObject({ name: 'TypeError' })
    }
    expect(store.s3.requests).toEqual(before)
  })

  test('says what to do when the bucket hides the ETag', async () => {
    const origins = [new URL(page.url()).origin]
    const cors = { origins, methods: ['PUT'], headers: ['*'] } as const
    await using hiding = await startTestStore({ cors })
    await using storage = await hiding.faulty()
    const { error } = await send(await storage.presignUpload('key', { bytes: 10 }), 10)
    expect(error?.message).toContain('let the CORS rules of the bucket expose it')
  })
})
