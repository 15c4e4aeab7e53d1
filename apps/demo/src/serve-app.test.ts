import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { App } from './app.ts'
import { startOutsideWorld } from './outside-world.ts'
import { serveApp } from './serve-app.ts'
import { allow } from './web/access.ts'
import type { Environment } from './web/environment.ts'
import { startServer } from './web/start-server.ts'

test('a request under way at the end is answered with all that it works with', async () => {
  await using world = await startOutsideWorld(undefined)
  const underWay = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const routes = (app: App): Hono<Environment>[] => [
    new Hono<Environment>().get('/offices', allow('anyone'), async (c) => {
      underWay.resolve()
      await goOn.promise
      return c.json(await app.db.selectFrom('offices').select('id').execute())
    }),
  ]
  await using server = await startServer(0)
  const served = await serveApp(world, server, { connections: 2, extra: routes })
  const answer = fetch(new URL('/offices', served.settings.publicUrl))
  await underWay.promise
  const closed = served[Symbol.asyncDispose]()
  setImmediate(() => goOn.resolve())
  expect(await (await answer).json()).toEqual([])
  await closed
})
