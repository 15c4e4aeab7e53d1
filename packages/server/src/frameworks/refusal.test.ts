import { createServer, type Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { basicAuth } from 'hono/basic-auth'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { describe, expect, test } from 'vitest'
import * as forFastify from '../fastify.ts'
import * as forHono from '../hono.ts'
import { HttpProblem } from '../problems/http-problem.ts'
import { currentRequest } from '../request/current-request.ts'
import * as forNode from '../node.ts'
import { serveInMemory } from '../testing/serve-in-memory.ts'
import { refusalOf } from './refusal.ts'

const BROKEN = '{"password":hunter2}'
const LONG = JSON.stringify({ title: 'a'.repeat(200) })

/** What answers a POST of a plan to the framework's own body parser, limited to 100 bytes. */
const servers: Readonly<Record<string, () => Promise<Server>>> = {
  hono: async () => {
    const app = new Hono().use(forHono.requestScope()).onError(forHono.onError)
    app.post('/plans', bodyLimit({ maxSize: 100 }), async (c) => {
      const plan = await c.req.json<object>().catch(() => {
        throw new HTTPException(400, { message: BROKEN })
      })
      return c.text(`${currentRequest()?.name} ${JSON.stringify(plan)}`)
    })
    return createAdaptorServer({ fetch: app.fetch }) as Server
  },
  express: async () => {
    const app = express().use(forNode.requestScope(), express.json({ limit: 100 }))
    app.post('/plans', (request, response) => {
      response.send(`${currentRequest()?.name} ${JSON.stringify(request.body)}`)
    })
    return createServer(app.use(forNode.notFound, forNode.onError))
  },
  fastify: async () => {
    const app = fastify({ bodyLimit: 100 })
    await app.register(forFastify.requestScope)
    app.setErrorHandler(forFastify.onError).setNotFoundHandler(forFastify.notFound)
    app.post('/plans', (request, reply) => {
      void reply.send(`${currentRequest()?.name} ${JSON.stringify(request.body)}`)
    })
    await app.ready()
    return app.server
  },
}

const post = (body: string, type = 'application/json'): Request =>
  new Request('http://localhost/plans', {
    method: 'POST',
    body,
    headers: { 'content-type': type, 'content-length': `${body.length}` },
  })

describe.each(Object.entries(servers))('a refusal of the framework, %s:', (_kind, make) => {
  test.each([
    ['malformed', BROKEN, 400, 'Bad Request'],
    ['too large', LONG, 413, 'Payload Too Large'],
  ])('a body that is %s is the client’s, without its words', async (_what, body, status, title) => {
    await using server = await serveInMemory(await make())
    const answer = await server.inject(post(body))
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ status, title })
    expect(text).not.toContain('hunter2')
  })

  test('a handler is in its request’s context once the body is read', async () => {
    await using server = await serveInMemory(await make())
    const answer = await server.inject(post('{"title":"a"}'))
    expect(await answer.text()).toBe('POST /plans {"title":"a"}')
  })
})

describe('a refusal', () => {
  test('of fastify’s schemas is 422, with the words of the schema for each field', async () => {
    const app = fastify({ ajv: { customOptions: { allErrors: true } } })
    app.setErrorHandler(forFastify.onError)
    const body = {
      type: 'object',
      required: ['title'],
      properties: {
        steps: { type: 'array', items: { type: 'integer' } },
        title: { type: 'string' },
      },
    }
    app.post('/plans', { schema: { body } }, async () => 'not called')
    await app.ready()
    await using server = await serveInMemory(app.server)
    const answer = await server.inject(post('{"steps":["hunter2"]}'))
    const fields = { title: expect.stringContaining('required'), 'steps.0': 'must be integer' }
    expect([answer.status, await answer.json()]).toMatchObject([
      422,
      { code: 'invalid_request', fields },
    ])
  })

  test('of hono keeps the headers that it came with', async () => {
    const app = new Hono().onError(forHono.onError)
    app.use(basicAuth({ username: 'a', password: 'hunter2' }))
    await using server = await serveInMemory(app)
    const answer = await server.inject('/')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('Basic')
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  test.each([
    ['of something else with a status', Object.assign(new Error(), { status: 404 })],
    ['that is not to be shown', Object.assign(new Error(), { expose: false, status: 404 })],
    ['with a status that is none', Object.assign(new Error(), { expose: true, status: 200 })],
    ['of a server', Object.assign(new Error(), { code: 'FST_ERR_X', statusCode: 500 })],
    ['of ours', new HttpProblem(409, 'Changed')],
    ['a text', 'hunter2'],
    ['nothing', undefined],
  ])('%s stays as it is', (_what, error) => {
    expect(refusalOf(error)).toBe(error)
  })

  test('of hono with the answer of another server is sent whole, without what is said of that body', async () => {
    const headers = { 'content-length': '5', 'transfer-encoding': 'chunked', 'x-own': 'yes' }
    const res = new Response('other', { headers: { ...headers, connection: 'keep-alive' } })
    const app = new Hono().onError(forHono.onError).get('/', () => {
      throw new HTTPException(502, { res })
    })
    await using server = await serveInMemory(app)
    const answer = await server.inject('/')
    expect(await answer.json()).toMatchObject({ status: 502, title: 'Bad Gateway' })
    expect(answer.headers.get('x-own')).toBe('yes')
  })

  test('with headers that cannot be sent is one without them', () => {
    const error = Object.assign(new Error(), {
      expose: true,
      status: 429,
      headers: { 'retry-after': '1', location: 'a\r\nset-cookie: b', age: 3 },
    })
    expect(refusalOf(error)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
  })
})
