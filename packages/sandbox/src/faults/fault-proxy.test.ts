import { once } from 'node:events'
import {
  createServer as createHttpServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { portOf } from '../port.ts'
import { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './fault-proxy.ts'

const HOST = '127.0.0.1'

async function listening(server: Server): Promise<Server> {
  server.listen(0, HOST)
  await once(server, 'listening')
  return server
}

interface Stage extends AsyncDisposable {
  proxy: FaultProxy
  server: { host: string; port: number }
  /** What reached the server. */
  received: string[]
  /** Opens a connection through the proxy, which ends with the stage. */
  open(): Promise<Socket>
}

/** A server that answers each chunk with `re:` and the chunk, and a proxy in front of it. */
async function echoStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack()
  const received: string[] = []
  const server = await listening(
    createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', (data) => {
        received.push(data.toString())
        socket.write(`re:${data.toString()}`)
      })
    }),
  )
  stack.defer(() => void server.close())
  const target = { host: HOST, port: portOf(server) }
  const proxy = stack.use(await startFaultProxy({ target }))
  const open = async (): Promise<Socket> => {
    const socket = connect(proxy.port, HOST)
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
  const kept = stack.move()
  return { proxy, server: target, received, open, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

const said = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0])

async function ask(socket: Socket, question: string): Promise<string> {
  const answer = said(socket)
  socket.write(question)
  return answer
}

/** How a connection ended: the code of its error, or `end`. */
const fateOf = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.resume()
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    socket.once('close', () => resolve('end'))
  })

describe('a fault proxy', () => {
  it('lets everything through, the end too', async () => {
    await using stage = await echoStage()
    const socket = await stage.open()
    expect(await ask(socket, 'hello')).toBe('re:hello')
    expect(stage.proxy.connections).toBe(1)
    socket.end()
    expect(await fateOf(socket)).toBe('end')
  })

  it('carries megabytes unchanged both ways', async () => {
    await using stack = new AsyncDisposableStack()
    const server = await listening(createServer((socket) => void socket.pipe(socket)))
    stack.defer(() => void server.close())
    const proxy = stack.use(await startFaultProxy({ target: { host: HOST, port: portOf(server) } }))
    const sent = Buffer.alloc(8 * 1024 * 1024, 'yuzuru')
    const socket = connect({ port: proxy.port, host: HOST, allowHalfOpen: true })
    socket.end(sent)
    expect(sent.equals(await buffer(socket))).toBe(true)
  })

  it('delays each way by its latency', async () => {
    await using stage = await echoStage()
    const socket = await stage.open()
    stage.proxy.set({ latencyMs: { toServer: 40, toClient: 30 } })
    const start = performance.now()
    await ask(socket, 'late')
    expect(performance.now() - start).toBeGreaterThanOrEqual(70)
  })

  it('limits the bytes a second', async () => {
    await using stage = await echoStage()
    const socket = await stage.open()
    stage.proxy.set({ bytesPerSecond: 1_000 })
    const start = performance.now()
    socket.write('x'.repeat(100))
    let bytes = 0
    for await (const data of socket.iterator({ destroyOnReturn: false })) {
      bytes += String(data).replaceAll('re:', '').length
      if (bytes >= 100) break
    }
    // Two slices of 50 bytes at 20 a second, of which the last one is not waited for.
    expect(performance.now() - start).toBeGreaterThanOrEqual(49)
  })

  it('refuses new connections and leaves the old ones alone', async () => {
    await using stage = await echoStage()
    const old = await stage.open()
    stage.proxy.set({ refuse: true })
    expect(await fateOf(connect(stage.proxy.port, HOST))).toBe('ECONNRESET')
    expect(await ask(old, 'still here')).toBe('re:still here')
    stage.proxy.clear()
    expect(await ask(await stage.open(), 'again')).toBe('re:again')
  })

  it('resets after exactly so many bytes to the server', async () => {
    await using stage = await echoStage()
    const socket = await stage.open()
    stage.proxy.set({ resetAfterBytes: { toServer: 3 } })
    const fate = fateOf(socket)
    socket.write('abcdef')
    expect(await fate).toBe('ECONNRESET')
    await expect.poll(() => stage.received.join('')).toBe('abc')
  })

  it('resets after exactly so many bytes to the client', async () => {
    await using stage = await echoStage()
    const socket = await stage.open()
    expect(await ask(socket, 'before')).toBe('re:before')
    stage.proxy.set({ resetAfterBytes: { toClient: 4 } })
    const answer = said(socket)
    const fate = fateOf(socket)
    socket.write('abcdef')
    expect(await answer).toBe('re:a')
    expect(await fate).toBe('ECONNRESET')
    expect(stage.received.at(-1)).toBe('abcdef')
  })

  it('counts from the call of set', async () => {
    await using stage = await echoStage()
    const socket = await stage.open()
    stage.proxy.set({ resetAfterBytes: { toServer: 100 } })
    expect(await ask(socket, 'abc')).toBe('re:abc')
    stage.proxy.set({ resetAfterBytes: { toServer: 5 } })
    expect(await ask(socket, 'defg')).toBe('re:defg')
    const fate = fateOf(socket)
    socket.write('h')
    expect(await fate).toBe('ECONNRESET')
  })

  it('accepts and never answers while half-open, and goes on afterwards', async () => {
    await using stage = await echoStage()
    const old = await stage.open()
    expect(await ask(old, 'one')).toBe('re:one')
    stage.proxy.set({ halfOpen: true })
    const fresh = await stage.open()
    const answers = Promise.all([ask(old, 'two'), ask(fresh, 'three')])
    // By the time that another way round has answered twice, these would have arrived.
    await using open = await startFaultProxy({ target: stage.server })
    const probe = connect(open.port, HOST)
    probe.on('error', () => {})
    await ask(probe, 'probe')
    await ask(probe, 'probe')
    expect(stage.received).toEqual(['one', 'probe', 'probe'])
    stage.proxy.clear()
    expect(await answers).toEqual(['re:two', 're:three'])
  })

  it('drops the reply after the request arrived', async () => {
    await using stage = await echoStage()
    const socket = await stage.open()
    stage.proxy.set({ dropReply: { when: 'commit', times: 1 } })
    expect(await ask(socket, 'begin')).toBe('re:begin')
    const data: unknown[] = []
    socket.on('data', (chunk) => data.push(chunk))
    const fate = fateOf(socket)
    socket.write('commit')
    expect(await fate).toBe('ECONNRESET')
    expect(stage.received).toEqual(['begin', 'commit'])
    expect(data).toEqual([])
    expect(await ask(await stage.open(), 'commit')).toBe('re:commit')
  })

  it('finds the text of a request that came in two pieces', async () => {
    await using stage = await echoStage()
    const socket = await stage.open()
    stage.proxy.set({ dropReply: { when: 'commit' } })
    expect(await ask(socket, 'com')).toBe('re:com')
    const fate = fateOf(socket)
    socket.write('mit')
    expect(await fate).toBe('ECONNRESET')
  })

  it('cuts the connections of now on reset and takes new ones', async () => {
    await using stage = await echoStage()
    const socket = await stage.open()
    await ask(socket, 'hello')
    const fate = fateOf(socket)
    stage.proxy.reset()
    expect(await fate).toBe('ECONNRESET')
    expect(await ask(await stage.open(), 'new')).toBe('re:new')
  })

  it('resets a client when nobody listens behind it', async () => {
    const gone = await listening(createServer())
    const target = { host: HOST, port: portOf(gone) }
    gone.close()
    await once(gone, 'close')
    await using proxy = await startFaultProxy({ target })
    expect(await fateOf(connect(proxy.port, HOST))).toBe('ECONNRESET')
  })

  it('does not even look for the server while half-open', async () => {
    const gone = await listening(createServer())
    const target = { host: HOST, port: portOf(gone) }
    gone.close()
    await once(gone, 'close')
    await using silent = await startFaultProxy({ target })
    silent.set({ halfOpen: true })
    const waiting = connect(silent.port, HOST)
    const fate = fateOf(waiting)
    await once(waiting, 'connect')
    await using open = await startFaultProxy({ target })
    expect(await fateOf(connect(open.port, HOST))).toBe('ECONNRESET')
    expect(waiting.destroyed).toBe(false)
    silent.clear()
    expect(await fate).toBe('ECONNRESET')
  })

  it('refuses wrong faults and options', async () => {
    await using stage = await echoStage()
    expect(() => stage.proxy.set({ latencyMs: -1 })).toThrow(TypeError)
    expect(() => stage.proxy.set({ bytesPerSecond: 0 })).toThrow(TypeError)
    expect(() => stage.proxy.set({ dropReply: { times: 0 } })).toThrow(TypeError)
    expect(() => stage.proxy.set({ status: { code: 503 } })).toThrow(/protocol 'http'/)
    for (const [faults, words] of [
      [{ dropreply: {} }, 'got "dropreply"; did you mean "dropReply"?'],
      [{ dropReply: { wen: 'commit' } }, 'of proxy.set.dropReply, got "wen"; did you mean "when"?'],
      [{ latencyMs: { toserver: 5 } }, 'got "toserver"; did you mean "toServer"?'],
      [{ dropReply: 'commit' }, 'dropReply to be an object, got string'],
      [{ dropReply: { when: /commit/ } }, 'when to be a text, got object'],
      [{ bytesPerSecond: {} }, 'bytesPerSecond to be a whole number'],
      [{ halfOpen: 'yes' }, 'halfOpen to be true or false'],
      ['halfOpen', 'an object of faults, got halfOpen'],
    ] as const) {
      expect(() => stage.proxy.set(faults as never)).toThrow(words)
      expect(() => stage.proxy.set(faults as never)).toThrow(TypeError)
    }
    const target = { host: HOST, port: 70_000 }
    await expect(startFaultProxy({ target })).rejects.toThrow(TypeError)
    const odd = { target, protocol: 'udp' } as unknown as FaultProxyOptions
    await expect(startFaultProxy(odd)).rejects.toThrow(TypeError)
  })

  it('gives the same URL by way of itself', async () => {
    await using stage = await echoStage()
    expect(stage.proxy.url('postgres://u:p@localhost:5432/db?x=1')).toBe(
      `postgres://u:p@127.0.0.1:${stage.proxy.port}/db?x=1`,
    )
  })
})

describe('a fault proxy for HTTP', () => {
  async function httpStage(): Promise<AsyncDisposable & { proxy: FaultProxy; seen: string[] }> {
    await using stack = new AsyncDisposableStack()
    const seen: string[] = []
    const server = createHttpServer((incoming, outgoing) => {
      void text(incoming).then((body) => {
        seen.push(`${incoming.method} ${incoming.url} ${incoming.headers.host} ${body}`)
        outgoing.setHeader('X-Answer', 'yes')
        outgoing.end('answer')
      })
    })
    await listening(server)
    stack.defer(() => void server.close())
    const proxy = stack.use(
      await startFaultProxy({ target: { host: HOST, port: portOf(server) }, protocol: 'http' }),
    )
    const kept = stack.move()
    return { proxy, seen, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  }

  interface Answer {
    status: number | undefined
    headers: IncomingHttpHeaders
    body: string
  }

  const post = async (proxy: FaultProxy, path: string, headers = {}): Promise<Answer> => {
    const address = { host: HOST, port: proxy.port, agent: false } as const
    const outgoing = request({ ...address, method: 'POST', path, headers })
    outgoing.end('body')
    const [response]: IncomingMessage[] = await once(outgoing, 'response')
    return {
      status: response?.statusCode,
      headers: response?.headers ?? {},
      body: response ? await text(response) : '',
    }
  }

  it('forwards a request and its answer as they are', async () => {
    await using stage = await httpStage()
    const response = await post(stage.proxy, '/a?b=c', { Host: 'signed.example' })
    expect(response.headers['x-answer']).toBe('yes')
    expect(response.body).toBe('answer')
    expect(stage.seen).toEqual(['POST /a?b=c signed.example body'])
  })

  it('forwards a request that asks before it sends its body', async () => {
    await using stage = await httpStage()
    const outgoing = request({
      host: HOST,
      port: stage.proxy.port,
      method: 'PUT',
      agent: false,
      headers: { Expect: '100-continue', 'Content-Length': 4 },
    })
    outgoing.flushHeaders()
    await once(outgoing, 'continue')
    outgoing.end('body')
    const [response]: IncomingMessage[] = await once(outgoing, 'response')
    expect(response && (await text(response))).toBe('answer')
  })

  it('forwards an answer that comes before the end of the request', async () => {
    await using stack = new AsyncDisposableStack()
    const server = await listening(
      createHttpServer((incoming, outgoing) => {
        outgoing.writeHead(403).end('no')
        incoming.resume()
      }),
    )
    stack.defer(() => void server.close())
    const target = { host: HOST, port: portOf(server) }
    const proxy = stack.use(await startFaultProxy({ target, protocol: 'http' }))
    const body = Buffer.alloc(5 * 1_024 * 1_024)
    for (let index = 0; index < 3; index += 1) {
      const answer = await fetch(`http://${HOST}:${proxy.port}/`, { method: 'PUT', body })
      expect([answer.status, await answer.text()]).toEqual([403, 'no'])
    }
  })

  it('answers with a status and Retry-After so many times', async () => {
    await using stage = await httpStage()
    stage.proxy.set({
      status: { code: 503, retryAfterSeconds: 2, body: 'busy', when: 'POST /a', times: 1 },
    })
    expect((await post(stage.proxy, '/b')).status).toBe(200)
    const refused = await post(stage.proxy, '/a')
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('2')
    expect(refused.body).toBe('busy')
    expect((await post(stage.proxy, '/a')).status).toBe(200)
    expect(stage.seen).toHaveLength(2)
  })

  it('drops the reply of a request that the server has done', async () => {
    await using stage = await httpStage()
    stage.proxy.set({ dropReply: { when: 'POST /charge', times: 1 } })
    expect((await post(stage.proxy, '/other')).status).toBe(200)
    await expect(post(stage.proxy, '/charge')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(stage.seen.map((line) => line.split(' ')[1])).toEqual(['/other', '/charge'])
    expect((await post(stage.proxy, '/charge')).status).toBe(200)
  })

  it('counts how often a fault has struck since it was set', async () => {
    await using stage = await httpStage()
    const { proxy } = stage
    expect(proxy.struck).toBe(0)
    proxy.set({ dropReply: { when: 'POST /charge' }, status: { code: 503, when: 'POST /a' } })
    expect((await post(proxy, '/other')).status).toBe(200)
    expect(proxy.struck).toBe(0)
    await expect(post(proxy, '/charge')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect((await post(proxy, '/a')).status).toBe(503)
    expect(proxy.struck).toBe(2)
    proxy.clear()
    expect(proxy.struck).toBe(0)
    expect((await post(proxy, '/charge')).status).toBe(200)
    expect(proxy.struck).toBe(0)
    await using echo = await echoStage()
    echo.proxy.set({ dropReply: { when: 'lost' } })
    const socket = await echo.open()
    expect(await ask(socket, 'kept')).toBe('re:kept')
    expect(echo.proxy.struck).toBe(0)
    socket.write('lost')
    await new Promise((resolve) => void socket.once('close', resolve))
    expect(echo.proxy.struck).toBe(1)
  })
})
