import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { sleep } from '@yuzuru/concurrency'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { App } from '../listening/app.ts'
import { serve } from '../listening/serve.ts'
import type { ServeOptions } from '../listening/serve-options.ts'
import { requestScope } from './request-scope.ts'

/*
 * To HTTP/1.0, and so to nginx as it comes, a body without a length ends with its connection: the client has only the way
 * in which that ends to tell a part from the whole.
 */

const GET = 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'

/** How the end of a connection was: `end`, or the code of its failure; and what had come. */
async function ended(port: number, bytes = GET): Promise<[how: string, got: string]> {
  const socket = connect({ port, host: '127.0.0.1' })
  onTestFinished(() => void socket.destroy())
  let got = ''
  const how = new Promise<string>((resolve) => {
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''))
    socket.on('data', (data: Buffer) => (got += data.toString())).on('end', () => resolve('end'))
  })
  socket.write(bytes)
  return [await how, got]
}

/** The words of a body, one in each turn; then its failure, if it has one. */
async function* words(failure?: Error): AsyncGenerator<Buffer> {
  for (const word of ['a', 'part']) {
    yield Buffer.from(word)
    await setImmediate()
  }
  if (failure !== undefined) throw failure
}

const web = (failure?: Error): ReadableStream =>
  Readable.toWeb(Readable.from(words(failure))) as ReadableStream

async function fastifyApp(failure?: Error): Promise<App> {
  const app = fastify()
  app.get('/', async (_request, reply) => await reply.send(Readable.from(words(failure))))
  await app.ready()
  return (request: IncomingMessage, response: ServerResponse) => app.routing(request, response)
}

/** Apps whose body is whole, or fails in its middle. */
const APPS: Readonly<Record<string, (failure?: Error) => App | Promise<App>>> = {
  'a function': (failure) => () => new Response(web(failure)),
  'a function that passes a coding on': (failure) => () =>
    new Response(web(failure), { headers: { 'transfer-encoding': 'chunked' } }),
  hono: (failure) => new Hono().get('/', (c) => c.body(web(failure))),
  'a Node listener': (failure) => (_request: IncomingMessage, response: ServerResponse) => {
    const body = Readable.from(words(failure))
    body.on('error', () => response.destroy()).pipe(response)
  },
  'a Node listener with a coding':
    (failure) => (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, ['Transfer-Encoding', 'chunked'])
      const body = Readable.from(words(failure))
      body.on('error', () => response.destroy()).pipe(response)
    },
  express: (failure) =>
    express().get('/', (_request, response, next) => {
      response.setHeader('Transfer-Encoding', 'chunked')
      Readable.from(words(failure)).on('error', next).pipe(response)
    }),
  fastify: fastifyApp,
}

const serving = async (app: App, options: ServeOptions = {}) => {
  const server = await serve(app, { lingerMs: 0, ...options })
  onTestFinished(() => server.close({ drainMs: 0 }))
  return server
}

describe.each(Object.entries(APPS))('the body of an answer to HTTP/1.0, %s', (_kind, make) => {
  test('is whole where its connection ends, and has no coding', async () => {
    const { port } = await serving(await make())
    const [how, got] = await ended(port)
    expect([how, got]).toEqual(['end', expect.stringMatching(/^HTTP\/1.1 200 [^]*\r\n\r\napart$/)])
    expect(got).not.toMatch(/^transfer-encoding/im)
  })

  test('that fails ends with a reset, so that a part never looks whole', async () => {
    const { port } = await serving(await make(new Error('password=hunter2')))
    const [how, got] = await ended(port)
    expect(how).toBe('ECONNRESET')
    expect(got).not.toContain('hunter2')
  })
})

/** What else cuts an answer. */
const endless = (): Response => {
  const body = new PassThrough()
  body.write('part')
  return new Response(Readable.toWeb(body) as ReadableStream)
}

describe('the body of an answer to HTTP/1.0 ends with a reset, too, when it is cut', () => {
  test('by its deadline', async () => {
    const { port } = await serving(endless, { maxRequestMs: 20, graceMs: 0 })
    expect((await ended(port))[0]).toBe('ECONNRESET')
  })

  test('by the end of the server', async () => {
    const server = await serving(endless, { graceMs: 0 })
    const end = ended(server.port)
    while (server.active === 0) await setImmediate()
    await server.close({ drainMs: 0 })
    expect((await end)[0]).toBe('ECONNRESET')
  })

  test('while its client takes nothing, though all of it was written', async () => {
    const bytes = Buffer.alloc(50_000_000)
    const app = (_request: IncomingMessage, response: ServerResponse): unknown =>
      response.end(bytes)
    const { port } = await serving(app, { maxRequestMs: 50, graceMs: 0 })
    const socket = connect({ port, host: '127.0.0.1' }).pause()
    const failed = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>
    socket.write(GET)
    // It reads on only when it was cut.
    await sleep(150)
    socket.resume()
    expect((await failed)[0].code).toBe('ECONNRESET')
  })

  test('on a server that something else makes', async () => {
    const scope = requestScope({ maxRequestMs: 20, graceMs: 0 })
    const server = createServer((request, response) => {
      scope(request, response, () => response.write('part'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const [how, got] = await ended((server.address() as AddressInfo).port)
    expect([how, got]).toEqual(['ECONNRESET', expect.stringContaining('part')])
    server.close()
    await scope.close()
  })

  test('in HTTP/1.1, where a handler has taken the framing off', async () => {
    const app = (_request: IncomingMessage, response: ServerResponse): void => {
      response.removeHeader('transfer-encoding')
      response.write('part')
      global.setImmediate(() => response.destroy())
    }
    const { port } = await serving(app)
    expect((await ended(port, GET.replace('1.0', '1.1')))[0]).toBe('ECONNRESET')
  })
})

test('an answer of HTTP/1.1 that is cut ends as before: its framing tells', async () => {
  const { port } = await serving(() => new Response(web(new Error('x'))))
  const [how, got] = await ended(port, GET.replace('1.0', '1.1'))
  expect([how, got.endsWith('0\r\n\r\n')]).toEqual(['end', false])
})

test('a connection that is no TCP is cut as it can be', async () => {
  const path = `\0yuzuru-${process.pid}-${Math.random()}`
  const scope = requestScope()
  const server = createServer((request, response) => {
    scope(request, response, () => {
      response.write('part')
      global.setImmediate(() => response.destroy())
    })
  })
  server.listen(path)
  await once(server, 'listening')
  const socket: Socket = connect(path)
  socket
    .on('error', () => {})
    .resume()
    .write(GET)
  await once(socket, 'close')
  server.close()
  await scope.close()
})
