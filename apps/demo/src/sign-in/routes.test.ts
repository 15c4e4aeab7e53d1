import type { JobContext } from '@yuzuru/jobs'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'
import { followLink, linkFor } from '../../test/sign-in.ts'
import { hiddenFields } from '../day/hidden-fields.ts'
import { Visitor } from '../day/visitor.ts'
import type { RegistrationPayload } from './expire-registration.ts'

let at: TestApp
beforeAll(async () => {
  at = await openTestApp()
})
afterAll(() => at[Symbol.asyncDispose]())
beforeEach(async () => {
  await at.app.db.deleteFrom('quotas').execute()
})

const form = (email: string, staffName = '山田 花子'): Record<string, string> => ({
  officeName: 'ゆずるの里',
  staffName,
  email,
})

async function registered(email: string): Promise<URL> {
  await using visitor = new Visitor(at.url)
  await visitor.submit('/register', form(email))
  return await linkFor(at.sandbox, email)
}

const signedIn = async (visitor: Visitor): Promise<boolean> =>
  (await visitor.get('/home')).url.pathname === '/home'

describe('a sign-in link', () => {
  test('is not used up by being followed, and lets in once by its button', async () => {
    const link = await registered('once@example.jp')
    await using scanner = new Visitor(at.url)
    await using visitor = new Visitor(at.url)
    for (let time = 0; time < 3; time += 1) {
      expect((await scanner.get(link)).text).toContain('once@example.jp')
    }
    expect(await signedIn(scanner)).toBe(false)
    const page = await visitor.get(link)
    await visitor.submit('/verify', hiddenFields(page.text))
    expect(await signedIn(visitor)).toBe(true)
    expect((await visitor.submit('/verify', hiddenFields(page.text))).status).toBe(410)
    expect((await scanner.get(link)).status).toBe(410)
  })

  test('signs nobody in whose browser was not shown the page: login CSRF', async () => {
    const link = await registered('attacker@example.jp')
    await using attacker = new Visitor(at.url)
    await using victim = new Visitor(at.url)
    const fields = hiddenFields((await attacker.get(link)).text)
    expect((await victim.submit('/verify', fields)).status).toBe(410)
    // Not even one that has a page of its own open.
    await victim.get(link)
    expect((await victim.submit('/verify', fields)).status).toBe(410)
    expect(await signedIn(victim)).toBe(false)
  })

  test('is replaced by the next one: one is valid at a time', async () => {
    const email = 'newest@example.jp'
    const first = await registered(email)
    await using visitor = new Visitor(at.url)
    await visitor.submit('/sign-in', { email })
    const second = await linkFor(at.sandbox, email, 2)
    expect(second.href).not.toBe(first.href)
    expect((await visitor.get(first)).status).toBe(410)
    await followLink(visitor, second)
    expect(await signedIn(visitor)).toBe(true)
  })
})

describe('an address', () => {
  test('gets the same answer to a registration whether it is known or not', async () => {
    await registered('known@example.jp')
    await using visitor = new Visitor(at.url)
    const answers = []
    for (const email of ['known@example.jp', 'unknown@example.jp']) {
      for (const path of ['/register', '/sign-in']) {
        const { status, text } = await visitor.submit(path, form(email))
        answers.push({ status, text })
      }
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toHaveLength(1)
  })

  test('gets five mails an hour, known or not, however many ask at once', async () => {
    await registered('flooded@example.jp')
    await at.app.db.deleteFrom('quotas').execute()
    await using visitor = new Visitor(at.url)
    for (const email of ['flooded@example.jp', 'nobody@example.jp']) {
      const tries = Array.from({ length: 12 }, () => visitor.submit('/sign-in', { email }))
      const statuses = (await Promise.all(tries)).map(({ status }) => status)
      expect(statuses.filter((status) => status === 200)).toHaveLength(5)
      expect(statuses.filter((status) => status === 429)).toHaveLength(7)
    }
    await sql`update quotas set times = array(select t - interval '1 hour' from unnest(times) t)`.execute(
      at.app.db,
    )
    expect((await visitor.submit('/sign-in', { email: 'nobody@example.jp' })).status).toBe(200)
  })

  test('is one of at most fifty that one network asks for in an hour', async () => {
    await using visitor = new Visitor(at.url)
    const tries = Array.from({ length: 60 }, (_, index) =>
      visitor.submit('/sign-in', { email: `a${index}@example.jp` }),
    )
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(50)
  })
})

describe('a stranger who registers another’s address', () => {
  test('writes nothing into the mail that goes there', async () => {
    await using visitor = new Visitor(at.url)
    const email = 'victim@example.jp'
    await visitor.submit('/register', form(email, 'BUY PILLS'))
    const mail = await at.sandbox.smtp.inbox.waitFor({ to: email })
    expect(Buffer.from(mail.raw).toString()).not.toContain('PILLS')
    expect(mail.html).not.toContain('PILLS')
    expect(mail.headers['to']).toBe(email)
    expect((await visitor.submit('/register', form(email, 'see evil://x'))).status).toBe(422)
  })

  test('can’t put a line break into a name, nor past the form', async () => {
    await using visitor = new Visitor(at.url)
    const email = 'locked-out@example.jp'
    for (const name of ['a\nb', 'a\tb', 'a\r\nBcc: x', 'a\u2028b']) {
      expect((await visitor.submit('/register', form(email, name))).status).toBe(422)
    }
    const { db } = at.app
    const staff = { email, name: 'a\nb', verified_at: null }
    await expect(db.insertInto('staff').values(staff).execute()).rejects.toMatchObject({
      code: 'check_violation',
    })
  })

  test('leaves nothing once the week is over; a verified office stays', async () => {
    await registered('never@example.jp')
    await using visitor = new Visitor(at.url)
    await followLink(visitor, await registered('verified@example.jp'))
    const { db, jobs } = at.app
    const { rows } = await sql<{ payload: RegistrationPayload; days: number }>`
      select payload, round(extract(epoch from run_at - enqueued_at) / 86400)::int as days
      from yuzuru_jobs where name = 'expire-registration' and worker is null`.execute(db)
    for (const { payload, days } of rows) {
      expect(days).toBe(7)
      await jobs.expireRegistration.run(payload, {} as JobContext)
    }
    const left = await db.selectFrom('staff').select('email').execute()
    expect(left.map(({ email }) => email)).toContain('verified@example.jp')
    expect(left.map(({ email }) => email)).not.toContain('never@example.jp')
    const empty = db.selectFrom('offices').where('name', '=', 'ゆずるの里').select('id')
    const offices = await empty.execute()
    const people = await db.selectFrom('office_associations').select('office_id').execute()
    for (const { id } of offices) expect(people.map(({ office_id }) => office_id)).toContain(id)
  })
})
