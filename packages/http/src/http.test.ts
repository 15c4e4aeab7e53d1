import { TestClock } from '@yuzuru/concurrency/testing'
import { expect, test } from 'vitest'
import { createFakeHttp } from './testing/fake-http.ts'
import { createHttp } from './http.ts'
import { startScriptedServer } from './testing/scripted-server.ts'

test('a client gets JSON and streams', async () => {
  await using server = await startScriptedServer()
  server.reply({ json: { a: 1 } }, { body: 'text' })
  await using http = createHttp({ origin: server.url })
  expect(await http.json('/a', { query: { b: [1, 2] } })).toEqual({ a: 1 })
  const streamed = await http.stream('/b', { json: { a: 1 } })
  expect(streamed.ok).toBe(true)
  expect(await streamed.text()).toBe('text')
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /a?b=1&b=2',
    'POST /b',
  ])
})

test('origins that are idle are forgotten when there are many', async () => {
  await using fake = createFakeHttp()
  fake.script.otherwise({})
  for (let count = 0; count < 300; count += 1) {
    await fake.http.request(`http://host-${count}.invalid/`)
  }
  expect(fake.http.stats().origins).toHaveLength(256)
})

test('an origin that is forgotten while a call waits to repeat is made anew for it', async () => {
  using clock = TestClock.install()
  await using fake = createFakeHttp()
  fake.script.reply({ status: 503, headers: { 'retry-after': '5' } })
  fake.script.otherwise({ body: 'ok' })
  const call = fake.http.request('http://host.invalid/')
  await fake.script.received(1)
  await clock.advance(0)
  for (let count = 0; count < 300; count += 1) {
    await fake.http.request(`http://host-${count}.invalid/`)
  }
  await clock.advance(5_000)
  expect(await (await call).text()).toBe('ok')
})
