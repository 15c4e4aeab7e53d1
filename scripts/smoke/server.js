import assert from 'node:assert/strict'
import { HttpProblem, serve } from '@yuzuru/server'
import { exerciseServer } from '@yuzuru/server/testing'

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
