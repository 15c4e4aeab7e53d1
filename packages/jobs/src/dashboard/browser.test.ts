import { taskGroup } from '@yuzuru/concurrency'
import { launchChromium } from '@yuzuru/tooling/chromium'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillHistory, fillQueue } from '../../test/dashboard-world.ts'
import { queue } from '../../test/queue.ts'
import { serveDashboard } from '../../test/serve-dashboard.ts'
import { dashboard } from '../dashboard.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

async function open() {
  const { db } = await queue()
  await fillHistory(db)
  const world = await fillQueue(db)
  const show = dashboard({ db, basePath: '/admin/jobs', canWrite: () => true, liveMs: 500 })
  const served = await serveDashboard(show)
  return { db, world, served, base: `${served.url}/admin/jobs` }
}

/** A page, and what the browser complains of. */
async function pageIn(options: BrowserContextOptions): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => void problems.push(message.text()))
  page.on('pageerror', (error) => void problems.push(error.message))
  page.on('requestfailed', (request) => {
    // The connection of a page that is left.
    if (!request.url().includes('/live?')) problems.push(`${request.url()} failed`)
  })
  return { page, problems }
}

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

async function findingsOn(page: Page): Promise<unknown[]> {
  // Playwright evaluates it by the protocol, which the page's policy does not forbid.
  await page.evaluate(axe.source)
  const violations = await page.evaluate<Finding[]>(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => ({ id, nodes })))`)
  return violations.map(({ id, nodes }) => [
    id,
    nodes.map(({ html, failureSummary }) => [html, failureSummary]),
  ])
}

describe('in a browser the dashboard', () => {
  test.each<[number, 'light' | 'dark', string]>([
    [390, 'light', 'ja'],
    [390, 'dark', 'en'],
    [1280, 'light', 'en'],
    [1280, 'dark', 'ja'],
  ])(
    'fits, obeys its policy, runs nothing of others and is accessible: %d px, %s, %s',
    async (width, colorScheme, locale) => {
      const { world, served, base } = await open()
      await using _ = served
      const { page, problems } = await pageIn({
        viewport: { width, height: 844 },
        colorScheme,
        locale,
      })
      const all = [
        '/',
        '/jobs?list=failed&kind=send-invoice',
        '/jobs?list=due&queue=reports',
        '/tagged?tag=billing',
        `/job?id=${world.failedId}`,
        `/job?id=${world.steppedId}`,
        '/crons',
        '/workers',
        `/confirm?action=cancel&target=${world.runningId}`,
      ]
      // Each page once light and once dark, once on a phone and once wide; two more for what is left.
      const isWhole = (width === 390) === (colorScheme === 'light')
      const paths = isWhole ? all : all.slice(0, 2)
      for (const path of paths) {
        await page.goto(`${base}${path}`)
        expect(await page.getAttribute('html', 'lang')).toBe(locale)
        expect(
          await page.evaluate<number>('document.documentElement.scrollWidth'),
        ).toBeLessThanOrEqual(width)
        expect(await findingsOn(page), path).toEqual([])
        expect(await page.title()).not.toContain('owned')
      }
      expect(problems).toEqual([])
      await page.context().close()
    },
  )

  test('follows the queue without a reload, keeps the focus, and stops when asked to', async () => {
    const { db, world, served, base } = await open()
    await using _ = served
    const { page, problems } = await pageIn({
      viewport: { width: 1280, height: 900 },
      locale: 'en',
    })
    await taskGroup(async (group) => {
      const working = group.spawn(world.work)
      await world.begun
      await page.goto(`${base}/`)
      await page.evaluate('window.marked = true')
      await page.getByText('semaphore "smtp", 1st in line').waitFor()
      const tile = page.locator('.tiles .due a')
      await tile.focus()
      expect(await tile.locator('strong').textContent()).toBe('120')
      await enqueue(db, defineJob<object>({ name: 'new-kind', run: async () => undefined }), {})
      await expect.poll(() => tile.locator('strong').textContent()).toBe('121')
      await page.getByRole('link', { name: 'new-kind' }).waitFor()
      expect(await tile.evaluate((node) => node.ownerDocument.activeElement === node)).toBe(true)
      await page.getByRole('button', { name: 'Pause updates' }).click()
      await page.getByText('Paused').waitFor()
      await enqueue(db, defineJob<object>({ name: 'newer-kind', run: async () => undefined }), {})
      await page.getByRole('button', { name: 'Resume updates' }).click()
      await expect.poll(() => tile.locator('strong').textContent()).toBe('122')
      expect(await page.evaluate('window.marked')).toBe(true)
      working.cancel('the test is over')
    })
    expect(problems).toEqual([])
    await page.context().close()
  })

  test('retries and cancels without JavaScript', async () => {
    const { db, world, served, base } = await open()
    await using _ = served
    const { page } = await pageIn({ javaScriptEnabled: false, locale: 'en' })
    await page.goto(`${base}/job?id=${world.failedId}`)
    await page.getByRole('link', { name: 'Retry' }).click()
    await page.getByRole('button', { name: 'Retry the job' }).click()
    await page.getByText('It is in the queue again.').waitFor()
    expect((await getJob(db, world.failedId))?.state).toBe('waiting')
    await page.getByRole('link', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Cancel the job' }).click()
    await page.getByText('It is cancelled.').waitFor()
    expect((await getJob(db, world.failedId))?.state).toBe('cancelled')
    await page.goto(`${base}/`)
    await page.getByRole('link', { name: 'Refresh' }).click()
    await page.getByRole('link', { name: '日本語' }).click()
    expect(await page.getAttribute('html', 'lang')).toBe('ja')
    await page.goto(`${base}/crons`)
    expect(await page.getAttribute('html', 'lang')).toBe('ja')
    await page.context().close()
  })
})
