import { gather } from '@yuzuru/concurrency'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'

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
