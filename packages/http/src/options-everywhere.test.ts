import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HTTP_OPTIONS } from './http-options.ts'
import * as index from './index.ts'
import { startScriptedServer, type ScriptedServer } from './testing/scripted-server.ts'
import * as testing from './testing.ts'

/** An option with a slip of the pen, which JavaScript would pass over. */
type Misspelt = never

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

/** Each public function or method that takes options, and each option that has some of its own. */
const takers: Readonly<Record<string, (options: Misspelt) => unknown>> = {
  createHttp: (options) => index.createHttp(options),
  'createHttp.breaker': (breaker) => index.createHttp({ breaker }),
  'createHttp.hedge': (hedge) => index.createHttp({ hedge }),
  'createHttp.proxy': (proxy) => index.createHttp({ proxy }),
  'createHttp.retry': (retry) => index.createHttp({ retry }),
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
}

/** Those that take none. */
const others = new Set(
  `HttpError HttpHeaders HttpResponse Script ScriptedServer exerciseHttp startScriptedServer
  http.stats fake.stats response.headers response.ok response.body response.complete response.readable
  script.received script.take server.received server.take server.connected server.connections
  server.disconnected server.close`.split(/\s+/),
)

describe('a misspelt option is refused by', () => {
  test.each(Object.entries(takers))('%s', async (name, take) => {
    const attempt = async (): Promise<unknown> => await take({ nmae: 'x' } as never)
    await expect(attempt()).rejects.toThrow(
      /^Expected a known option of [\w.]+, got "nmae"; (did you mean "\w+"\?|it takes )/,
    )
    const none = async (): Promise<unknown> => await take(null as never)
    await expect(none()).rejects.toThrow(TypeError)
    expect(others.has(name)).toBe(false)
  })

  test('createHttp, which names the nearest', () => {
    const timeouts = { totalms: 1 } as never
    expect(() => index.createHttp({ timeouts })).toThrow(
      'Expected a known option of createHttp.timeouts, got "totalms"; did you mean "totalMs"?',
    )
  })

  test.each(HTTP_OPTIONS.filter((name) => !['headers', 'dispatcher'].includes(name)))(
    'createHttp, in what it takes as %s',
    (name) => {
      expect(() => index.createHttp({ [name]: { nmae: 'x' } })).toThrow(TypeError)
    },
  )

  test('every public function and method that takes options', () => {
    const names = [
      ...Object.keys(index),
      ...Object.keys(testing),
      ...methodsOf('http', http),
      ...methodsOf('fake', fake.http),
      ...methodsOf('response', answer()),
      ...methodsOf('script', fake.script),
      ...methodsOf('server', server),
    ]
    const missing = names.filter((name) => !(name in takers) && !others.has(name))
    expect(missing).toEqual([])
  })
})

/** What a class gives its instances, also by way of those that it extends. */
function methodsOf(name: string, instance: object): string[] {
  const found: string[] = []
  for (
    let face: unknown = Object.getPrototypeOf(instance);
    face !== Object.prototype;
    face = Object.getPrototypeOf(face)
  ) {
    found.push(...Object.getOwnPropertyNames(face))
  }
  return found.filter((method) => method !== 'constructor').map((method) => `${name}.${method}`)
}
