import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createHttp, HttpError } from '@yuzuru/http'

const server = createServer((request, response) => {
  response.statusCode = request.url === '/missing' ? 404 : 200
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ path: request.url }))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
{
  await using http = createHttp({ origin: `http://127.0.0.1:${server.address().port}` })
  assert.deepEqual(await http.json('/a'), { path: '/a' })
  await assert.rejects(
    http.json('/missing'),
    (error) => HttpError.isInstance(error) && error.status === 404,
  )
}
server.close()
console.log('ok')
