import { gather } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'
import type { Schema } from '../schema.ts'
import { measureSlow, runSlowQuery } from './measure-slow.ts'

let at: TestApp
beforeAll(async () => {
  at = await openTestApp()
})
afterAll(() => at[Symbol.asyncDispose]())

test('measurements are taken one at a time, and those who would wait for long are turned away', async () => {
  const answers = await gather(Array.from({ length: 40 }, () => () => fetch(`${at.url}/await`)))
  const statuses = answers.map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([200, 429]))
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(5)
  expect((await fetch(`${at.url}/await`)).status).toBe(200)
})

test.each([
  [
    '',
    [
      'Three reads of 30 ms, one after the other',
      'The same three, together',
      'The same three, in one transaction',
      'a connection does one thing at a time',
    ],
  ],
  [
    '&callers=100',
    [
      '100 reads of 30 ms, one after the other: ',
      'Together: 100 callers, a pool of 10:',
      'the others wait for a connection',
      'Together: 100 callers, a pool of 100:',
      'All read at once',
      '100 pages over HTTP, together: ',
      'each request is parsed and each page rendered on the one thread',
    ],
  ],
])('the page shows what was measured, and why: /await?lang=en%s', async (choice, shown) => {
  const page = await (await fetch(`${at.url}/await?lang=en${choice}`)).text()
  for (const text of shown) expect(page).toContain(text)
  const figures = Array.from(page.matchAll(/\b\d+(?:\.\d+)? ms\b/g))
  expect(figures.length).toBeGreaterThanOrEqual(2)
})

test('a query is ended on the server when its budget ends, beside the code that did it', async () => {
  const page = await (await fetch(`${at.url}/slow?lang=en`)).text()
  const times = Array.from(page.matchAll(/<td class="figure">(\d+) ms/g), ([, ms]) => Number(ms))
  expect(times).toHaveLength(4)
  const [, budget = 0, caller = 0, gone = 0] = times
  // As it was seen to end, not as it was planned.
  expect(budget).toBeGreaterThanOrEqual(299)
  expect(budget).toBeLessThanOrEqual(caller)
  expect(caller).toBeGreaterThanOrEqual(300)
  // The query itself would take five seconds.
  expect(gone).toBeLessThan(4_000)
  expect(page).toContain('The caller gets a TimeoutError')
  expect(page).toContain('await withTimeout(300')
})

test('the query of the page is its own: others that come and go all the time are not taken for it', async () => {
  const stop = new AbortController()
  const other = async (): Promise<void> => {
    while (!stop.signal.aborted) await fetch(`${at.url}/api/v1/slow`)
  }
  const others = [other(), other()]
  const page = await (await fetch(`${at.url}/slow?lang=en`)).text()
  stop.abort()
  await Promise.all(others)
  const times = Array.from(page.matchAll(/<td class="figure">(\d+) ms/g), ([, ms]) => Number(ms))
  expect(times).toHaveLength(4)
  expect(Math.max(...times)).toBeLessThan(4_000)
})

test('a query that never begins is not watched for: what was in its way is thrown', async () => {
  const { databaseUrl: url } = at.app.settings
  await using db = createDatabase<Schema>({ url, connections: 1, queue: 3 })
  const held = Promise.withResolvers<void>()
  await gather([
    () => db.connection().execute(() => held.promise),
    () => expect(measureSlow(db)).rejects.toMatchObject({ name: 'TimeoutError' }),
    // Its budget ends after that of the measured one.
    () => runSlowQuery(db).catch(() => held.resolve()),
  ])
})
