import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'
import { JOBS_PATH, MAILS_PATH } from './paths.ts'

let at: TestApp
beforeAll(async () => {
  at = await openTestApp()
})
afterAll(() => at[Symbol.asyncDispose]())

const languageAt = async (path: string, headers: Record<string, string> = {}): Promise<unknown> => {
  const page = await (await fetch(`${at.url}${path}`, { headers })).text()
  return /<html lang="(\w+)">/.exec(page)?.[1]
}

test.each([JOBS_PATH, MAILS_PATH])(
  '%s is in Japanese unless the browser asks for English',
  async (path) => {
    expect(await languageAt(path)).toBe('ja')
    expect(await languageAt(path, { 'accept-language': 'fr' })).toBe('ja')
    expect(await languageAt(path, { 'accept-language': 'en-GB' })).toBe('en')
  },
)

test.each(['ja', 'en'])(
  'the way to a dashboard keeps the language that was chosen: %s',
  async (chosen) => {
    const page = await (await fetch(`${at.url}/?lang=${chosen}`)).text()
    const paths = Array.from(
      page.matchAll(/ href="(\/(?:jobs|mails)[^"]*)"/g),
      ([, path = '']) => path,
    )
    expect(paths).toHaveLength(2)
    const other = chosen === 'ja' ? 'en' : 'ja'
    for (const path of paths) {
      expect(await languageAt(path, { 'accept-language': other })).toBe(chosen)
    }
  },
)
