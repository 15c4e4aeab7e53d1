import { io, IoError } from '@yuzuru/concurrency'
import { transaction } from '@yuzuru/db'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import { openDatabase, yuzuruDatabase } from '../../test/database.ts'
import { openStage, STAGES } from '../../test/idempotent-stage.ts'
import { idempotent } from '../idempotency/idempotent.ts'
import { serve } from '../listening/serve.ts'
import { currentRequest } from '../request/current-request.ts'
import { HttpProblem } from './http-problem.ts'

/*
 * What an error answer says of the effect is said of the whole request: an error knows only of its own call.
 */

const refused = (): IoError =>
  new IoError('all connections are busy', {
    boundary: 'bank',
    operation: 'pay',
    code: 'overloaded',
    retryable: true,
    outcome: 'none',
  })

async function outcomeOf(handle: () => Promise<Response>): Promise<unknown> {
  await using server = await serve(handle, { lingerMs: 0 })
  const { body } = await ask(server.url)
  return (JSON.parse(body) as { outcome?: string }).outcome
}

async function database() {
  const { url, ...opened } = await openDatabase()
  const db = yuzuruDatabase(url)
  onTestFinished(async () => {
    await db.close()
    await opened[Symbol.asyncDispose]()
  })
  return db
}

describe('an error answer says what the whole request may have done', () => {
  test('a row that was committed before it', async () => {
    const db = await database()
    const outcome = await outcomeOf(async () => {
      await db.insertInto('effects').values({ name: 'effect' }).execute()
      throw refused()
    })
    expect(outcome).toBe('unknown')
  })

  test('a transaction that was committed before it', async () => {
    const db = await database()
    const outcome = await outcomeOf(async () => {
      await transaction(db, (tx) => tx.insertInto('effects').values({ name: 'effect' }).execute())
      throw refused()
    })
    expect(outcome).toBe('unknown')
  })

  test('a transaction that was undone by it', async () => {
    const db = await database()
    const outcome = await outcomeOf(() =>
      transaction(db, async (tx) => {
        await tx.insertInto('effects').values({ name: 'effect' }).execute()
        throw refused()
      }),
    )
    expect(outcome).toBe('none')
  })

  test('a row that was read before it', async () => {
    const db = await database()
    const outcome = await outcomeOf(async () => {
      await db.selectFrom('effects').selectAll().execute()
      throw refused()
    })
    expect(outcome).toBe('none')
  })

  test('a failure that was caught', async () => {
    const call = { boundary: 'bank', operation: 'pay', effect: 'write' } as const
    const outcome = await outcomeOf(async () => {
      await io(call, {}, () => Promise.reject(new Error('lost'))).catch(() => {})
      throw new HttpProblem(503, 'Busy', { outcome: 'none' })
    })
    expect(outcome).toBe('unknown')
  })

  test('the claim of an Idempotency-Key is no effect', async () => {
    const { options } = await openStage(STAGES['on @yuzuru/db'] as never, {})
    const handle = idempotent(async () => {
      throw refused()
    }, options)
    const asked = (): Promise<Response> =>
      handle(
        new Request('http://a/', {
          method: 'POST',
          body: '{}',
          headers: { 'idempotency-key': '"k"' },
        }),
      )
    expect(await outcomeOf(asked)).toBe('none')
  })
})

test('currentRequest says it, also once the request has ended', async () => {
  const call = { boundary: 'bank', operation: 'pay', effect: 'write' } as const
  const seen: unknown[] = []
  const kept: ReturnType<typeof currentRequest>[] = []
  await using server = await serve(
    async () => {
      const request = currentRequest()
      kept.push(request)
      seen.push(request?.outcome)
      await io(call, {}, async () => {})
      seen.push(request?.outcome)
      return new Response('done')
    },
    { lingerMs: 0 },
  )
  await ask(server.url)
  while (server.active > 0) await new Promise((resolve) => void setImmediate(resolve))
  expect([...seen, kept[0]?.outcome]).toEqual(['none', 'unknown', 'unknown'])
})
