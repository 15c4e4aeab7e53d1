import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { memoryStage } from '../../test/idempotent-stage.ts'
import type { App } from '../listening/app.ts'
import { serve } from '../listening/serve.ts'
import { HttpProblem } from '../problems/http-problem.ts'
import { problem } from '../problems/problem.ts'
import type { MemoryTransaction } from '../testing.ts'
import { idempotent } from './idempotent.ts'

type Handle = (request: Request) => Promise<Response>

/** The same handler in each framework. */
const apps: Readonly<Record<string, (handle: Handle) => App>> = {
  'a function': (handle) => handle,
  hono: (handle) => {
    const app = new Hono()
    app.post('/plans', (c) => handle(c.req.raw))
    app.onError((error, c) => problem(error, c.req.header('accept')))
    return app
  },
  express: (handle) => {
    const listener = getRequestListener((request) =>
      handle(request).catch((error: unknown) => problem(error, request.headers.get('accept'))),
    )
    const app = express()
    app.post('/plans', (request, response) => listener(request, response))
    return app
  },
}

test.each(Object.entries(apps))('a request is done once for its key: %s', async (_name, appOf) => {
  const { store, act, count } = await memoryStage()
  let fails = true
  const handle = idempotent<MemoryTransaction>(
    async (request, { tx }) => {
      await act(tx)
      const body: unknown = await request.json()
      if (fails) throw new HttpProblem(503, 'Busy')
      return Response.json(body, { status: 201 })
    },
    { store, caller: 'everyone' },
  )
  await using server = await serve(appOf(handle), { lingerMs: 0 })
  const send = async (key: string | undefined, json: unknown): Promise<unknown[]> => {
    const headers = {
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      connection: 'close',
    }
    const init = { method: 'POST', body: JSON.stringify(json), headers }
    const answer = await fetch(`${server.url}/plans`, init)
    const body = (await answer.json()) as { title?: string; code?: string }
    return [answer.status, body.title ?? body, answer.headers.get('idempotent-replayed')]
  }
  expect(await send('"k"', { a: 1 })).toEqual([503, 'Busy', null])
  fails = false
  expect(await send('"k"', { a: 1 })).toEqual([201, { a: 1 }, null])
  expect(await send('"k"', { a: 1 })).toEqual([201, { a: 1 }, 'true'])
  expect(await send('"k"', { a: 2 })).toEqual([422, 'The Idempotency-Key is already used', null])
  expect(await send(undefined, {})).toEqual([400, 'The Idempotency-Key is missing', null])
  expect(await count()).toBe(1)
})
