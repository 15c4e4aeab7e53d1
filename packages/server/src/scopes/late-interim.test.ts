import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { refuseLateInterim } from './late-interim.ts'
import { serve } from '../listening/serve.ts'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'

const NAMES = ['writeContinue', 'writeProcessing', 'writeEarlyHints'] as const

/** An answer as an earlier Node has it: nothing looks whether its head has been sent. */
function earlier(minor = 1) {
  const request = Object.assign(new IncomingMessage(new Socket()), { httpVersionMinor: minor })
  const response = new ServerResponse(request)
  const written = vi.fn()
  for (const name of NAMES) response[name] = written
  refuseLateInterim(response, false)
  return { response, written }
}

test.each(NAMES)(
  'an interim answer behind the head is thrown by an earlier Node too: %s',
  (name) => {
    const { response, written } = earlier()
    const write = (): void => Reflect.apply(response[name], response, [{ link: '</a>' }])
    write()
    expect(written).toHaveBeenCalledWith({ link: '</a>' })
    response.writeHead(200)
    expect(write).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }))
    expect(written).toHaveBeenCalledTimes(1)
  },
)

test('HTTP/1.0 is sent none, and nothing throws', () => {
  const { response, written } = earlier(0)
  response.writeHead(200)
  response.writeProcessing()
  expect(written).toHaveBeenCalledTimes(1)
})

test.each(NAMES)('the body of an answer has no interim one in it: %s', async (name) => {
  const failures: unknown[] = []
  const app = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url === '/next') {
      response.end('next')
      return
    }
    response.writeHead(200, { 'content-length': 4 }).write('bo')
    try {
      Reflect.apply(response[name], response, [{ link: '</a>' }])
    } catch (error) {
      failures.push((error as NodeJS.ErrnoException).code)
    }
    response.end('dy')
  }
  await using server = await serve(app, { lingerMs: 0 })
  const next = 'GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const answer = await rawExchange(server.port, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${next}`)
  expect(statusesIn(answer)).toEqual([200, 200])
  expect(answer).toContain('\r\n\r\nbodyHTTP/1.1 200')
  expect(failures).toEqual(['ERR_HTTP_HEADERS_SENT'])
})
