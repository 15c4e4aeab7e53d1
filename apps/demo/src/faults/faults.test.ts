import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'
import { BOUNDARIES } from './boundaries.ts'
import { FAULTS } from './faults.ts'
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
