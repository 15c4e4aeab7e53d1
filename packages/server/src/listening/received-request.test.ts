import type { IncomingMessage, ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import { serve } from './serve.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody'

/** What becomes of a request, by the way in which a handler looks at it. */
async function exchange(
  look: (request: IncomingMessage, seen: string[]) => void,
  bytes: string,
): Promise<{ readonly seen: string[]; readonly requests: IncomingMessage[] }> {
  const seen: string[] = []
  const requests: IncomingMessage[] = []
  const app = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(request)
    look(request, seen)
    response.end('ok')
  }
  await using server = await serve(app, { lingerMs: 0 })
  expect(statusesIn(await rawExchange(server.port, bytes))).toEqual([200, 200])
  await server.close()
  return { seen, requests }
}

test('a request without a reader is over once it is answered, and sends its events to nobody', async () => {
  const emitted: unknown[] = []
  const { requests } = await exchange((request) => {
    const emit = request.emit.bind(request)
    request.emit = (...event: Parameters<typeof emit>) => {
      emitted.push(event[0])
      return emit(...event)
    }
  }, GET + LAST)
  expect(emitted).toEqual([])
  for (const { complete, readableEnded, closed, destroyed, aborted, errored } of requests) {
    expect([complete, readableEnded, closed, destroyed, aborted, errored]).toEqual([
      true,
      true,
      true,
      true,
      false,
      null,
    ])
  }
})

test.each<[string, (request: IncomingMessage, seen: string[]) => void, string[]]>([
  ['its end', (request, seen) => request.on('end', () => seen.push('end')), ['end']],
  ['its close', (request, seen) => request.once('close', () => seen.push('close')), ['close']],
  [
    'both',
    (request, seen) => {
      request.on('end', () => seen.push('end')).on('close', () => seen.push('close'))
    },
    ['end', 'close'],
  ],
  [
    'what is there to read',
    (request, seen) => {
      request.on('data', () => seen.push('data')).on('end', () => seen.push('end'))
    },
    ['end'],
  ],
  [
    'that it is finished',
    (request, seen) => void finished(request).then(() => seen.push('finished')),
    ['finished'],
  ],
])('one who listens to %s hears it', async (_what, look, heard) => {
  const { seen } = await exchange(look, GET + LAST)
  expect(seen).toEqual([...heard, ...heard])
})

test('a body that nobody read is dropped, and the next request is served', async () => {
  const { requests } = await exchange(() => undefined, POST + LAST)
  expect(requests.map(({ complete, aborted }) => [complete, aborted])).toEqual([
    [true, false],
    [true, false],
  ])
})
