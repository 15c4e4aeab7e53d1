import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { taskTree } from '@yuzuru/concurrency/inspect'
import { TestClock } from '@yuzuru/concurrency/testing'
import { expect, onTestFinished, test } from 'vitest'
import { currentRequest } from '../request/current-request.ts'
import { requestScope } from './request-scope.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => void

const listening = async (listener: Listener): Promise<number> => {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

test('a request that is refused gets no scope, no timer and no context, and its body is not read', async () => {
  const clock = TestClock.install()
  onTestFinished(() => clock[Symbol.dispose]())
  const seen: unknown[] = []
  const log = {
    info: ({ status }: { status: number }) => {
      const { length } = taskTree()
      seen.push(['logged', status, length, clock.pending, currentRequest()])
    },
  }
  const scope = requestScope({ limit: 1, queue: 0, log })
  const begun = Promise.withResolvers<ServerResponse>()
  const port = await listening((request, response) => {
    scope(request, response, () => begun.resolve(response))
    if (response.statusCode === 503) {
      const { readableFlowing, readableDidRead } = request
      seen.push(['refused', response.listenerCount('close'), readableFlowing, readableDidRead])
    }
  })
  const first = connect(port, '127.0.0.1')
  first.write('GET /first HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const response = await begun.promise
  const { length } = taskTree()
  const { pending } = clock
  const second = connect(port, '127.0.0.1')
  second.write('POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nConnection: close\r\n\r\n')
  const answer = await text(second)
  expect(answer).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1\r\n.*"code":"overloaded"/is)
  expect(seen).toEqual([
    ['logged', 503, length, pending, undefined],
    ['refused', 0, null, false],
  ])
  response.end()
  await text(first)
  await scope.close()
})

test('a request that had to wait runs in its own context, not in that of the one that ended', async () => {
  const tenant = new AsyncLocalStorage<string>()
  const scope = requestScope({ limit: 1 })
  const begun = Promise.withResolvers<ServerResponse>()
  const waits = Promise.withResolvers<void>()
  const port = await listening((request, response) => {
    const { url = '' } = request
    tenant.run(url, () => {
      scope(request, response, () => {
        if (url === '/first') begun.resolve(response)
        else response.end(`${tenant.getStore()} ${currentRequest()?.name}`)
      })
    })
    if (url === '/second') waits.resolve()
  })
  const first = fetch(`http://127.0.0.1:${port}/first`)
  const response = await begun.promise
  const second = fetch(`http://127.0.0.1:${port}/second`)
  await waits.promise
  response.end()
  await first
  expect(await (await second).text()).toBe('/second GET /second')
  await scope.close()
})
