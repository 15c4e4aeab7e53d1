import { randomUUID } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { MAX_DOCUMENT_BYTES } from '../src/plans/pdf-body.ts'
import type { TestApp } from './open-test-app.ts'
import { signedIn } from './sign-in.ts'
import {
  announce,
  at,
  begin,
  choose,
  complete,
  cutInTheMiddle,
  expectStored,
  grantedBy,
  manager,
  MIB,
  newPlan,
  openPlan,
  partsOf,
  pdfOf,
  planOf,
  put,
  sendDocumentsOn,
  sha256Of,
  stored,
} from './upload-stage.ts'

/**
 * The tests of documents that browsers send straight to the store, on an app and a browser that other tests have
 * started.
 */
export function uploadCases(
  started: () => { readonly at: TestApp; readonly browser: Browser },
): void {
  describe('a document that is sent straight to the store', () => {
    sendDocumentsOn(started, 'upload@example.jp')

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
