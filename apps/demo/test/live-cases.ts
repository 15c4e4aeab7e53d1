import type { Browser } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { beginCheckout } from '../src/billing/billings.ts'
import type { TestApp } from './open-test-app.ts'
import { signedIn } from './sign-in.ts'

/** Pages that keep themselves up to date, with a script and without one. */
export function liveCases(started: () => { at: TestApp; browser: Browser }): void {
  describe.each([true, false])('a live page, a script is allowed: %s', (javaScriptEnabled) => {
    test('/tree shows what has begun since; a script changes its part alone', async () => {
      const { at, browser } = started()
      const page = await browser.newPage({ javaScriptEnabled, locale: 'en-GB' })
      await page.goto(`${at.url}/tree`)
      if (javaScriptEnabled) await page.evaluate('globalThis.kept = true')
      const name = `live ${javaScriptEnabled}`
      const { promise, resolve } = Promise.withResolvers<void>()
      at.app.background.start(name, () => promise)
      await page.getByText(name).waitFor()
      resolve()
      if (javaScriptEnabled) expect(await page.evaluate('globalThis.kept')).toBe(true)
      await page.close()
    })

    test('/billing shows by itself that Stripe has confirmed, and looks no more', async () => {
      const { at, browser } = started()
      const entered = await signedIn(at, `live-${javaScriptEnabled}@example.jp`)
      await using _visitor = entered.visitor
      const { stripe } = at.sandbox
      await beginCheckout(at.app, entered.staff, { language: 'ja' })
      const { id } = stripe.checkoutSessions().at(-1)!
      const context = await browser.newContext({ javaScriptEnabled, locale: 'en-GB' })
      await context.addCookies([{ name: 'session', value: entered.token, url: at.url }])
      const page = await context.newPage()
      await page.goto(`${at.url}/billing?checkout=${id}`)
      await page.getByText('Being confirmed by Stripe').waitFor()
      await stripe.completeCheckout(id)
      await page.getByText('Subscribed, in the trial').waitFor()
      expect(await page.locator('[data-live]').count()).toBe(0)
      await context.close()
    })
  })
}
