import { expect, test } from 'vitest'
import { AutoRouter } from 'itty-router'
import { ask } from '../../test/ask.ts'
import { serve } from './serve.ts'

/* Node's own, also where something has been served in this process before: the one that stands for it is made of it. */
const made: unknown = Object.getPrototypeOf(globalThis.Request)
const NodeRequest = made === Function.prototype ? globalThis.Request : (made as typeof Request)
const { constructor } = await fetch('data:,')
const NodeResponse = constructor as typeof Response

test('what Node makes is an instance of Request and Response while apps are served', async () => {
  await using _server = await serve(() => new Response('hello'), { lingerMs: 0 })
  expect(globalThis.Response).not.toBe(NodeResponse)
  const given = [new NodeResponse(), await fetch('data:text/plain,hello'), Response.json({})]
  for (const response of [...given, new Response()]) {
    expect([response instanceof Response, response instanceof NodeResponse]).toEqual([true, true])
  }
  expect(new NodeRequest('http://localhost') instanceof Request).toBe(true)
  expect(new Request('http://localhost') instanceof NodeRequest).toBe(true)
  for (const other of [{}, null, 'text', new Headers()]) {
    expect((other as unknown) instanceof Response).toBe(false)
  }
  class Own extends Response {}
  expect([new Own() instanceof Own, new Own() instanceof Response]).toEqual([true, true])
  expect(new Response() instanceof Own).toBe(false)
})

test('a router that makes JSON of values passes on what fetch gave', async () => {
  const router = AutoRouter().get('/', () => fetch('data:text/plain,hello'))
  await using server = await serve(router, { lingerMs: 0 })
  expect((await ask(server.url)).body).toBe('hello')
})
