import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import { afterResponse } from '../request/current-request.ts'
import { requestScope } from '../scopes/request-scope.ts'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('a server that is closed by a request of its own', () => {
  test('answers it, and ends', async () => {
    const server: HttpServer = await serve(
      async (): Promise<Response> => {
        await server.close({ drainMs: Infinity })
        return new Response('bye')
      },
      { lingerMs: 0 },
    )
    const answer = await rawExchange(server.port, GET)
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*bye$/)
    await server.close()
    expect(server.active).toBe(0)
  })

  test('ends when that is work after an answer', async () => {
    const server: HttpServer = await serve(
      async (): Promise<Response> => {
        afterResponse(() => server.close({ drainMs: Infinity }))
        return new Response('bye')
      },
      { lingerMs: 0 },
    )
    expect(statusesIn(await rawExchange(server.port, GET))).toEqual([200])
    await server.close()
    expect(server.active).toBe(0)
  })

  test('waits, when it is another server', async () => {
    await using other = await serve(async () => new Response('x'), { lingerMs: 0 })
    const app = async (): Promise<Response> => {
      await other.close()
      return new Response(`${other.client.listening}`)
    }
    await using server = await serve(app, { lingerMs: 0 })
    expect(await (await fetch(server.url, { headers: { connection: 'close' } })).text()).toBe(
      'false',
    )
  })

  test('has options that are none refused at once', async () => {
    await expect(requestScope().close({ drain: 1 } as never)).rejects.toThrow(TypeError)
    await expect(requestScope().close({ drainMs: -1 })).rejects.toThrow(TypeError)
  })
})

describe('a connection that was upgraded', () => {
  const UPGRADE =
    'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

  test('ends with its server', async () => {
    const server = await serve(async () => new Response('x'), { lingerMs: 0 })
    server.client.on('upgrade', (_request, socket) => {
      socket.on('error', () => {}).write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    })
    const socket = connect(server.port, '127.0.0.1')
    socket.write(UPGRADE)
    await once(socket, 'data')
    const closed = once(socket.resume(), 'close')
    await server.close()
    await closed
  })

  test('is none where nothing listens for it: its request is served as any other', async () => {
    const server = await serve(async () => new Response('x'), { lingerMs: 0 })
    const socket = connect(server.port, '127.0.0.1')
    socket.write(UPGRADE)
    const [data] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(data.toString())).toEqual([200])
    await server.close()
  })

  test('is cut where what listened has gone', async () => {
    const server = await serve(async () => new Response('x'), { lingerMs: 0 })
    const listener = (): void => {}
    server.client.on('upgrade', listener).off('upgrade', listener)
    expect(await rawExchange(server.port, UPGRADE)).toBe('')
    await server.close()
  })
})
