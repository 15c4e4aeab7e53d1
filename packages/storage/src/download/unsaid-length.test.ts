import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import type { Download, DownloadOptions } from './download.ts'
import type { Storage } from '../storage.ts'

const TEXT = 'the whole text'
const ETAG = `"${createHash('md5').update(TEXT).digest('hex')}"`

/** How a store answers, written out: what a library for servers would put right. */
interface Manner {
  /** What tells how long the answer to GET of the whole is, and how it is sent. */
  readonly whole: (body: string) => string
  /** The same of a range; `undefined`: it knows no ranges. @default with a Content-Length */
  readonly range?: ((body: string) => string) | undefined
  /** @default true */
  readonly headHasLength?: boolean
  readonly text?: string
}

const lengthOf = (body: string, length = body.length): string =>
  `Content-Length: ${length}\r\n\r\n${body}`
const chunked = (body: string): string =>
  `Transfer-Encoding: chunked\r\n\r\n${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
/** The end of the connection is the end of the body (RFC 9112, 6.3, 8). */
const untilEnd = (body: string): string => `Connection: close\r\n\r\n${body}`

const GOOD: Readonly<Record<string, Manner>> = {
  'in chunks': { whole: chunked },
  'in chunks, ranges too': { whole: chunked, range: chunked },
  'in chunks, and HEAD without a length': { whole: chunked, headHasLength: false },
  'until the end of the connection': { whole: untilEnd },
  'until the end of the connection, ranges too': { whole: untilEnd, range: untilEnd },
  'with an early end': {
    whole: (body) => `Connection: close\r\n${lengthOf(body.slice(0, 5), body.length)}`,
  },
  'in chunks, as it is empty': { whole: chunked, text: '' },
  'until the end of the connection, as it is empty': { whole: untilEnd, text: '' },
}

const BAD: Readonly<Record<string, Manner>> = {
  'in chunks, without ranges': { whole: chunked, range: undefined, headHasLength: false },
  'until the end of the connection, without ranges': {
    whole: untilEnd,
    range: undefined,
    headHasLength: false,
  },
  'with a length that is too short': { whole: (body) => lengthOf(body, 5) },
  'with a length that is too long': {
    whole: (body) => `Connection: close\r\n${lengthOf(body, body.length + 5)}`,
    headHasLength: false,
  },
}

const READERS: Readonly<Record<string, (object: Download, path: string) => Promise<string>>> = {
  text: (object) => object.text(),
  bytes: async (object) => Buffer.from(await object.bytes()).toString(),
  body: async (object) => Buffer.concat(await Array.fromAsync(object.body)).toString(),
  readable: async (object) => Buffer.concat(await object.readable().toArray()).toString(),
  saveTo: async (object, path) => {
    await object.saveTo(path)
    return await readFile(path, 'utf8')
  },
  'saveTo, to be resumed': async (object, path) => {
    await object.saveTo(path, { resume: true })
    return await readFile(path, 'utf8')
  },
}

const HOW: Readonly<Record<string, DownloadOptions>> = {
  'at once': {},
  'in ranges': { parallel: 2 },
}

describe.each(['own', 'passed in'])('with a client that is %s, an object', (client) => {
  for (const [manner, given] of Object.entries(GOOD)) {
    test(`that comes ${manner} is whole for every reader`, async () => {
      const { text = TEXT } = given
      await withStore(given, client, async (storage, path) => {
        for (const options of Object.values(HOW)) {
          for (const read of Object.values(READERS)) {
            await writeFile(path, 'before')
            const object = await storage.download('key', options)
            expect(object.bytesExpected).toBe(text.length)
            expect(await read(object, path)).toBe(text)
          }
        }
        expect((await storage.head('key')).bytes).toBe(text.length)
        if (text === '') return
        const part = await storage.download('key', { range: { start: 4, end: 8 } })
        expect(await part.text()).toBe(text.slice(4, 9))
      })
    })
  }

  for (const [manner, given] of Object.entries(BAD)) {
    test(`that comes ${manner} is an error for every reader, and no file`, async () => {
      await withStore(given, client, async (storage, path, folder) => {
        for (const read of Object.values(READERS)) {
          await writeFile(path, 'before')
          const reading = storage.download('key').then((object) => read(object, path))
          await expect(reading).rejects.toMatchObject({ name: 'StorageError', outcome: 'none' })
          expect(await readFile(path, 'utf8')).toBe('before')
          await rm(path)
          for (const name of await readdir(folder)) await rm(join(folder, name))
        }
      })
    })
  }
})

async function withStore(
  manner: Manner,
  kind: string,
  fn: (storage: Storage, path: string, folder: string) => Promise<void>,
): Promise<void> {
  const server = await serve(manner)
  const { port } = server.address() as AddressInfo
  const endpoint = `http://127.0.0.1:${port}`
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
  const config = { endpoint, region: 'us-east-1', credentials }
  const client = new S3Client({ ...config, forcePathStyle: true, maxAttempts: 1 })
  const storage =
    kind === 'own'
      ? createStorage({ ...config, bucket: 'b', attempts: 1 })
      : createStorage({ client, bucket: 'b' })
  const folder = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
  try {
    await fn(storage, join(folder, 'file'), folder)
  } finally {
    await storage.close({ drainMs: 0 })
    client.destroy()
    server.close()
    await rm(folder, { recursive: true })
  }
}

async function serve(manner: Manner): Promise<Server> {
  const server = createServer((socket) => {
    let read = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      read += chunk.toString('latin1')
      for (let end = read.indexOf('\r\n\r\n'); end >= 0; end = read.indexOf('\r\n\r\n')) {
        const head = read.slice(0, end)
        read = read.slice(end + 4)
        answer(socket, head, manner)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function answer(socket: Socket, head: string, manner: Manner): void {
  const { whole, headHasLength = true, text = TEXT } = manner
  const range = 'range' in manner ? manner.range : lengthOf
  const etag = text === TEXT ? ETAG : `"${createHash('md5').update(text).digest('hex')}"`
  const send = (status: string, rest: string): void => {
    const out = `HTTP/1.1 ${status}\r\nETag: ${etag}\r\n${rest}`
    if (/^Connection: close/m.test(rest)) socket.end(out, 'latin1')
    else socket.write(out, 'latin1')
  }
  if (head.startsWith('HEAD ')) {
    send('200 OK', headHasLength ? `Content-Length: ${text.length}\r\n\r\n` : '\r\n')
    return
  }
  const asked = /^range: bytes=(\d+)-(\d*)/im.exec(head)
  if (asked === null || range === undefined) {
    send('200 OK', whole(text))
    return
  }
  const start = Number(asked[1])
  if (start >= text.length) {
    const error = '<Error><Code>InvalidRange</Code></Error>'
    send('416 Range Not Satisfiable', lengthOf(error))
    return
  }
  const end = Math.min(asked[2] === '' ? Infinity : Number(asked[2]), text.length - 1)
  const said = `Content-Range: bytes ${start}-${end}/${text.length}\r\n`
  send('206 Partial Content', said + range(text.slice(start, end + 1)))
}
