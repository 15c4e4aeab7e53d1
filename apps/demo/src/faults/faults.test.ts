import { readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { cancelScope, gather, sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'
import { BOUNDARIES } from './boundaries.ts'
import { FAULTS } from './faults.ts'
import type { Fault, Held } from './fault.ts'
import { tryFault } from './try-fault.ts'

let at: TestApp
beforeAll(async () => {
  at = await openTestApp()
})
afterAll(() => at[Symbol.asyncDispose]())

/** What the caller of each sees: the code and the outcome, or nothing where the call is repeated for it. */
const SEEN: Readonly<Record<string, readonly [code: string, outcome: string] | undefined>> = {
  'database-commit': ['commit_unknown', 'unknown'],
  'database-gone': ['connection_failed', 'none'],
  'storage-reply': undefined,
  'mail-refused': ['temporarily_rejected', 'none'],
  'mail-silent': ['connection_lost', 'unknown'],
  'payments-reply': ['connection_lost', 'unknown'],
  'calendar-reply': undefined,
  'worker-gone': undefined,
  'http-reply': ['connection_lost', 'unknown'],
}

test.each(FAULTS.map((fault) => [fault.name, fault] as const))(
  'what is broken on purpose is seen, and what is to hold holds: %s',
  async (name, fault) => {
    const { app, sandbox } = at
    const { error, held } = await tryFault(fault, sandbox, app.settings, app)
    expect(error && [error.code, error.outcome]).toEqual(SEEN[name])
    expect(held.holds).toBe(true)
  },
)

const WRONG: readonly (readonly [string, Partial<Fault>])[] = [
  ['no reply is lost', { act: async () => undefined, losesReply: true }],
  ['the caller sees nothing of it', { act: async () => undefined, sees: 'unknown' }],
  ['the caller sees another outcome', { sees: 'none' }],
]

test.each(WRONG)('nothing is said to hold when %s', async (_, wrong) => {
  const { app, sandbox } = at
  const right: Fault = {
    ...FAULTS.find(({ name }) => name === 'http-reply')!,
    held: async () => ({ holds: true, text: { ja: '', en: '' } }),
  }
  expect((await tryFault(right, sandbox, app.settings, app)).held.holds).toBe(true)
  const fault: Fault = { ...right, sees: 'nothing', losesReply: false, ...wrong }
  expect((await tryFault(fault, sandbox, app.settings, app)).held.holds).toBe(false)
})

/** What faults have made, and nobody has taken away. */
async function left(): Promise<readonly string[]> {
  const { db, storage } = at.app
  // What looks later does so now.
  await sql`update yuzuru_jobs set run_at = now(), stage = 0 where name = 'tidy-document' and worker is null`.execute(
    db,
  )
  const { rows } = await sql<{ what: string }>`
    select 'customer of ' || reference as what from yuzuru_billing_customers where reference like 'fault-%'
    union all select 'account of ' || reference from yuzuru_calendar_accounts where reference like 'fault-%'
    union all select 'quota' from quotas where encode(key, 'escape') like 'fault-%'
    union all select 'job ' || name from yuzuru_jobs where name = 'worker-gone'`.execute(db)
  const files = await Array.fromAsync(storage.list({ prefix: 'faults/' }))
  const customers = at.sandbox.stripe.customers().map(({ email }) => email ?? '')
  return [
    ...rows.map(({ what }) => what),
    ...files.map(({ key }) => key),
    ...customers.filter((email) => email.startsWith('fault-')),
  ]
}

describe.each(FAULTS.map((fault) => [fault.name, fault] as const))('of %s', (_, fault) => {
  const visitOf = (tried: Fault) => tryFault(tried, at.sandbox, at.app.settings, at.app)

  test('nothing is left', async () => {
    await visitOf(fault)
    await expect.poll(left).toEqual([])
  })

  test.each([1, 10, 100, Infinity])(
    'nothing is left when its visitor leaves after %d turns of the event loop, or before it is looked at',
    async (turns) => {
      const visit = cancelScope(async (scope) => {
        const leave = async (): Promise<Held> => {
          scope.cancel('the visitor has left')
          await sleep(Infinity)
          throw new Error('The visitor has not left')
        }
        const later = async (): Promise<unknown> => {
          for (let turn = 0; turn < turns; turn += 1) await setImmediate()
          return await leave()
        }
        const act: Fault['act'] = (stage) => gather([() => fault.act(stage), later])
        return await visitOf({ ...fault, ...(turns === Infinity ? {} : { act }), held: leave })
      })
      await expect(visit).rejects.toMatchObject({ name: 'Cancelled' })
      await expect.poll(left, { timeout: 10_000 }).toEqual([])
      // Nor is anything broken for the next one.
      const { held } = await visitOf(fault)
      expect(held.holds).toBe(true)
    },
  )
})

test('each boundary has a fault, and each fault a guarantee that there is', async () => {
  expect(new Set(FAULTS.map(({ boundary }) => boundary))).toEqual(
    new Set(Object.values(BOUNDARIES)),
  )
  for (const { name, boundary, guarantee } of FAULTS) {
    const file = `../../../../packages/${boundary.name}/GUARANTEES.md`
    const text = await readFile(new URL(file, import.meta.url), 'utf8')
    expect(text, name).toMatch(new RegExp(`^${guarantee}\\. `, 'm'))
  }
})

test('a button breaks it, and the page says what was seen and what held', async () => {
  const headers = { origin: at.url, accept: 'text/html' }
  const press = (name: string, language: string): Promise<Response> =>
    fetch(`${at.url}/faults/${name}?lang=${language}`, { method: 'POST', headers })
  const text = await (await press('database-gone', 'en')).text()
  expect(text).toContain('connection_failed, outcome: none')
  expect(text).toContain('Nothing was written')
  // What the user saw, and what says that it holds.
  expect(text).toContain('Nothing has changed; please try again')
  expect(text).toContain('packages/db/GUARANTEES.md, 96')
  expect(await (await press('database-gone', 'ja')).text()).toContain('何も書かれていない')
  expect((await press('nothing', 'en')).status).toBe(404)
})
