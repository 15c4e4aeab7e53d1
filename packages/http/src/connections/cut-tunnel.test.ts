import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { outcomeOf } from '@yuzuru/concurrency'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp } from '../http.ts'
import { AUTHORITY, SERVER_CERT, SERVER_KEY } from '../../test/certificates.ts'

let requests: number
let secure: Server
let target: number
let proxy: CuttingProxy

beforeEach(async () => {
  requests = 0
  secure = createServer({ cert: SERVER_CERT, key: SERVER_KEY }, (_request, response) => {
    requests += 1
    response.end('secure')
  })
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
  target = (secure.address() as AddressInfo).port
  proxy = new CuttingProxy()
  await proxy.listen()
})

afterEach(() => {
  proxy.close()
  secure.closeAllConnections()
  secure.close()
})

/** A proxy that passes on all that it hears, and says only so many bytes before it ends the connection. */
class CuttingProxy {
  readonly #server = createTcpServer((socket) => this.#serve(socket))
  readonly #open = new Set<Socket>()
  answer = HEAD
  bytes = 0
  how: 'end' | 'reset' = 'end'

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    for (const socket of this.#open) socket.destroy()
    this.#server.close()
  }

  #serve(socket: Socket): void {
    this.#open.add(socket)
    let leftBytes = this.bytes
    socket.on('error', () => undefined)
    socket.on('close', () => this.#open.delete(socket))
    const say = (data: Buffer): void => {
      const part = data.subarray(0, leftBytes)
      leftBytes -= part.length
      socket.write(part, () => {
        if (leftBytes > 0) return
        if (this.how === 'end') socket.end()
        else socket.resetAndDestroy()
      })
    }
    socket.once('data', () => {
      say(Buffer.from(this.answer))
      const onward = connect(target, '127.0.0.1')
      onward.on('error', () => undefined).on('data', say)
      socket.on('close', () => onward.destroy())
      socket.pipe(onward)
    })
  }
}

const HEAD = 'HTTP/1.1 200 OK\r\nVia: 1.1 proxy\r\n\r\n'

/** Every byte of the proxy's own answer, and places in the TLS of the server behind it and in its answer. */
const PLACES = [
  ...Array.from({ length: HEAD.length + 2 }, (_, at) => at + 1),
  ...Array.from({ length: 48 }, (_, at) => HEAD.length + 70 * at),
]

async function post(): Promise<unknown> {
  await using http = createHttp({
    proxy: { url: proxy.url },
    tls: { ca: AUTHORITY },
    retry: false,
  })
  const url = `https://127.0.0.1:${target}/`
  return await http.request(url, { method: 'POST', body: 'x' }).catch((error: unknown) => error)
}

describe('a tunnel', () => {
  test.each(['end', 'reset'] as const)(
    'that is cut anywhere says none only of what the server did not get: %s',
    async (how) => {
      proxy.how = how
      const outcomes = new Set<string | undefined>()
      for (const bytes of PLACES) {
        proxy.bytes = bytes
        requests = 0
        const error = await post()
        const outcome = error instanceof Error ? outcomeOf(error) : 'done'
        outcomes.add(outcome)
        expect([bytes, outcome === 'none' ? requests : 0]).toEqual([bytes, 0])
      }
      expect([...outcomes]).toEqual(expect.arrayContaining(['none', 'unknown', 'done']))
    },
  )

  test.each([
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 301 Moved\r\nLocation: http://evil.test/\r\n\r\n',
    'HTTP/1.1 407 No\r\nContent-Length: 100\r\n\r\nabc',
    'HTTP/1.1 502 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
    'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'SSH-2.0-proxy\r\n',
  ])('that the proxy opens with %j is none', async (answer) => {
    proxy.answer = answer
    proxy.bytes = answer.length
    const error = await post()
    expect(error).toBeInstanceOf(Error)
    expect(outcomeOf(error)).toBe('none')
    expect(requests).toBe(0)
  })
})
