import { randomUUID } from 'node:crypto'
import { gather } from '@yuzuru/concurrency'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'
import { followLink, linkFor } from '../../test/sign-in.ts'
import { hiddenFields } from '../day/hidden-fields.ts'
import { Visitor } from '../day/visitor.ts'

const FORMS = [
  { path: '/plans', fields: { title: '個別支援計画' } },
  { path: '/requests', fields: { kind: 'leave', reason: '家族の通院' } },
]

let app: TestApp
let staff: Visitor
beforeAll(async () => {
  app = await openTestApp()
  staff = new Visitor(app.url)
  const email = 'once@example.jp'
  await staff.submit('/register', { officeName: '事業所', staffName: '職員', email })
  await followLink(staff, await linkFor(app.sandbox, email))
})
afterAll(async () => {
  await staff[Symbol.asyncDispose]()
  await app[Symbol.asyncDispose]()
})

/** How often what was typed stands on the page. */
async function shown(path: string, text: string): Promise<number> {
  const page = await staff.get(path)
  return page.text.split(text).length - 1
}

describe.each(FORMS)('the form of $path', ({ path, fields }) => {
  const [text = ''] = Object.values(fields).slice(-1)

  test('is done once, however often and how closely it is sent', async () => {
    const page = await staff.get(path)
    const form = { ...hiddenFields(page.text), ...fields }
    const clicks = await gather(Array.from({ length: 5 }, () => () => staff.submit(path, form)))
    const later = await staff.submit(path, form)
    const answers = new Set(
      [...clicks, later].map(({ status, url }) => `${status} ${url.pathname}`),
    )
    expect(answers.size).toBe(1)
    expect(await shown(path, text)).toBe(1)
  })

  test('is another each time that it is shown', async () => {
    const before = await shown(path, text)
    await staff.submit(path, { ...hiddenFields((await staff.get(path)).text), ...fields })
    expect(await shown(path, text)).toBe(before + 1)
  })

  test('may be sent again once it was mended', async () => {
    const key = randomUUID()
    const wrong = await staff.submit(path, { key, kind: 'leave' })
    expect(wrong.status).toBe(422)
    expect(hiddenFields(wrong.text)).not.toEqual({ key })
    const before = await shown(path, text)
    await staff.submit(path, { key, ...fields })
    expect(await shown(path, text)).toBe(before + 1)
  })
})
