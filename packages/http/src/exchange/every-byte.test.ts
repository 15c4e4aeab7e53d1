import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Cancelled, cancelScope, outcomeOf } from '@yuzuru/concurrency'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HttpError } from '../errors/http-error.ts'
import { createHttp, type Http } from '../http.ts'

/** How an answer ends where it is cut. */
type Ending = 'end' | 'reset' | 'silence'

/** A server that does what each whole request asks for, and then answers with the first bytes of its answer. */
class ActingServer {
  readonly #server: Server = createServer((socket) => this.#serve(socket))
  readonly #sockets = new Set<Socket>()
  #answer: Buffer = Buffer.alloc(0)
  #ending: Ending = 'end'
  #onQuiet: () => void = () => undefined
  /** How many requests came whole, so that they had their effect. */
  acted = 0

  /** From now on this is the answer; `onQuiet` is called when all of it is sent. */
  begin(answer: Buffer, ending: Ending, onQuiet: () => void): void {
    this.#answer = answer
    this.#ending = ending
    this.#onQuiet = onQuiet
    this.acted = 0
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Resolves when no connection is open any more. */
  async deserted(): Promise<void> {
    for (const socket of this.#sockets) await once(socket, 'close')
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!isWhole(text)) return
      text = ''
      this.acted += 1
      this.#reply(socket)
    })
  }

  #reply(socket: Socket): void {
    const [ending, onQuiet] = [this.#ending, this.#onQuiet]
    const end = (): void => {
      if (ending === 'end') socket.end()
      else if (ending === 'reset') socket.resetAndDestroy()
      onQuiet()
    }
    if (this.#answer.length === 0) end()
    else socket.write(this.#answer, end)
  }
}

/** Whether a request of a length, or in chunks, has come to its end. */
function isWhole(text: string): boolean {
  const at = text.indexOf('\r\n\r\n')
  if (at < 0) return false
  const [head, body] = [text.slice(0, at).toLowerCase(), text.slice(at + 4)]
  if (head.includes('transfer-encoding: chunked')) return body.endsWith('0\r\n\r\n')
  return body.length >= Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0)
}

const head = (lines: string): string => `HTTP/1.1 ${lines.replaceAll('\n', '\r\n')}\r\n\r\n`
const gzip = gzipSync('{"a":1}')

/** Answers to what was done. */
const DONE: Readonly<Record<string, string | Buffer>> = {
  'a length': `${head('201 Created\ncontent-length: 7')}{"a":1}`,
  chunks: `${head('200 OK\ntransfer-encoding: chunked')}3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\nx-sum: 1\r\n\r\n`,
  'no length': `${head('200 OK\nconnection: close')}{"a":1}`,
  'no body': head('204 No Content'),
  'interim answers': `${head('100 Continue')}${head('103 Early Hints\nlink: </a>')}${head('100 Continue')}${head('200 OK\ncontent-length: 7')}{"a":1}`,
  gzip: Buffer.concat([
    Buffer.from(head(`200 OK\ncontent-encoding: gzip\ncontent-length: ${gzip.length}`)),
    gzip,
  ]),
  'no JSON': `${head('200 OK\ncontent-length: 7')}{"a":1,`,
  'too short a length': `${head('200 OK\ncontent-length: 3')}{"a":1}`,
  'two lengths': `${head('200 OK\ncontent-length: 7\ncontent-length: 8')}{"a":1}`,
  'a bad chunk': `${head('200 OK\ntransfer-encoding: chunked')}zz\r\n{"a":1}\r\n`,
  'no HTTP': 'SSH-2.0-OpenSSH_9.6\r\n',
  'a switch of protocols': head('101 Switching Protocols\nupgrade: x\nconnection: upgrade'),
  'a redirect after it': head('303 See Other\nlocation: /done\ncontent-length: 0'),
  'a failure': `${head('500 Internal Server Error\ncontent-length: 7')}{"a":1}`,
  "a gateway's failure": head('503 Service Unavailable\nretry-after: 1\ncontent-length: 0'),
  'a timeout': head('408 Request Timeout\ncontent-length: 0'),
}

const CALLS: Readonly<Record<string, (http: Http) => Promise<unknown>>> = {
  request: (http) => http.request('/', { method: 'POST', body: 'x' }),
  'a streaming body': (http) =>
    http.request('/', {
      method: 'POST',
      body: async function* () {
        yield 'x'
        yield 'y'
      },
    }),
  json: (http) => http.json('/', { json: { a: 1 } }),
  stream: async (http) => await (await http.stream('/', { method: 'POST', body: 'x' })).bytes(),
  'a few bytes at the most': (http) =>
    http.request('/', { method: 'POST', body: 'x', maxBytes: 3 }),
  'a key': (http) => http.request('/', { method: 'POST', body: 'x', idempotencyKey: 'k' }),
}

let server: ActingServer
beforeEach(async () => {
  server = await new ActingServer().start()
})
afterEach(() => server.close())

/** What becomes of a call whose answer is cut; one that is met with silence is cancelled. */
async function failureAt(
  call: (http: Http) => Promise<unknown>,
  answer: Buffer,
  ending: Ending,
): Promise<unknown> {
  const retry = { baseDelayMs: 0, attempts: 2 }
  await using http = createHttp({ origin: server.url, decompress: true, retry })
  try {
    return await cancelScope(async (scope) => {
      const cancel = (): void => scope.cancel()
      // What has come is read first.
      server.begin(answer, ending, () => ending === 'silence' && setTimeout(cancel, 1))
      await call(http)
    })
  } catch (error) {
    return error
  } finally {
    await http.close({ drainMs: 0 })
  }
}

describe.each(Object.entries(DONE))('of an answer with %s that is cut anywhere', (_, given) => {
  const answer = Buffer.from(given as string)

  test.each(Object.entries(CALLS))('%s never says that nothing was done', async (_, call) => {
    for (const ending of ['end', 'reset', 'silence'] as const) {
      for (let bytes = 0; bytes <= answer.length; bytes += ending === 'silence' ? 13 : 3) {
        const error = await failureAt(call, answer.subarray(0, bytes), ending)
        if (error === undefined) continue
        const at = `${ending} after ${bytes} bytes`
        expect(server.acted).toBeGreaterThan(0)
        expect([at, outcomeOf(error)]).toEqual([at, 'unknown'])
        const isOurs = HttpError.isInstance(error) || Cancelled.isInstance(error)
        expect([at, isOurs, error]).toEqual([at, true, error])
      }
    }
    await server.deserted()
  })
})
