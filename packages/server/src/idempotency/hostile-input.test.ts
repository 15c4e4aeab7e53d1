import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { formatTaskTree } from '@yuzuru/concurrency/inspect'
import { exerciseHostileTexts } from '@yuzuru/concurrency/testing'
import { transaction } from '@yuzuru/db'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openDatabase, yuzuruDatabase } from '../../test/database.ts'
import { rawExchange } from '../../test/raw-exchange.ts'
import { memoryStage, post } from '../../test/idempotent-stage.ts'
import { serve } from '../listening/serve.ts'
import { idempotent } from './idempotent.ts'
import { kyselyIdempotencyStore } from './kysely-idempotency-store.ts'

const echo = async (request: Request): Promise<Response> =>
  new Response(await request.text(), { headers: { 'content-type': 'text/plain' } })

describe('a hostile text', () => {
  const make = async () => {
    const database = await openDatabase()
    await sql`create table canary (id integer)`.execute(database.db)
    const store = kyselyIdempotencyStore(database.db)
    const handle = idempotent(echo, {
      store,
      caller: (request) => decodeURIComponent(request.headers.get('x-caller') ?? ''),
    })
    return { ...database, store, handle }
  }
  const cases = exerciseHostileTexts({
    make,
    ways: {
      'the key': async ({ handle }, text) => {
        // What HTTP does not carry at all does not get as far.
        if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)) return
        const quoted = `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
        for (const key of [text, quoted]) await handle(post(key, '{}', { 'x-caller': 'a' }))
      },
      'the caller': ({ handle }, text) =>
        handle(post('k', '{}', { 'x-caller': encodeURIComponent(text) })),
      'the body, and the answer': async ({ handle }, text) => {
        const request = (): Request =>
          post(`k${text.length}`, text, { 'x-caller': text.length.toString() })
        const [first, repeat] = [await handle(request()), await handle(request())]
        if (first.status === 200) expect(await repeat.text()).toBe(await first.text())
      },
      'the id, the token and the fingerprint of a claim': async ({ store }, text) => {
        const claim = { id: `x${text}`.slice(0, 200), token: text }
        const times = { leaseMs: 60_000, ttlMs: 60_000 }
        await store.claim({ ...claim, ...times, fingerprint: text, repeatable: true })
        const headers = [[text, text]] as const
        await store.finish(claim, { status: 200, headers, body: Buffer.from(text) }, 60_000)
      },
    },
    // A NUL in a text that did not come from a hash: PostgreSQL refuses the value.
    isRefusal: (error) => String((error as { code?: unknown }).code).startsWith('22'),
    check: async ({ db }) => {
      const { rows } = await sql<{ name: string }>`
        select tablename as name from pg_tables where schemaname = current_schema()
          and tablename in ('canary', 'harmed')`.execute(db)
      expect(rows).toEqual([{ name: 'canary' }])
    },
  })
  for (const { name, run } of cases) test(name, run)
})

describe('on the wire', () => {
  test.each([
    ['two headers', 'Idempotency-Key: "a"\r\nIdempotency-Key: "b"\r\n'],
    ['two headers that are equal', 'Idempotency-Key: a\r\nIdempotency-Key: a\r\n'],
    ['an empty key', 'Idempotency-Key: \r\n'],
    ['a NUL', 'Idempotency-Key: a\0b\r\n'],
    ['invalid UTF-8', 'Idempotency-Key: "\xc3\x28"\r\n'],
    ['10,000 characters', `Idempotency-Key: ${'k'.repeat(10_000)}\r\n`],
  ])('%s gets 400, and its handler is not called', async (_what, header) => {
    const { store } = await memoryStage()
    const handle = idempotent(async () => expect.unreachable(), { store, caller: 'everyone' })
    await using server = await serve(handle, { lingerMs: 0 })
    const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n`
    const bytes = Buffer.from(`${head}${header}\r\n{}`, 'latin1')
    expect(await rawExchange(server.port, bytes)).toMatch(/^HTTP\/1\.1 400 /)
  })
})

test('no key, caller or body is in an answer, an error, a trace, the task tree or the table', async () => {
  const database = await openDatabase()
  onTestFinished(() => database[Symbol.asyncDispose]())
  const db = yuzuruDatabase(database.url)
  const store = kyselyIdempotencyStore(db, { transaction: (fn) => transaction(db, fn) })
  const seen: string[] = []
  const note = (message: unknown): void => void seen.push(textOf(message))
  for (const phase of ['start', 'end', 'asyncEnd', 'error']) {
    subscribe(`tracing:yuzuru:io:${phase}`, note)
    onTestFinished(() => void unsubscribe(`tracing:yuzuru:io:${phase}`, note))
  }
  const answers = [
    () => new Response('done'),
    () => new Response('busy', { status: 503 }),
    () => Promise.reject(new RangeError('broken')),
    () => new Response('x'.repeat(100)),
  ]
  for (const [at, answer] of answers.entries()) {
    const handle = idempotent(
      async () => {
        seen.push(formatTaskTree({ limit: Infinity, total: Infinity }))
        return await answer()
      },
      { store, caller: () => 'secret-caller', maxAnswerBytes: 99, effects: 'repeatable' },
    )
    for (const body of ['secret-body', 'secret-body', 'secret-other']) {
      const request = post(`secret-key-${at}`, body)
      seen.push(textOf(await handle(request).catch((error: unknown) => error)))
    }
    for (const key of ['secret key', undefined]) {
      const answered = await handle(post(key, 'secret-body'))
      seen.push(textOf([...answered.headers]), await answered.text())
    }
  }
  const { rows } =
    await sql`select to_jsonb(k)::text as row from yuzuru_idempotency_keys k`.execute(database.db)
  seen.push(JSON.stringify(rows))
  expect(seen.join('')).toContain('idempotent request')
  expect(seen.join('')).not.toContain('secret')
})

function textOf(value: unknown): string {
  if (!(value instanceof Error)) return JSON.stringify(value) ?? ''
  return `${value.stack} ${textOf(value.cause ?? '')} ${JSON.stringify(value)}`
}
