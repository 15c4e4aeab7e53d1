import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import fastify from 'fastify'
import { Hono } from 'hono'
import { HttpProblem, idempotent, serve } from '@yuzuru/server'
import * as forFastify from '@yuzuru/server/fastify'
import * as forHono from '@yuzuru/server/hono'
import * as forNode from '@yuzuru/server/node'
import {
  exerciseServer,
  inject,
  memoryIdempotencyStore,
  serveInMemory,
} from '@yuzuru/server/testing'
import { idempotencyMigrations, kyselyIdempotencyStore } from '@yuzuru/server/kysely'

assert.equal(typeof kyselyIdempotencyStore, 'function')
assert.equal(Object.keys(idempotencyMigrations).length, 1)
{
  const store = memoryIdempotencyStore()
  const once = idempotent(async () => new Response('done'), { store, caller: 'everyone' })
  const send = () =>
    once(new Request('http://a', { method: 'POST', headers: { 'idempotency-key': 'k' } }))
  assert.equal((await send()).headers.get('idempotent-replayed'), null)
  assert.equal((await send()).headers.get('idempotent-replayed'), 'true')
}

{
  await using server = await serve((request, response) => {
    if (request.url === '/missing') throw new HttpProblem(404, 'There is no such thing')
    response.end('hello')
  })
  const answer = await fetch(server.url, { headers: { connection: 'close' } })
  assert.equal(await answer.text(), 'hello')
  const missing = await fetch(`${server.url}/missing`, { headers: { connection: 'close' } })
  assert.deepEqual([missing.status, (await missing.json()).title], [404, 'There is no such thing'])
}
{
  const app = new Hono().notFound(forHono.notFound).onError(forHono.onError)
  app.get('/', (c) => c.text('hello'))
  assert.equal(await (await inject(app, '/')).text(), 'hello')
  assert.equal((await (await inject(app, '/missing')).json()).status, 404)
}
{
  const app = fastify()
  await app.register(forFastify.requestScope)
  app.setErrorHandler(forFastify.onError).setNotFoundHandler(forFastify.notFound)
  await app.ready()
  await using server = await serveInMemory(app.server)
  assert.equal((await (await server.inject('/')).json()).title, 'Not Found')
}
{
  const scope = forNode.requestScope()
  const own = createServer((request, response) => {
    scope(request, response, () => forNode.notFound(request, response))
  })
  assert.equal((await inject(own, '/')).status, 404)
}
assert.ok(exerciseServer(() => assert.fail('not called')).length > 5)
console.log('ok')
