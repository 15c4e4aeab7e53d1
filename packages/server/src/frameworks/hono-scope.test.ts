import type { IncomingMessage, Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { sleep } from '@yuzuru/concurrency'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { currentRequest } from '../request/current-request.ts'
import { serveInMemory } from '../testing/serve-in-memory.ts'
import { onError } from './hono-problems.ts'
import { requestScope } from './hono-scope.ts'

describe('requestScope of hono', () => {
  test('fails each request where there is no Node below, and says so', async () => {
    let seen: unknown
    const app = new Hono().use(requestScope()).get('/', (c) => c.text('not called'))
    app.onError((error, c) => {
      seen = error
      return onError(error, c)
    })
    const answer = await app.request('/')
    expect([answer.status, seen]).toEqual([500, expect.any(TypeError)])
    expect(String(seen)).toContain('incoming and outgoing of @hono/node-server')
  })

  test('leaves the upgrade of a WebSocket alone', async () => {
    const app = new Hono().use(requestScope())
    app.get('/', (c) => c.text(`${currentRequest()?.name}`))
    const bindings = { incoming: {} as IncomingMessage, outgoing: undefined }
    expect(await (await app.request('/', {}, bindings)).text()).toBe('undefined')
  })

  test('makes a 504 of the 500 that an app makes of its deadline', async () => {
    const scope = requestScope({ budget: { header: 'x-budget', trust: () => true } })
    const app = new Hono().use(scope).onError((_error, c) => c.text('no', 500))
    app.get('/', async (c) => {
      await sleep(Infinity)
      return c.text('')
    })
    await using server = await serveInMemory(createAdaptorServer({ fetch: app.fetch }) as Server)
    const request = new Request('http://localhost/', { headers: { 'x-budget': '1' } })
    expect((await server.inject(request)).status).toBe(504)
  })
})
