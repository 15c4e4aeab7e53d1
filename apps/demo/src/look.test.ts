import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { launchChromium } from '@yuzuru/tooling/chromium'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillApp } from '../test/fill-app.ts'
import { openTestApp, type TestApp } from '../test/open-test-app.ts'
import { dayRoutes } from './day/routes.tsx'
import { faultRoutes } from './faults/routes.tsx'
import { inboxRoutes } from './inbox/routes.tsx'
import { guardedRoutes } from './web/access.ts'
import { createWebApp } from './web/web-app.ts'

/** Where pictures of the pages are kept, if anywhere. */
const { YUZURU_SCREENSHOTS: pictures } = process.env

const open = new AsyncDisposableStack()
let at: TestApp
let browser: Browser
let filled: Awaited<ReturnType<typeof fillApp>>

beforeAll(async () => {
  at = open.use(await openTestApp())
  filled = await fillApp(at)
  browser = await launchChromium()
  open.defer(() => browser.close())
})

afterAll(() => open.disposeAsync())

/** A page: what it is called, who looks at it, and what it shows. */
interface ShownPage {
  readonly name: string
  readonly path: () => string
  readonly who?: 'nobody' | 'full' | 'empty' | 'gone'
  readonly status?: number
  /** The button that leads to what is looked at; nothing is filled in but what `fill` says. */
  readonly press?: string
  readonly fill?: readonly [field: string, value: () => string]
  readonly shows: Readonly<Record<'ja' | 'en', string>>
}

const PAGES: readonly ShownPage[] = [
  { name: 'start', path: () => '/', who: 'nobody', shows: { ja: '譲る', en: 'yield' } },
  {
    name: 'register',
    path: () => '/register',
    who: 'nobody',
    shows: { ja: '事業所名', en: 'Office' },
  },
  {
    name: 'register-refused',
    path: () => '/register',
    who: 'nobody',
    press: '[action="/register"] button',
    shows: { ja: '入力してください', en: 'is required' },
  },
  {
    name: 'sign-in-refused',
    path: () => '/sign-in',
    who: 'nobody',
    press: '[action="/sign-in"] button',
    shows: { ja: '入力してください', en: 'is required' },
  },
  {
    name: 'mail-sent',
    path: () => '/sign-in',
    who: 'nobody',
    fill: ['[name=email]', () => `${randomUUID()}@example.jp`],
    press: '[action="/sign-in"] button',
    shows: { ja: 'お送りしました', en: 'is on its way' },
  },
  {
    name: 'verify',
    path: () => filled.verifyPath,
    who: 'nobody',
    shows: { ja: 'empty@example.jp', en: 'signed in as empty@example.jp' },
  },
  { name: 'mails', path: () => '/mails', who: 'nobody', shows: { ja: '件名', en: 'Subject' } },
  { name: 'jobs', path: () => '/jobs', who: 'nobody', shows: { ja: 'キュー', en: 'Queue' } },
  ...(
    [
      ['home', () => '/home', '[action="/home/offices"] button'],
      ['plans', () => '/plans', '[action^="/plans?"] button'],
      ['requests', () => '/requests', '[action^="/requests?"] button'],
      ['decline', () => '/requests', '[name=status][value=declined]'],
      ['meeting', () => `/plans/${filled.planId}/meeting`, '[method=post][action$=meeting] button'],
    ] as const
  ).map(([name, path, press]) => {
    const shows = { ja: '入力してください', en: 'is required' }
    return { name: `${name}-refused`, path, press, shows }
  }),
  {
    name: 'billing-plan',
    path: () => '/billing/plan?to=year',
    who: 'gone',
    shows: { ja: 'いまのお支払い', en: 'Due now' },
  },
  {
    name: 'invoices',
    path: () => '/billing/invoices',
    who: 'gone',
    shows: { ja: 'お支払い済み', en: 'Paid' },
  },
  {
    name: 'invoices-empty',
    path: () => '/billing/invoices',
    who: 'empty',
    shows: { ja: 'まだありません', en: 'No invoice yet' },
  },
  { name: 'sign-in', path: () => '/sign-in', who: 'nobody', shows: { ja: 'リンク', en: 'link' } },
  { name: 'home', path: () => '/home', shows: { ja: 'これからやること', en: 'To do' } },
  {
    name: 'home-empty',
    path: () => '/home',
    who: 'empty',
    shows: { ja: '最初の支援計画', en: 'Create the first support plan' },
  },
  { name: 'plans', path: () => '/plans', shows: { ja: '作成', en: 'Create' } },
  {
    name: 'plans-empty',
    path: () => '/plans',
    who: 'empty',
    shows: { ja: 'まだ', en: 'No plan yet' },
  },
  {
    name: 'plan-approved',
    path: () => `/plans/${filled.approvedId}`,
    shows: { ja: '佐藤 花子 が', en: 'Approved by 佐藤 花子' },
  },
  {
    name: 'billing-open',
    path: () => `/billing?checkout=${filled.checkoutId}`,
    shows: { ja: '確認を待って', en: 'Being confirmed' },
  },
  {
    name: 'billing-late',
    path: () => `/billing?checkout=${filled.checkoutId}&since=0`,
    shows: { ja: 'まだ届きません', en: 'Look again' },
  },
  {
    name: 'plan',
    path: () => `/plans/${filled.planId}?done=plan-created`,
    shows: { ja: '作成しました', en: 'was created' },
  },
  {
    name: 'meeting',
    path: () => `/plans/${filled.planId}/meeting`,
    shows: { ja: '空き', en: 'free' },
  },
  { name: 'requests', path: () => '/requests', shows: { ja: '承認', en: 'Approve' } },
  {
    name: 'requests-empty',
    path: () => '/requests',
    who: 'empty',
    shows: { ja: 'まだ', en: 'No request yet' },
  },
  {
    name: 'billing',
    path: () => '/billing',
    shows: { ja: '180日', en: 'Days left of the trial180' },
  },
  {
    name: 'billing-subscribed',
    path: () => '/billing',
    who: 'gone',
    shows: { ja: '期間の終了時に解約する', en: 'Cancel at the end of the period' },
  },
  { name: 'calendar', path: () => '/calendar', shows: { ja: '空いている時間', en: 'Free times' } },
  {
    name: 'calendar-none',
    path: () => '/calendar',
    who: 'empty',
    shows: { ja: '未接続', en: 'Connect' },
  },
  {
    name: 'calendar-gone',
    path: () => '/calendar',
    who: 'gone',
    shows: { ja: '切れて', en: 'again' },
  },
  { name: 'await', path: () => '/await', shows: { ja: 'いっしょに', en: 'together' } },
  { name: 'slow', path: () => '/slow', shows: { ja: '消えた', en: 'Gone from' } },
  { name: 'faults', path: () => '/faults', shows: { ja: 'COMMIT の返事', en: 'reply to COMMIT' } },
  {
    name: 'faults-result',
    path: () => '/faults',
    press: '[action="/faults/database-commit"] button',
    shows: { ja: '行は書かれていた', en: 'The row was written' },
  },
  { name: 'tree', path: () => '/tree', shows: { ja: '木です', en: 'right now' } },
  {
    name: 'day',
    path: () => '/day',
    who: 'nobody',
    shows: { ja: '3 段階のうち 2', en: '2 of 3 steps' },
  },
  { name: 'inbox', path: () => '/inbox', who: 'nobody', shows: { ja: '通', en: 'mails' } },
  {
    name: 'not-found',
    path: () => '/nowhere',
    status: 404,
    shows: { ja: '見つかりません', en: 'Not found' },
  },
]

async function findingsOn(page: Page, rules: string): Promise<unknown[]> {
  // Playwright evaluates it by the protocol, which the page's policy does not forbid.
  await page.evaluate(axe.source)
  return await page.evaluate<unknown[]>(`axe.run(${rules}).then(({ violations }) =>
    violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => [html, failureSummary])]))`)
}

/** What answers to GET and is no page: files, events of a page, and ways that lead elsewhere. */
const NO_PAGES: ReadonlySet<string> = new Set([
  '/upload.js',
  '/upload/:name{.+}',
  '/live.js',
  '/day.js',
  '/day/events',
  '/fonts/noto-sans-jp.css',
  '/fonts/:name',
  '/plans/:id/document',
  '/calendar/callback',
  '/faults/:name',
])

/** Whether a route has the path: `/plans/:id` has `/plans/7`. */
function isAt(route: string, pathname: string): boolean {
  const [parts, given] = [route.split('/'), pathname.split('/')]
  const isSame = (part: string, at: number): boolean => part.startsWith(':') || part === given[at]
  return parts.length === given.length && parts.every(isSame)
}

/** Whether it is the address of a form, where a browser that asks for a page is led back to the page above. */
async function leadsBack(web: ReturnType<typeof createWebApp>, path: string): Promise<boolean> {
  const answer = await web.request(new URL(path, at.url))
  const location = answer.headers.get('location')
  return location === '/' || (location !== null && path.startsWith(`${location}/`))
}

test('no page is left out', async () => {
  const { app, sandbox, runs } = at
  const web = createWebApp(app, [
    inboxRoutes(sandbox.smtp.inbox),
    dayRoutes(app, runs, (observer) => at.live(observer)),
    faultRoutes(app, sandbox),
  ])
  const looked = PAGES.map(({ path }) => new URL(path(), at.url).pathname)
  const others = guardedRoutes(web)
    .filter(({ method, path }) => method === 'GET' && !path.startsWith('/api/'))
    .map(({ path }) => path)
    .filter((path) => !NO_PAGES.has(path))
    .filter((path) => !looked.some((pathname) => isAt(path, pathname)))
  const missing: string[] = []
  for (const path of others) if (!(await leadsBack(web, path))) missing.push(path)
  expect(missing).toEqual([])
})

interface Look {
  readonly width: number
  readonly scheme: 'light' | 'dark'
  readonly locale: 'ja-JP' | 'en-GB'
}

const LOOKS: readonly Look[] = [390, 1_280].flatMap((width) =>
  (['light', 'dark'] as const).flatMap((scheme) =>
    (['ja-JP', 'en-GB'] as const).map((locale) => ({ width, scheme, locale })),
  ),
)

const nameOf = ({ width, scheme, locale }: Look): string => `${width} ${scheme} ${locale}`

/**
 * What axe looks for: everything once, and the contrast once more in the other colours. Of the rest only the width
 * and the language differ; all are looked at when pictures are kept.
 */
const RULES: ReadonlyMap<string, string> = new Map([
  ['390 light ja-JP', '{}'],
  ['1280 dark en-GB', "{ runOnly: ['color-contrast'] }"],
])
const NARROW = '390 dark en-GB'

for (const look of LOOKS) {
  const { width, scheme: colorScheme, locale } = look
  const name = nameOf(look)
  if (!RULES.has(name) && name !== NARROW && pictures === undefined) continue
  for (const who of ['nobody', 'full', 'empty', 'gone'] as const) {
    test(`each page fits, is accessible, and is in the language: ${name}, ${who}`, async () => {
      const viewport = { width, height: 844 }
      const context = await browser.newContext({ viewport, colorScheme, locale })
      const value = filled.sessions[who]
      if (value !== undefined) {
        await context.addCookies([{ name: 'session', value, url: at.url }])
      }
      const page = await context.newPage()
      for (const shown of PAGES.filter((each) => (each.who ?? 'full') === who)) {
        await expectGood(page, shown, look)
      }
      await context.close()
    })
  }
}

async function expectGood(page: Page, shown: ShownPage, look: Look): Promise<void> {
  const { name, path, status = 200, press, fill, shows } = shown
  const { width, scheme, locale } = look
  const language = locale === 'ja-JP' ? 'ja' : 'en'
  const problems: string[] = []
  const note = (error: Error): void => void problems.push(error.message)
  page.on('pageerror', note)
  const answer = await page.goto(`${at.url}${path()}`)
  expect(answer?.status(), name).toBe(status)
  if (press !== undefined) {
    // What the browser would refuse by itself is the app's to refuse.
    await page.evaluate(`for (const form of document.forms) form.noValidate = true;
      for (const details of document.querySelectorAll('details')) details.open = true`)
    if (fill !== undefined) await page.fill(fill[0], fill[1]())
    await page.locator(press).first().click()
    await page.getByText(shows[language]).first().waitFor()
  }
  if (pictures !== undefined) {
    await mkdir(pictures, { recursive: true })
    const file = join(pictures, `${name}-${width}-${scheme}-${language}.png`)
    await page.screenshot({ path: file, fullPage: true })
  }
  expect(await page.getAttribute('html', 'lang')).toBe(language)
  expect(await page.textContent('main'), name).toContain(shows[language])
  const scrollWidth = await page.evaluate<number>('document.documentElement.scrollWidth')
  expect(scrollWidth, name).toBeLessThanOrEqual(width)
  const rules = RULES.get(nameOf(look))
  if (rules !== undefined) expect(await findingsOn(page, rules), name).toEqual([])
  expect(problems, name).toEqual([])
  page.off('pageerror', note)
}
