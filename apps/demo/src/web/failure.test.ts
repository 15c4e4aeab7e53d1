import { IoError } from '@yuzuru/concurrency'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { migrateApp, openApp } from '../app.ts'
import { startOutsideWorld } from '../outside-world.ts'
import { allow } from './access.ts'
import type { Environment } from './environment.ts'
import { createWebApp } from './web-app.ts'

const ORIGIN = 'http://127.0.0.1:1'

test('a read that fails after a commit does not promise that nothing has changed', async () => {
  await using world = await startOutsideWorld(undefined)
  await using app = await openApp(await world.settingsFor(ORIGIN), 2)
  await migrateApp(app.db)
  const failRead = (): never => {
    const operation = { boundary: 'db', operation: 'query', code: 'connection_lost' }
    throw new IoError('The connection was lost', { ...operation, retryable: true, outcome: 'none' })
  }
  const routes = new Hono<Environment>()
  routes.post('/api/read', allow('anyone'), () => failRead())
  routes.post('/api/write-and-read', allow('anyone'), async () => {
    await app.db.insertInto('offices').values({ name: '里' }).execute()
    return failRead()
  })
  const web = createWebApp(app, [routes])
  const outcomeAt = async (path: string): Promise<unknown> => {
    const response = await web.fetch(
      new Request(`${ORIGIN}${path}?lang=en`, {
        method: 'POST',
        headers: { origin: ORIGIN },
      }),
    )
    const { error } = (await response.json()) as { error: { outcome: string; message: string } }
    return [response.status, error.outcome, error.message.includes('Nothing has changed')]
  }
  expect(await outcomeAt('/api/read')).toEqual([503, 'none', true])
  expect(await outcomeAt('/api/write-and-read')).toEqual([503, 'unknown', false])
})
