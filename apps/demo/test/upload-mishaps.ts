import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { MAX_DOCUMENT_BYTES } from '../src/plans/pdf-body.ts'
import { getPlan } from '../src/plans/plans.ts'
import { completeUpload } from '../src/plans/uploads.ts'
import type { TestApp } from './open-test-app.ts'
import {
  announce,
  at,
  begin,
  choose,
  cutInTheMiddle,
  expectStored,
  grantedBy,
  manager,
  MIB,
  newPlan,
  openPlan,
  pdfOf,
  planOf,
  put,
  rowsOf,
  sendDocumentsOn,
  stored,
} from './upload-stage.ts'

/** What goes wrong with documents on the side of those who send them, on an app and a browser that are started. */
export function uploadMishaps(
  started: () => { readonly at: TestApp; readonly browser: Browser },
): void {
  describe('a document of one who makes a mistake, or leaves', () => {
    sendDocumentsOn(started, 'mishap@example.jp')

    test('an upload that is swept while it is completed leaves no plan that points at nothing', async () => {
      const { visitor, staff } = manager
      const id = await newPlan()
      const text = '%PDF-1.7 計画'
      const granted = await begin(visitor, id, announce(text))
      const etag = (await put(granted, text)).headers.get('etag')
      const { storage, jobs } = at.app
      const [key = ''] = await rowsOf(id)
      // The job that looks later does so when all has been looked at, and nothing is noted yet.
      const swept = {
        completeUpload: storage.completeUpload.bind(storage),
        download: async (name: string) => {
          const { body, info } = await storage.download(name)
          async function* read() {
            yield* body
            await jobs.tidyDocument.run({ planId: id, key }, undefined as never)
          }
          return { body: read(), info }
        },
      } as unknown as TestApp['app']['storage']
      const { office_id: office } = staff
      const plan = await getPlan(at.app, office, id)
      const noted = completeUpload({ ...at.app, storage: swept }, plan, grantedBy(granted).id, {
        etags: [etag],
      })
      await expect(noted).rejects.toMatchObject({ status: 404 })
      expect([(await planOf(id)).document_key, await stored(id)]).toEqual([null, []])
    })

    test('an empty file, and one that is too large, are refused in words before they are read', async () => {
      await using plan = await openPlan()
      const { page } = plan
      await page.waitForSelector('#upload[data-ready]')
      await choose(page, Buffer.alloc(0))
      await expect
        .poll(() => page.textContent('#upload [role=alert]'))
        .toContain('ファイルが空です')
      await page.$eval('#upload', (form) => form.setAttribute('data-most', '8'))
      const asked: string[] = []
      page.on('request', (request) => {
        // Fonts come when a text needs them.
        if (request.url().includes('/api/')) asked.push(request.url())
      })
      await choose(page, Buffer.from('%PDF-1.7 計画'))
      await expect.poll(() => page.textContent('#upload [role=alert]')).toContain('50 MBまで')
      expect(asked).toEqual([])
      expect(await page.isEnabled('#upload button')).toBe(true)
    })

    test('a file that is dropped while another one is under way does not cut that one off', async () => {
      await using plan = await openPlan()
      const { page, id } = plan
      const pdf = pdfOf(4)
      at.storeLine.set({ bytesPerSecond: 8 * MIB })
      await page.waitForSelector('#upload[data-ready]')
      await choose(page, pdf)
      await page.waitForSelector('#upload button:disabled')
      await page.evaluate(`
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File(['%PDF-1.7 other'], 'other.pdf'))
        const drop = new DragEvent('drop', { dataTransfer, cancelable: true })
        document.querySelector('#upload').dispatchEvent(drop)`)
      await page.getByText('文書を保存しました').waitFor()
      await expectStored(id, pdf)
      expect(await rowsOf(id)).toHaveLength(1)
    })

    test('a file that has changed since it was chosen is not waited for', async () => {
      await using plan = await openPlan()
      const { page } = plan
      const folder = await mkdtemp(join(tmpdir(), 'yuzuru-demo-'))
      const path = join(folder, '計画.pdf')
      await writeFile(path, pdfOf(5))
      await page.waitForSelector('#upload[data-ready]')
      await page.setInputFiles('input[type=file]', path)
      at.storeLine.set({ refuse: true })
      at.storeLine.reset()
      await page.click('#upload button')
      await page.getByText('接続が切れました').waitFor()
      await writeFile(path, '%PDF-1.7 anew')
      at.storeLine.clear()
      await expect
        .poll(() => page.textContent('#upload [role=alert]'))
        .toContain('変更されたようです')
      await rm(folder, { recursive: true })
    })

    test('a person who is signed out in the middle is told so', async () => {
      await using plan = await openPlan()
      const { page, arrived, id } = plan
      await cutInTheMiddle(page, arrived, pdfOf(6))
      await page.context().clearCookies()
      at.storeLine.clear()
      await expect.poll(() => page.textContent('#upload [role=alert]')).toContain('ログイン')
      expect((await planOf(id)).document_key).toBeNull()
    })

    test('a form without a length is measured as it comes, and only of those who may send it', async () => {
      const id = await newPlan()
      let sent = 0
      async function* endless(): AsyncGenerator<Uint8Array> {
        yield Buffer.from(
          '--x\r\ncontent-disposition: form-data; name="document"; filename="a.pdf"\r\n\r\n%PDF-',
        )
        for (; sent < 4 * MAX_DOCUMENT_BYTES; sent += MIB) yield Buffer.alloc(MIB)
      }
      const send = async (cookie: string): Promise<number> => {
        const headers = {
          'content-type': 'multipart/form-data; boundary=x',
          accept: 'text/html',
          origin: at.url,
          cookie,
        }
        const init = { method: 'POST', headers, body: endless(), duplex: 'half' }
        return (await fetch(`${at.url}/plans/${id}/document`, init as RequestInit)).status
      }
      expect(await send(`session=${manager.token}`)).toBe(413)
      expect(sent).toBeLessThan(3 * MAX_DOCUMENT_BYTES)
      sent = 0
      expect(await send('')).toBe(401)
      expect(sent).toBeLessThan(MAX_DOCUMENT_BYTES)
      expect(await stored(id)).toEqual([])
    })
  })
}
