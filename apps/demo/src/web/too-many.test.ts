import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'

let at: TestApp
beforeAll(async () => {
  at = await openTestApp()
})
afterAll(() => at[Symbol.asyncDispose]())

test('whoever asks for the head of the day’s events, or has left, is no follower', async () => {
  const url = `${at.url}/day/events`
  for (let count = 0; count < 60; count += 1) await fetch(url, { method: 'HEAD' })
  const follow = async (): Promise<number> => {
    const { status, body } = await fetch(url)
    await body?.cancel()
    return status
  }
  for (let count = 0; count < 60; count += 1) await expect.poll(follow).toBe(200)
})

test.each([
  ['GET', '/await', 40, 'is being measured for others'],
  ['POST', '/faults/database-gone', 20, 'is being tried by others'],
  ['GET', '/day/events', 51, 'is followed by too many pages'],
])('too many waiting is an answer in words: %s %s', async (method, path, count, words) => {
  const headers = { origin: at.url, accept: 'text/html' }
  const url = `${at.url}${path}?lang=en`
  // None is let go before all have their answer.
  const responses = await Promise.all(
    Array.from({ length: count }, () => fetch(url, { method, headers })),
  )
  const read = async (response: Response): Promise<string> => {
    if (response.status === 429) return `429 ${(await response.text()).includes(words)}`
    await response.body?.cancel()
    return String(response.status)
  }
  const answers = new Set(await Promise.all(responses.map(read)))
  expect(answers).toEqual(new Set(['200', '429 true']))
})
