import assert from 'node:assert/strict'
import { cancelScope, Cancelled, outcomeOf, TimeoutError } from '@yuzuru/concurrency'
import { casesOf, type Fixture, type SuiteCase, TestClock } from '@yuzuru/concurrency/testing'
import type { Http } from '../http.ts'
import { HttpError } from '../errors/http-error.ts'
import type { HttpOptions } from '../http-options.ts'
import type { Script } from './scripted-peer.ts'

/** A client and the script of the server that it talks to. */
export interface HttpFixture extends Fixture {
  readonly http: Http
  readonly script: Script
}

/** Makes a client with these options, whose relative URLs reach the script. */
export type MakeHttp = (
  options: Omit<HttpOptions, 'client' | 'allow'>,
) => HttpFixture | Promise<HttpFixture>

const QUICK: Parameters<MakeHttp>[0] = { retry: { baseDelayMs: 0 } }

/**
 * What every {@link Http} does, real or fake.
 *
 * @example
 * for (const { name, run } of exerciseHttp(make)) test(name, run)
 */
export function exerciseHttp(make: MakeHttp): readonly SuiteCase[] {
  const of = casesOf(() => make(QUICK))
  return [
    of('sends JSON and resolves with JSON', async ({ http, script }) => {
      script.reply({ status: 201, json: { id: 7 } })
      assert.deepEqual(await http.json('/things', { json: { name: '支援計画' } }), { id: 7 })
      const [request] = script.requests
      assert.equal(request?.method, 'POST')
      assert.equal(request.headers['content-type'], 'application/json')
      assert.equal(request.headers['accept'], 'application/json')
      assert.deepEqual(JSON.parse(request.body.toString()), { name: '支援計画' })
    }),
    of('adds the query and the headers', async ({ http, script }) => {
      script.reply({})
      await http.request('/a?b=1', {
        query: { c: ['x y', 2], d: undefined },
        headers: { 'X-E': 'f' },
      })
      assert.equal(script.requests[0]?.path, '/a?b=1&c=x+y&c=2')
      assert.equal(script.requests[0]?.headers['x-e'], 'f')
    }),
    of('throws what is not 2xx', async ({ http, script }) => {
      script.reply({ status: 404, json: { error: 'none' } })
      const error = await failureOf(http.request('/none'))
      assert.equal(error.code, 'not_found')
      assert.equal(error.status, 404)
      assert.deepEqual(error.answer?.json, { error: 'none' })
      assert.equal(error.outcome, 'none')
    }),
    of('returns the statuses that are accepted', async ({ http, script }) => {
      script.reply({ status: 404, body: 'none' })
      const response = await http.request('/none', { acceptStatus: () => true })
      assert.equal(response.ok, false)
      assert.equal(await response.text(), 'none')
    }),
    of('repeats a GET, and not a POST', async ({ http, script }) => {
      script.reply({ status: 500 }, 'reset', { body: 'third' })
      assert.equal(await (await http.request('/get')).text(), 'third')
      script.reply({ status: 500 }, { body: 'second' })
      const error = await failureOf(http.request('/post', { method: 'POST' }))
      assert.equal(error.outcome, 'unknown')
      assert.equal(script.requests.length, 4)
    }),
    of('repeats a POST with an idempotency key', async ({ http, script }) => {
      script.reply('drop', { json: 1 })
      await http.json('/post', { json: {}, idempotencyKey: 'k1' })
      const keys = script.requests.map(({ headers }) => headers['idempotency-key'])
      assert.deepEqual(keys, ['k1', 'k1'])
    }),
    of('does not repeat a body that is used up', async ({ http, script }) => {
      script.reply('reset', {})
      const body = async function* (): AsyncGenerator<string> {
        yield 'once'
      }
      const error = await failureOf(http.request('/put', { method: 'PUT', body: body() }))
      assert.equal(error.code, 'connection_lost')
      assert.equal(error.outcome, 'unknown')
      assert.equal(script.requests.length, 1)
    }),
    of(
      'refuses a body that is used up, and names no failure with one retryable',
      async (subject) => {
        const { http, script } = subject
        script.reply({ status: 503 })
        const body = (async function* (): AsyncGenerator<string> {
          yield 'once'
        })()
        const put = (): Promise<unknown> => http.request('/put', { method: 'PUT', body })
        assert.equal((await failureOf(put())).retryable, false)
        await assert.rejects(put(), TypeError)
        assert.equal(script.requests.length, 1)
      },
    ),
    of('addresses no other host by way of a path', async ({ http, script }) => {
      for (const path of ['//other.invalid/', '/\\other.invalid/', '/\t/other.invalid/']) {
        await assert.rejects(http.request(path), TypeError)
      }
      assert.equal(script.requests.length, 0)
    }),
    of('sends a form with its files', async ({ http, script }) => {
      script.reply({})
      const form = new FormData()
      form.append('file', new File(['content'], 'name.txt'))
      await http.request('/form', { body: form })
      const [request] = script.requests
      assert.match(request?.headers['content-type'] ?? '', /^multipart\/form-data; boundary=/)
      const body = request?.body.toString() ?? ''
      assert.ok(body.includes('filename="name.txt"') && body.includes('content'))
    }),
    of('says that the end of an answer was marked', async ({ http, script }) => {
      script.reply({ body: 'x' })
      assert.equal((await http.request('/')).isDelimited, true)
    }),
    of('makes a body anew for each attempt', async ({ http, script }) => {
      script.reply('reset', {})
      const body = async function* (): AsyncGenerator<string> {
        yield 'a'
        yield 'b'
      }
      await http.request('/put', { method: 'PUT', body })
      assert.deepEqual(
        script.requests.map((request) => request.body.toString()),
        ['ab', 'ab'],
      )
    }),
    of('waits as long as Retry-After says', async ({ http, script }) => {
      script.reply({ status: 503, headers: { 'Retry-After': '0' } }, { body: 'ok' })
      assert.equal(await (await http.request('/')).text(), 'ok')
      script.reply({ status: 503, headers: { 'Retry-After': '30' } })
      const error = await failureOf(http.request('/', { timeoutMs: 10_000 }))
      assert.equal(error.code, 'unavailable')
      assert.equal(error.retryAfterMs, 30_000)
    }),
    of('ends with its deadline', async ({ http, script }) => {
      using clock = TestClock.install()
      script.reply('silence')
      const call = http.request('/', { method: 'POST', timeoutMs: 20 })
      const failing = call.then(String, (reason: unknown) => reason)
      await script.received(1)
      await clock.advance(20)
      const error: unknown = await failing
      assert.ok(TimeoutError.isInstance(error))
      assert.equal(outcomeOf(error), 'unknown')
    }),
    of('ends when its scope is cancelled', async ({ http, script }) => {
      script.reply('silence')
      const call = cancelScope(async (scope) => {
        const pending = http.request('/')
        await script.received(1)
        scope.cancel('enough')
        await pending
      })
      const error: unknown = await call.then(String, (reason: unknown) => reason)
      assert.ok(Cancelled.isInstance(error))
      assert.equal(await script.requests[0]?.ended, false)
    }),
    of('streams the body as it comes', async ({ http, script }) => {
      const more = Promise.withResolvers<void>()
      const body = async function* (): AsyncGenerator<string> {
        yield 'first'
        await more.promise
        yield 'second'
      }
      script.reply({ body: body() })
      const response = await http.stream('/')
      const seen: string[] = []
      for await (const chunk of response.body) {
        seen.push(Buffer.from(chunk).toString())
        more.resolve()
      }
      assert.deepEqual(seen, ['first', 'second'])
    }),
    of('refuses a body that is too large', async ({ http, script }) => {
      script.reply({ body: 'x'.repeat(100) })
      assert.equal((await failureOf(http.request('/', { maxBytes: 99 }))).code, 'too_large')
    }),
    of('does not follow redirects unless asked to', async ({ http, script }) => {
      script.reply({ status: 302, headers: { location: '/b' } })
      assert.equal((await failureOf(http.request('/a'))).code, 'redirected')
      script.reply({ status: 302, headers: { location: '/b' } }, { body: 'b' })
      assert.equal(await (await http.request('/a', { redirect: 'follow' })).text(), 'b')
      assert.equal(script.requests.at(-1)?.path, '/b')
    }),
  ]
}

async function failureOf(call: Promise<unknown>): Promise<HttpError> {
  const error: unknown = await call.then(
    () => new Error('Expected the call to fail'),
    (reason: unknown) => reason,
  )
  if (HttpError.isInstance(error)) return error
  throw error
}
