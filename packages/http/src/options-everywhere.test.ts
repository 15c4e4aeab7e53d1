import { exerciseOptions } from '@yuzuru/concurrency/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HTTP_OPTIONS } from './http-options.ts'
import * as index from './index.ts'
import { startScriptedServer, type ScriptedServer } from './testing/scripted-server.ts'
import * as testing from './testing.ts'

let server: ScriptedServer
let http: index.Http
let fake: testing.FakeHttp
beforeAll(async () => {
  server = await startScriptedServer()
  http = index.createHttp({ origin: server.url })
  fake = testing.createFakeHttp()
})
afterAll(async () => {
  // Nothing was sent, not even a connection was opened.
  expect(server.connected).toBe(0)
  expect(fake.script.requests).toEqual([])
  await http.close()
  await server.close()
})

const request = { method: 'GET', url: new URL('http://a.invalid'), headers: {} } as never
const answer = (): index.HttpResponse => index.HttpResponse.of(request)

const cases = exerciseOptions({
  takers: {
    createHttp: (options) => index.createHttp(options),
    'createHttp.budget': (budget) => index.createHttp({ budget }),
    'createHttp.breaker': (breaker) => index.createHttp({ breaker }),
    'createHttp.hedge': (hedge) => index.createHttp({ hedge }),
    'createHttp.proxy': (proxy) => index.createHttp({ proxy }),
    'createHttp.retry': (retry) => index.createHttp({ retry }),
    'http.request.retry': (retry) => http.request(server.url, { retry }),
    'createHttp.timeouts': (timeouts) => index.createHttp({ timeouts }),
    'createHttp.tls': (tls) => index.createHttp({ tls }),
    createFakeHttp: (options) => testing.createFakeHttp(options),
    'http.request': (init) => http.request('/', init),
    'http.json': (init) => http.json('/', init),
    'http.stream': (init) => http.stream('/', init),
    'http.close': (options) => http.close(options),
    'fake.request': (init) => fake.http.request('/', init),
    'fake.json': (init) => fake.http.json('/', init),
    'fake.stream': (init) => fake.http.stream('/', init),
    'fake.close': (options) => fake.http.close(options),
    'HttpResponse.of': (options) => index.HttpResponse.of(request, options),
    'response.bytes': (options) => answer().bytes(options),
    'response.text': (options) => answer().text(options),
    'response.json': (options) => answer().json(options),
    'script.reply': (reply) => fake.script.reply(reply),
    'script.otherwise': (reply) => fake.script.otherwise(reply),
    'server.reply': (reply) => server.reply(reply),
    'server.otherwise': (reply) => server.otherwise(reply),
  },
  others: `HttpError HttpHeaders HttpResponse Script ScriptedServer exerciseHttp startScriptedServer
  http.stats fake.stats response.headers response.ok response.body response.complete response.readable
  response.status response.isDelimited response.earlierOutcome response.url script.requests server.requests server.url
  script.received script.take server.received server.take server.connected server.connections
  server.disconnected server.close`,
  faces: {
    '': [index, testing],
    http: () => http,
    fake: () => fake.http,
    response: answer,
    script: () => fake.script,
    server: () => server,
  },
})

describe('a misspelt option is refused by', () => {
  for (const { name, run } of cases) test(name, run)

  test('createHttp, which names the nearest', () => {
    const timeouts = { totalms: 1 } as never
    expect(() => index.createHttp({ timeouts })).toThrow(
      'Expected a known option of createHttp.timeouts, got "totalms"; did you mean "totalMs"?',
    )
  })

  test.each(HTTP_OPTIONS.filter((name) => name !== 'headers'))(
    'createHttp, in what it takes as %s',
    (name) => {
      expect(() => index.createHttp({ [name]: { nmae: 'x' } })).toThrow(TypeError)
    },
  )
})
