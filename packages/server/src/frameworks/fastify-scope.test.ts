import { Readable } from 'node:stream'
import { Cancelled, sleep } from '@yuzuru/concurrency'
import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import { currentRequest } from '../request/current-request.ts'
import { serveInMemory } from '../testing/serve-in-memory.ts'
import { onError } from './fastify-problems.ts'
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

  test('has app.close() cancel what is under way once its time is over, and wait for what comes after', async () => {
    const steps: string[] = []
    const begun = Promise.withResolvers<void>()
    const app = fastify()
    await app.register(requestScope, { drainMs: 0 })
    app.setErrorHandler(onError)
    app.get('/', (_request, reply) => {
      begun.resolve()
      sleep(Infinity).catch((error: unknown) => {
        steps.push(Cancelled.isInstance(error) ? 'cancelled' : 'failed')
        void reply.send(error)
      })
    })
    const answer = ask(await app.listen({ port: 0, host: '127.0.0.1' }))
    await begun.promise
    await app.close()
    expect(steps).toEqual(['cancelled'])
    expect(app.requestScope.active).toBe(0)
    const { status, body } = await answer
    expect([status, JSON.parse(body)]).toMatchObject([503, { code: 'closed' }])
  })

  test('refuses options that are none', async () => {
    const app = fastify()
    await expect(app.register(requestScope, { limit: 0 })).rejects.toThrow('limit')
    const other = fastify()
    const wrong = { nmae: () => '' } as never
    await expect(other.register(requestScope, wrong)).rejects.toThrow('a known option')
  })
})
