import { createHash, randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Visit, Visitor } from '../src/day/visitor.ts'
import type { Staff } from '../src/offices/staff.ts'
import { createPlan } from '../src/plans/plans.ts'
import { MAX_DOCUMENT_BYTES } from '../src/plans/pdf-body.ts'
import type { TestApp } from './open-test-app.ts'
import { signedIn } from './sign-in.ts'

const MIB = 1_024 * 1_024

let at: TestApp
let browser: Browser
let manager: { readonly staff: Staff; readonly visitor: Visitor; readonly token: string }

/** Two parts: of 5 MiB, and a short one. */
const pdfOf = (seed: number): Buffer =>
  Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(5.3 * MIB, seed)])

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const newPlan = async (office = manager.staff): Promise<string> =>
  (await createPlan(at.app.db, office.office_id, { title: '個別支援計画' })).id

const planOf = (id: string) =>
  at.app.db.selectFrom('plans').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

/** The page of a new plan, and how often each part was sent in whole. */
async function openPlan(javaScriptEnabled = true) {
  const id = await newPlan()
  const context = await browser.newContext({ locale: 'ja-JP', javaScriptEnabled })
  await context.addCookies([{ name: 'session', value: manager.token, url: at.url }])
  const page = await context.newPage()
  const arrived: string[] = []
  page.on('requestfinished', (request) => {
    const part = new URL(request.url()).searchParams.get('partNumber')
    if (request.method() === 'PUT' && part !== null) arrived.push(part)
  })
  await page.goto(`${at.url}/plans/${id}`)
  return { id, page, arrived, [Symbol.asyncDispose]: () => context.close() }
}

async function choose(page: Page, buffer: Buffer): Promise<void> {
  await page.setInputFiles('input[type=file]', {
    name: '計画.pdf',
    mimeType: 'application/pdf',
    buffer,
  })
  await page.click('#upload button')
}

/** Lets the last part arrive, which is the shortest, and then cuts all off. */
async function cutInTheMiddle(page: Page, arrived: readonly string[], pdf: Buffer): Promise<void> {
  at.storeLine.set({ bytesPerSecond: 2 * MIB })
  await page.waitForSelector('#upload[data-ready]')
  await choose(page, pdf)
  await expect.poll(() => arrived.join(' '), { timeout: 30_000 }).toBe('2')
  at.storeLine.set({ refuse: true })
  at.storeLine.reset()
  await page.getByText('接続が切れました').waitFor()
}

async function expectStored(id: string, pdf: Buffer): Promise<void> {
  const plan = await planOf(id)
  expect(plan).toMatchObject({ document_name: '計画.pdf', document_bytes: pdf.length })
  expect(plan.document_sha256).toBe(sha256Of(pdf))
  const { info } = await at.app.storage.download(plan.document_key!)
  expect(info).toMatchObject({ bytes: pdf.length, contentType: 'application/pdf' })
}

interface Granted {
  readonly id: string
  readonly upload: {
    readonly parts: readonly { readonly url: string; readonly etag?: string }[]
    readonly headers: Readonly<Record<string, string>>
  }
}

const begin = (visitor: Visitor, plan: string, json: object): Promise<Visit> =>
  visitor.send(`/api/v1/plans/${plan}/uploads`, { method: 'POST', json })
const grantedBy = ({ json }: Visit): Granted => json as Granted
const partsOf = (visit: Visit): Granted['upload']['parts'] => grantedBy(visit).upload.parts
const complete = (visitor: Visitor, plan: string, upload: string, etags: unknown): Promise<Visit> =>
  visitor.send(`/api/v1/plans/${plan}/uploads/${upload}/complete`, {
    method: 'POST',
    json: { etags },
  })

/** Sends bytes to where an upload of one part goes. */
async function put(granted: Visit, body: string): Promise<Response> {
  const { parts, headers } = grantedBy(granted).upload
  return await fetch(parts[0]!.url, { method: 'PUT', body, headers })
}

const announce = (text: string, says: object = {}) => ({
  filename: '計画.pdf',
  bytes: Buffer.byteLength(text),
  sha256: sha256Of(Buffer.from(text)),
  ...says,
})

const stored = async (plan: string): Promise<string[]> =>
  (await Array.fromAsync(at.app.storage.list({ prefix: `plans/${plan}/` }))).map(({ key }) => key)

/**
 * The tests of documents that browsers send straight to the store, on an app and a browser that other tests have
 * started.
 */
export function uploadCases(
  started: () => { readonly at: TestApp; readonly browser: Browser },
): void {
  describe('a document that is sent straight to the store', () => {
    beforeAll(async () => {
      ;({ at, browser } = started())
      manager = await signedIn(at, 'upload@example.jp')
    })
    afterEach(() => at.storeLine.clear())
    afterAll(() => manager.visitor[Symbol.asyncDispose]())

    test('an upload whose connection is cut goes on by itself with the parts that are missing', async () => {
      await using plan = await openPlan()
      const { page, arrived, id } = plan
      const pdf = pdfOf(1)
      await cutInTheMiddle(page, arrived, pdf)
      expect((await planOf(id)).document_key).toBeNull()
      at.storeLine.clear()
      await page.getByText('文書を保存しました').waitFor()
      expect(arrived.toSorted()).toEqual(['1', '2'])
      await expectStored(id, pdf)
    })

    test('after the page was loaded again the same file goes on, and another one does not', async () => {
      await using plan = await openPlan()
      const { page, arrived, id } = plan
      const pdf = pdfOf(2)
      await cutInTheMiddle(page, arrived, pdf)
      at.storeLine.clear()
      await page.goto(`${at.url}/plans/${id}`)
      await page.waitForSelector('#upload[data-ready]')
      await choose(page, pdf)
      await page.getByText('文書を保存しました').waitFor()
      expect(arrived.toSorted()).toEqual(['1', '2'])
      await expectStored(id, pdf)
      const bytes = pdf.length
      const announced = { filename: '計画.pdf', bytes, sha256: sha256Of(pdfOf(3)) }
      const other = await begin(manager.visitor, id, announced)
      expect(partsOf(other).every(({ etag }) => etag === undefined)).toBe(true)
    })

    test('without a script the document is sent as forms are, and what is wrong is said', async () => {
      await using plan = await openPlan(false)
      const { page, id } = plan
      await choose(page, Buffer.from('<html>'))
      expect(await page.textContent('[role=alert]')).toContain('PDFファイルを選んでください')
      await choose(page, Buffer.from('%PDF-1.7 計画'))
      await page.getByText('文書を保存しました').waitFor()
      await expectStored(id, Buffer.from('%PDF-1.7 計画'))
    })

    test('a client that lies gets nothing into a plan, nor anything of another office', async () => {
      const { visitor } = manager
      const plan = await newPlan()
      await using stranger = (await signedIn(at, 'other@example.jp')).visitor
      const text = '%PDF-1.7 計画'
      for (const [says, status] of [
        [{ bytes: MAX_DOCUMENT_BYTES + 1 }, 413],
        [{ bytes: -1 }, 422],
        [{ bytes: '9' }, 422],
        [{ sha256: 'x' }, 422],
        [{ filename: '\u202Efdp.exe' }, 422],
        [{ filename: '../../' }, 201],
      ] as const) {
        const { status: got, text: answer } = await begin(visitor, plan, announce(text, says))
        // Of a path nothing is left that leads anywhere.
        if (status === 201) expect(answer).not.toContain('../')
        expect([says, got]).toEqual([says, status])
      }
      const granted = await begin(visitor, plan, announce(text))
      const { id } = grantedBy(granted)
      // The token of the store, and its key but for the URL, do not leave the server.
      expect(Object.keys(granted.json as object)).toEqual(['id', 'upload'])
      expect(granted.json).not.toHaveProperty('upload.token')
      // Larger than said: the store's answer, as the size is signed.
      expect((await put(granted, `${text} and more`)).status).toBe(403)
      // Not there yet; of another plan of the office; of another office; of nobody.
      expect((await complete(visitor, plan, id, [''])).status).toBe(409)
      expect((await complete(visitor, await newPlan(), id, [''])).status).toBe(404)
      expect((await complete(stranger, plan, id, [''])).status).toBe(404)
      expect((await begin(stranger, plan, announce(text))).status).toBe(404)
      expect((await complete(visitor, plan, randomUUID(), [''])).status).toBe(404)
      // As long as said, and another file, or no PDF: it is removed.
      const lies = ['%PDF-1.7 計算', '<html>   計画']
      for (const [index, lie] of lies.entries()) {
        const again = await begin(visitor, plan, announce(text))
        expect(Buffer.byteLength(lie)).toBe(Buffer.byteLength(text))
        const etag = (await put(again, lie)).headers.get('etag')
        const refused = await complete(visitor, plan, grantedBy(again).id, [etag])
        expect(refused.status).toBe([422, 415][index])
        await expect.poll(() => stored(plan)).toEqual([])
      }
      expect((await planOf(plan)).document_key).toBeNull()
      // What is true passes, and may be completed again, should the answer be lost.
      const last = await begin(visitor, plan, announce(text))
      const etag = (await put(last, text)).headers.get('etag')
      for (const _ of [1, 2]) {
        expect((await complete(visitor, plan, grantedBy(last).id, [etag])).status).toBe(201)
      }
      // Its URL still holds, and puts nothing in the place of what was looked at.
      expect((await put(last, lies[0]!)).status).toBe(412)
      const { document_key: key } = await planOf(plan)
      expect(await (await at.app.storage.download(key!)).text()).toBe(text)
      await expectStored(plan, Buffer.from(text))
    })

    test('an upload that nobody goes on with is swept, with what is known of it', async () => {
      const plan = await newPlan()
      const { visitor } = manager
      const whole = await begin(visitor, plan, announce('%PDF-1.7 計画'))
      await put(whole, '%PDF-1.7 計画')
      const parts = await begin(visitor, plan, announce('', { bytes: 11 * MIB }))
      await fetch(partsOf(parts)[2]!.url, { method: 'PUT', body: Buffer.alloc(MIB) })
      const { bucket } = at.app.settings.storage
      const open = async () =>
        (await at.sandbox.s3.uploads(bucket)).filter(({ key }) => key.includes(plan)).length
      expect([(await stored(plan)).length, await open()]).toEqual([1, 1])
      const rows = at.app.db.selectFrom('document_uploads').selectAll().where('plan_id', '=', plan)
      for (const { key } of await rows.execute()) {
        await at.app.jobs.tidyDocument.run({ planId: plan, key }, undefined as never)
      }
      expect([await stored(plan), await open()]).toEqual([[], 0])
      expect(await rows.execute()).toEqual([])
    })
  })
}
