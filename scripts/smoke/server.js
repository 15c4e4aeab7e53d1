import assert from 'node:assert/strict'
import { HttpProblem, idempotent, serve } from '@yuzuru/server'
import { idempotencyMigrations, kyselyIdempotencyStore } from '@yuzuru/server/kysely'
import { exerciseServer, memoryIdempotencyStore } from '@yuzuru/server/testing'

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
assert.ok(exerciseServer(() => assert.fail('not called')).length > 5)
console.log('ok')
