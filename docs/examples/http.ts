/** A JSON answer under one deadline, and failures that say whether anything may have happened. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { withTimeout } from '@yuzuru/concurrency'
import { createHttp, HttpError } from '@yuzuru/http'

const server = createServer((request, response) => {
  if (request.url === '/users/1') response.end('{"name":"Hanako"}')
  else if (request.url === '/users/2') response.writeHead(404).end()
  else request.socket.destroy() // it was received, and nobody says what became of it
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const { port } = server.address() as AddressInfo
{
  await using http = createHttp({ origin: `http://127.0.0.1:${port}` })
  const user = await withTimeout(10_000, () => http.json<{ name: string }>('/users/1'))
  console.log(user.name)

  const told = (error: unknown): void => {
    if (!HttpError.isInstance(error)) throw error
    console.log(error.code, error.outcome)
  }
  await http.json('/users/2').catch(told)
  await http.request('/notices', { json: { to: user.name } }).then(() => undefined, told)
}
server.close()

// Prints:
//   Hanako
//   not_found none
//   connection_lost unknown
