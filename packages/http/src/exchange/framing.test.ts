import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { TestClock } from '@yuzuru/concurrency/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { createFakeHttp } from '../testing/fake-http.ts'
import { createHttp, type Http } from '../http.ts'
import type { HttpError } from '../errors/http-error.ts'
import type { HttpTimeouts } from '../http-options.ts'

let http: Http
let server: Server
const sockets = new Set<Socket>()
afterEach(async () => {
  await http.close({ drainMs: 0 })
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

/** A client of a server that does this once the first bytes of a connection have come. */
async function against(
  answer: (socket: Socket) => unknown,
  timeouts: HttpTimeouts = {},
): Promise<void> {
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  http = createHttp({ origin: `http://127.0.0.1:${port}`, retry: false, timeouts })
}

/** Sends each piece in a write of its own, then ends. */
async function inPieces(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece, 'latin1')
    await setImmediate()
  }
  socket.end()
}

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const HELLO = `${OK}Content-Length: 5\r\n\r\nhello`

type Seen = { readonly text: string; readonly isDelimited: boolean } | { readonly code: string }

async function seen(verb: 'request' | 'stream'): Promise<Seen> {
  try {
    const response = await http[verb]('/', { method: 'POST' })
    return { text: await response.text(), isDelimited: response.isDelimited }
  } catch (error) {
    expect(error).toMatchObject({ outcome: 'unknown' })
    return { code: (error as HttpError).code }
  }
}

const WHOLE: readonly [string, string, string, boolean][] = [
  ['with a length', HELLO, 'hello', true],
  ['in chunks', `${CHUNKED}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, 'hello', true],
  ['in chunks with a trailer', `${CHUNKED}5\r\nhello\r\n0\r\na: b\r\n\r\n`, 'hello', true],
  ['of length 0', `${OK}Content-Length: 0\r\n\r\n`, '', true],
  ['in no chunks', `${CHUNKED}0\r\n\r\n`, '', true],
  ['of 204', 'HTTP/1.1 204 No Content\r\n\r\n', '', true],
  // Its beginning is all that it says it is.
  ['that is longer than it says', `${OK}Content-Length: 3\r\n\r\nhello`, 'hel', true],
  // All that HTTP has to say of these, and why `isDelimited` tells.
  ['without a length', `${OK}\r\nhello`, 'hello', false],
  ['without a length, of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello', 'hello', false],
  ['without a length, and empty', `${OK}\r\n`, '', false],
]

const BROKEN: readonly [string, string, string][] = [
  ['that is shorter than it says', `${OK}Content-Length: 10\r\n\r\nhello`, 'connection_lost'],
  ['that has not begun', `${OK}Content-Length: 10\r\n\r\n`, 'connection_lost'],
  ['without its last chunk', `${CHUNKED}5\r\nhello\r\n`, 'connection_lost'],
  ['without its last line', `${CHUNKED}5\r\nhello\r\n0\r\n`, 'connection_lost'],
  ['cut off in a chunk', `${CHUNKED}5\r\nhel`, 'connection_lost'],
  ['cut off in a length', `${CHUNKED}5\r\nhello\r\n5`, 'connection_lost'],
  ['without a chunk', CHUNKED, 'connection_lost'],
  ['cut off in its head', `${OK}Content-Len`, 'connection_lost'],
  ['that never came', '', 'connection_lost'],
  ['with a chunk of no length', `${CHUNKED}zz\r\nhello\r\n0\r\n\r\n`, 'invalid_response'],
  ['with a length that is none', `${OK}Content-Length: x\r\n\r\nhello`, 'invalid_response'],
  ['with a length below zero', `${OK}Content-Length: -5\r\n\r\nhello`, 'invalid_response'],
  ['with an empty length', `${OK}Content-Length:\r\n\r\nhello`, 'invalid_response'],
  [
    'with two lengths',
    `${OK}Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello`,
    'invalid_response',
  ],
  [
    'in chunks, with a length',
    `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    'invalid_response',
  ],
  ['in another coding', `${OK}Transfer-Encoding: gzip\r\n\r\nhello`, 'invalid_response'],
  [
    'in two codings',
    `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    'invalid_response',
  ],
  [
    'that changes the protocol',
    'HTTP/1.1 101 Switching\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n',
    'invalid_response',
  ],
]

describe('an answer', () => {
  describe.each(['request', 'stream'] as const)('of %s', (verb) => {
    test.each(WHOLE)('%s comes whole', async (_name, answer, text, isDelimited) => {
      await against((socket) => socket.end(answer))
      expect(await seen(verb)).toEqual({ text, isDelimited })
    })

    test.each(WHOLE)('%s comes whole byte by byte', async (_name, answer, text, isDelimited) => {
      await against((socket) => inPieces(socket, answer.split('')))
      expect(await seen(verb)).toEqual({ text, isDelimited })
    })

    test.each(BROKEN)(
      '%s is a failure, never an empty or a shorter success',
      async (_name, answer, code) => {
        await against((socket) => socket.end(answer))
        expect(await seen(verb)).toEqual({ code })
      },
    )
  })

  test('without a length that ends with a reset is a failure', async () => {
    await against((socket) => socket.write(`${OK}\r\nhello`, () => socket.resetAndDestroy()))
    expect(await seen('request')).toEqual({ code: 'connection_lost' })
  })

  test('of the fake is as delimited as that of a server', async () => {
    await against((socket) => socket.end(HELLO))
    await using fake = createFakeHttp()
    fake.script.reply(
      { body: 'x' },
      { status: 204 },
      { headers: { 'content-length': '1' }, body: 'x' },
    )
    for (const path of ['/', '/', '/'])
      expect((await fake.http.request(path)).isDelimited).toBe(true)
  })
})

describe('an answer without an end', () => {
  const ENDLESS: readonly [string, string, string][] = [
    ['of headers', OK, 'a: b\r\n'],
    ['of one header', `${OK}a: `, 'b'],
    ['of trailers', `${CHUNKED}5\r\nhello\r\n0\r\n`, 'a: b\r\n'],
    ['of one trailer', `${CHUNKED}5\r\nhello\r\n0\r\na: `, 'b'],
    ['of an extension of a chunk', `${CHUNKED}5;a=`, 'b'],
    ['of a chunk size', CHUNKED, '0'],
    ['of a reason', 'HTTP/1.1 200 ', 'x'],
  ]

  test.each(ENDLESS)('is a failure, and nothing of it is kept: %s', async (_name, head, more) => {
    const flood = async (socket: Socket): Promise<void> => {
      socket.write(head)
      while (!socket.destroyed) {
        if (!socket.write(more.repeat(2_000))) {
          await Promise.race([once(socket, 'drain'), once(socket, 'close')])
        }
        await setImmediate()
      }
    }
    // Some have no bound but time: nothing of the answer itself moves.
    await against(flood, { headersMs: 300, stallMs: 300 })
    const before = process.memoryUsage().arrayBuffers
    expect(await seen('request')).toEqual({
      code: expect.stringMatching(/^(invalid_response|headers_timeout|stalled)$/),
    })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30_000_000)
  })
})

describe('an informational answer that nobody asked for', () => {
  const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
  const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n'
  const lots = (text: string): string => text.repeat(3_000)
  const cases: readonly [string, string][] = [
    ['100', CONTINUE],
    ['100 with headers', 'HTTP/1.1 100 Continue\r\nServer: a\r\nDate: b\r\n\r\n'],
    ['100 without a reason', 'HTTP/1.1 100 \r\n\r\n'],
    ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['103', EARLY],
    ['199', 'HTTP/1.1 199 Odd\r\n\r\n'],
    ['100 twice', CONTINUE + CONTINUE],
    ['100, 103 and 100', CONTINUE + EARLY + CONTINUE],
    ['103 and 100', EARLY + CONTINUE],
    ['100, thousands of times', lots(CONTINUE)],
    ['103, thousands of times', lots(EARLY)],
  ]

  test.each(cases)('is gone past: %s', async (_name, before) => {
    await against((socket) => socket.end(before + HELLO))
    expect(await seen('request')).toEqual({ text: 'hello', isDelimited: true })
  })

  test.each(cases.slice(0, 9))('is gone past byte by byte: %s', async (_name, before) => {
    await against((socket) => inPieces(socket, (before + HELLO).split('')))
    expect(await seen('stream')).toEqual({ text: 'hello', isDelimited: true })
  })

  test('leaves the connection to the next request', async () => {
    let connections = 0
    await against((socket) => {
      connections += 1
      socket.write(CONTINUE + HELLO)
      socket.on('data', () => socket.write(CONTINUE + HELLO))
    })
    for (let count = 0; count < 5; count += 1) {
      expect(await (await http.request('/')).text()).toBe('hello')
    }
    expect(connections).toBeLessThanOrEqual(2)
  })

  test('is not looked for in a body', async () => {
    const body = CONTINUE.repeat(3)
    await against((socket) =>
      inPieces(socket, [
        `${OK}Content-Length: ${body.length}\r\n\r\n`,
        CONTINUE,
        CONTINUE,
        CONTINUE,
      ]),
    )
    expect(await seen('request')).toEqual({ text: body, isDelimited: true })
  })

  test.each([
    ['100', CONTINUE],
    ['103', EARLY],
    ['the beginning of one', 'HTTP/1.1 100 Con'],
  ])('that is followed by none ends with the connection: %s', async (_name, before) => {
    await against((socket) => socket.end(before))
    expect(await seen('request')).toEqual({ code: 'connection_lost' })
  })

  test('whose head has no end is a failure', async () => {
    await against((socket) => socket.write(`HTTP/1.1 100 Continue\r\na: ${'x'.repeat(40_000)}`))
    expect(await seen('request')).toEqual({ code: 'invalid_response' })
  })

  test.each([
    ['100', CONTINUE],
    ['103', EARLY],
  ])('without end gives the final one no more time: %s', async (_name, piece) => {
    using clock = TestClock.install()
    let sent = 0
    await against(async (socket) => {
      while (!socket.destroyed) {
        socket.write(piece)
        sent += 1
        await setImmediate()
      }
    })
    const call = seen('request')
    await expect.poll(() => sent).toBeGreaterThan(100)
    await clock.advance(30_000)
    expect(await call).toEqual({ code: 'headers_timeout' })
  })
})
