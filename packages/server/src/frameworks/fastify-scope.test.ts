import { Readable } from 'node:stream'
import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { currentRequest } from '../request/current-request.ts'
import { serveInMemory } from '../testing/serve-in-memory.ts'
import { requestScope } from './fastify-scope.ts'

describe('requestScope of fastify', () => {
  test('has a handler in its request’s context behind a hook that listens to the body', async () => {
    const app = fastify()
    await app.register(requestScope)
    app.addHook('preParsing', (_request, _reply, payload, done) => {
      const chunks: Buffer[] = []
      payload.on('data', (chunk: Buffer) => chunks.push(chunk))
      payload.on('end', () => done(null, Readable.from(chunks)))
    })
    app.post('/plans', (request, reply) => {
      void reply.send(`${currentRequest()?.name} ${String(request.body)}`)
    })
    await app.ready()
    await using server = await serveInMemory(app.server)
    const headers = { 'content-type': 'text/plain' }
    const request = new Request('http://localhost/plans', { method: 'POST', body: 'a', headers })
    expect(await (await server.inject(request)).text()).toBe('POST /plans a')
  })

  test('is for the whole app, wherever it is registered', async () => {
    const app = fastify()
    await app.register(async (part) => part.register(requestScope))
    expect(app.hasDecorator('requestScope')).toBe(false)
    const root = fastify()
    await root.register(requestScope)
    await root.register(async (part) => {
      part.get('/', async () => `${currentRequest()?.name}`)
    })
    await root.ready()
    await using server = await serveInMemory(root.server)
    expect(await (await server.inject('/')).text()).toBe('GET /')
  })

  test('refuses options that are none', async () => {
    const app = fastify()
    await expect(app.register(requestScope, { limit: 0 })).rejects.toThrow('limit')
    const other = fastify()
    const wrong = { nmae: () => '' } as never
    await expect(other.register(requestScope, wrong)).rejects.toThrow('a known option')
  })
})
