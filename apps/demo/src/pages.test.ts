import { sleep } from '@yuzuru/concurrency'
import { launchChromium } from '@yuzuru/tooling/chromium'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { liveCases } from '../test/live-cases.ts'
import { uploadCases } from '../test/upload-cases.ts'
import { uploadMishaps } from '../test/upload-mishaps.ts'
import { openTestApp, shortDay, type TestApp } from '../test/open-test-app.ts'

const open = new AsyncDisposableStack()
let at: TestApp
let browser: Browser
let url = ''

beforeAll(async () => {
  at = open.use(await openTestApp())
  url = at.url
  browser = await launchChromium()
  open.defer(() => browser.close())
})

afterAll(() => open.disposeAsync())

async function register(page: Page, email: string): Promise<void> {
  await page.goto(`${url}/register`)
  await page.fill('[name=officeName]', 'ゆずるの里')
  await page.fill('[name=staffName]', '佐藤 <b>太郎</b>')
  await page.fill('[name=email]', email)
  await page.click('main button')
  await page.waitForURL(`${url}/register`)
}

test('a person registers, follows the mail, uploads a plan and sees it; what was typed stays text', async () => {
  const page = await browser.newPage({ locale: 'ja-JP' })
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await register(page, 'taro@example.jp')

  // The mail is sent by a job: the page of the inbox is asked until it is there.
  const link = page.locator('a[href*="/verify?token="]').first()
  await expect
    .poll(async () => {
      await page.goto(`${url}/inbox`)
      return await link.count()
    })
    .toBe(1)
  await link.click()
  await page.waitForURL(/\/verify/)
  await page.click('main button')
  await page.waitForURL(`${url}/home`)
  expect(await page.textContent('.who span')).toBe('佐藤 <b>太郎</b>')

  await page.goto(`${url}/plans`)
  await page.fill('[name=title]', '個別支援計画')
  await page.click('main button')
  const file = { name: '計画.pdf', mimeType: 'application/pdf' }
  await page.waitForSelector('#upload[data-ready]')
  await page.setInputFiles('input[type=file]', { ...file, buffer: Buffer.from('<html>') })
  await page.click('#upload button')
  await expect.poll(() => page.textContent('#upload [role=alert]')).toContain('PDFファイル')
  await page.setInputFiles('input[type=file]', { ...file, buffer: Buffer.from('%PDF-1.7 計画') })
  await page.click('#upload button')
  await page.getByText('文書を保存しました').waitFor()
  expect(await page.textContent('main')).toContain('計画.pdf')

  await page.goto(`${url}/billing`)
  await page.click('main button')
  await page.waitForURL(/\/c\/pay\//)
  await page.click('button[type=submit]')
  await page.waitForURL(/\/billing\?checkout=/)
  expect(errors).toEqual([])
  await page.close()
})

test('the dashboards of jobs and mails are there, with their own headers, and break no rule of those', async () => {
  const page = await browser.newPage({ locale: 'ja-JP' })
  const said: string[] = []
  page.on('pageerror', (error) => said.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') said.push(message.text())
  })
  const jobs = await page.goto(`${url}/jobs?lang=ja`)
  expect(jobs?.status()).toBe(200)
  expect(jobs?.headers()['content-security-policy']).not.toContain('unsafe')
  expect(await page.textContent('h1')).toBe('概要')
  await page.goto(`${url}/mails`)
  const names = await page.locator('main a').allTextContents()
  expect(names.join(' ')).toContain('plan-approved')
  await page.locator('main a').first().click()
  await page.waitForSelector('iframe')
  expect(said).toEqual([])
  await page.close()
})

test('a day is started, watched and cancelled in the page, with the keyboard alone', async () => {
  const goOn = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  at.live = async (observer) => {
    await shortDay(observer)
    observer.begins(3, { ja: '支援計画書の保存', en: 'The document' })
    begun.resolve()
    await goOn.promise
    await sleep(Infinity)
    return []
  }
  const page = await browser.newPage({ locale: 'en-GB' })
  await page.goto(`${url}/day`)
  const shown = (step: number) => page.locator(`#step-${step}`)
  expect(await shown(1).locator('details').getAttribute('open')).toBeNull()
  expect(await shown(2).textContent()).toContain('StripeError: connection_lost')
  expect(await shown(2).locator('details').getAttribute('open')).not.toBeNull()
  expect(await shown(3).textContent()).toContain('Waiting')
  await page.locator('[data-key=run]').focus()
  await page.keyboard.press('Enter')
  await begun.promise
  await shown(3).getByText('Running').waitFor()
  expect(await page.textContent('#run [role=status]')).toContain('2 of 3 steps, 3 of 4 checks')
  expect(await page.getAttribute('progress', 'value')).toBe('2')
  // What is unfolded stays so, and the keyboard where it was, while the page changes.
  await shown(1).locator('summary').focus()
  await page.keyboard.press('Enter')
  expect(await shown(1).textContent()).toContain('on purpose')
  goOn.resolve()
  await page.locator('[data-key=run]').focus()
  await page.keyboard.press('Enter')
  await page.getByText('Cancelled; nothing is left of it').waitFor()
  await shown(3).getByText('Cut off').waitFor()
  await page.close()
})

test('without a script the day shows how it stands, and looks again while it runs', async () => {
  const begun = Promise.withResolvers<void>()
  at.live = async (observer) => {
    observer.begins(1, { ja: '登録', en: 'Registration' })
    begun.resolve()
    await sleep(Infinity)
    return []
  }
  const context = await browser.newContext({ locale: 'ja-JP', javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(`${url}/day`)
  expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(0)
  await page.click('[data-key=run]')
  await begun.promise
  await page.locator('#step-1').getByText('実行中').waitFor()
  await page.getByRole('button', { name: '中止する' }).click()
  await page.getByText('中止しました').waitFor()
  await context.close()
})

test('Japanese is shown in a font that the app brings along', async () => {
  const page = await browser.newPage({ locale: 'ja-JP' })
  await page.goto(url)
  // In the page, as text: this program knows no document.
  await page.evaluate('document.fonts.ready')
  const family = await page.evaluate<string>('getComputedStyle(document.body).fontFamily')
  expect(family).toMatch(/^"Noto Sans JP Variable"/)
  const loaded = `[...document.fonts].filter(({ status }) => status === 'loaded').length`
  expect(await page.evaluate<number>(loaded)).toBeGreaterThan(0)
  await page.close()
})

test('the language is switched and remembered', async () => {
  const page = await browser.newPage({ locale: 'ja-JP' })
  await page.goto(url)
  expect(await page.getAttribute('html', 'lang')).toBe('ja')
  await page.click('a[lang=en]')
  expect(await page.getAttribute('html', 'lang')).toBe('en')
  await page.goto(`${url}/register`)
  expect(await page.textContent('h1')).toBe('Register an office')
  await page.close()
})

test.each([
  ['en-GB', 'en'],
  ['ja-JP', 'ja'],
  ['fr-FR', 'ja'],
])(
  'without a choice the language is that of the browser, else Japanese: %s',
  async (locale, lang) => {
    const page = await browser.newPage({ locale })
    await page.goto(url)
    expect(await page.getAttribute('html', 'lang')).toBe(lang)
    await page.close()
  },
)

test('input that is refused is kept, with what is wrong with it', async () => {
  const page = await browser.newPage({ locale: 'ja-JP' })
  await register(page, 'jiro@localhost')
  expect(await page.textContent('[role=alert]')).toContain('メールアドレスの形で')
  expect(await page.inputValue('[name=officeName]')).toBe('ゆずるの里')
  await page.close()
})

liveCases(() => ({ at, browser }))

uploadCases(() => ({ at, browser }))
uploadMishaps(() => ({ at, browser }))
