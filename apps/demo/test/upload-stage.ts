import { createHash } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Visit, Visitor } from '../src/day/visitor.ts'
import type { Staff } from '../src/offices/staff.ts'
import { createPlan } from '../src/plans/plans.ts'
import type { TestApp } from './open-test-app.ts'
import { signedIn } from './sign-in.ts'

export const MIB = 1_024 * 1_024

export let at: TestApp
let browser: Browser
export let manager: { readonly staff: Staff; readonly visitor: Visitor; readonly token: string }

/** Two parts: of 5 MiB, and a short one. */
export const pdfOf = (seed: number): Buffer =>
  Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(5.3 * MIB, seed)])

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

export const newPlan = async (office = manager.staff): Promise<string> =>
  (await createPlan(at.app.db, office.office_id, { title: '個別支援計画' })).id

export const planOf = (id: string) =>
  at.app.db.selectFrom('plans').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

/** The page of a new plan, and how often each part was sent in whole. */
export async function openPlan(javaScriptEnabled = true) {
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

export async function choose(page: Page, buffer: Buffer): Promise<void> {
  await page.setInputFiles('input[type=file]', {
    name: '計画.pdf',
    mimeType: 'application/pdf',
    buffer,
  })
  await page.click('#upload button')
}

/** Lets the last part arrive, which is the shortest, and then cuts all off. */
export async function cutInTheMiddle(
  page: Page,
  arrived: readonly string[],
  pdf: Buffer,
): Promise<void> {
  at.storeLine.set({ bytesPerSecond: 2 * MIB })
  await page.waitForSelector('#upload[data-ready]')
  await choose(page, pdf)
  await expect.poll(() => arrived.join(' '), { timeout: 30_000 }).toBe('2')
  at.storeLine.set({ refuse: true })
  at.storeLine.reset()
  await page.getByText('接続が切れました').waitFor()
}

export async function expectStored(id: string, pdf: Buffer): Promise<void> {
  const plan = await planOf(id)
  expect(plan).toMatchObject({ document_name: '計画.pdf', document_bytes: pdf.length })
  expect(plan.document_sha256).toBe(sha256Of(pdf))
  const { info } = await at.app.storage.download(plan.document_key!)
  expect(info).toMatchObject({ bytes: pdf.length, contentType: 'application/pdf' })
}

export interface Granted {
  readonly id: string
  readonly upload: {
    readonly parts: readonly { readonly url: string; readonly etag?: string }[]
    readonly headers: Readonly<Record<string, string>>
  }
}

export const begin = (visitor: Visitor, plan: string, json: object): Promise<Visit> =>
  visitor.send(`/api/v1/plans/${plan}/uploads`, { method: 'POST', json })
export const grantedBy = ({ json }: Visit): Granted => json as Granted
export const partsOf = (visit: Visit): Granted['upload']['parts'] => grantedBy(visit).upload.parts
export const complete = (
  visitor: Visitor,
  plan: string,
  upload: string,
  etags: unknown,
): Promise<Visit> =>
  visitor.send(`/api/v1/plans/${plan}/uploads/${upload}/complete`, {
    method: 'POST',
    json: { etags },
  })

/** Sends bytes to where an upload of one part goes. */
export async function put(granted: Visit, body: string): Promise<Response> {
  const { parts, headers } = grantedBy(granted).upload
  return await fetch(parts[0]!.url, { method: 'PUT', body, headers })
}

export const announce = (text: string, says: object = {}) => ({
  filename: '計画.pdf',
  bytes: Buffer.byteLength(text),
  sha256: sha256Of(Buffer.from(text)),
  ...says,
})

export const stored = async (plan: string): Promise<string[]> =>
  (await Array.fromAsync(at.app.storage.list({ prefix: `plans/${plan}/` }))).map(({ key }) => key)

/** The keys of the uploads of a plan that are known. */
export const rowsOf = async (plan: string): Promise<string[]> => {
  const rows = at.app.db.selectFrom('document_uploads').select('key').where('plan_id', '=', plan)
  return (await rows.execute()).map(({ key }) => key)
}

/** Has the tests around it send documents in the office of a manager of their own, on what other tests have started. */
export function sendDocumentsOn(
  started: () => { readonly at: TestApp; readonly browser: Browser },
  email: string,
): void {
  beforeAll(async () => {
    ;({ at, browser } = started())
    manager = await signedIn(at, email)
  })
  afterEach(() => at.storeLine.clear())
  afterAll(() => manager.visitor[Symbol.asyncDispose]())
}
