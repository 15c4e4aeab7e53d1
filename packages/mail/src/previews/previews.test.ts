import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { networkInterfaces } from 'node:os'
import { launchChromium } from '@yuzuru/tooling/chromium'
import { describe, expect, test } from 'vitest'
import { careless, invitation } from '../../test/sample-templates.ts'
import { defineTemplate } from '../templates/template.ts'
import { html, trustedHtml } from '../templates/html.ts'
import { serveFetch } from '../../test/serve-fetch.ts'
import { createFakeMail } from '../testing/fake-mail.ts'
import { previews } from './previews.ts'

/** What a server says of a request of this machine. */
const here = { incoming: { socket: { remoteAddress: '127.0.0.1' }, httpVersion: '1.1' } }

const show = previews([invitation, careless])
const at = (path: string, init?: RequestInit): Promise<Response> =>
  show(new Request(`http://localhost:4000${path}`, init), here)
const textAt = async (path: string): Promise<string> => (await at(path)).text()

describe('previews', () => {
  test('list all templates in all languages, with their subjects and warnings', async () => {
    const page = await textAt('/')
    expect(page).toContain('href="/invitation/ja"')
    expect(page).toContain('Please confirm the plan, 佐藤 花子')
    expect(page.match(/<tr>/g)).toHaveLength(1 + 3)
  })

  test('show the HTML, the text and the source of each', async () => {
    const page = await textAt('/invitation/ja')
    expect(page).toContain('確認する [https://example.jp/plans/7?from=mail]')
    expect(page).toContain('MIME-Version: 1.0')
    expect(page.match(/<iframe/g)).toHaveLength(4)
    const mail = await at('/invitation/ja/html')
    expect(await mail.text()).toContain('佐藤 花子 様')
    expect(mail.headers.get('content-security-policy')).toContain(
      "sandbox allow-popups; default-src 'none'",
    )
  })

  test('say what is likely to be wrong', async () => {
    const page = await textAt('/careless/en')
    for (const warning of ['no text part', 'no alt', 'not https', 'leads nowhere']) {
      expect(page).toContain(warning)
    }
    expect(await textAt('/invitation/ja')).not.toContain('class="warn"')
  })

  const withHtml = (source: string): Promise<Response> => {
    const template = defineTemplate<object>()(
      { en: { subject: () => 'x', html: () => trustedHtml(source) } },
      { name: 'one', sample: {} },
    )
    return previews([template])(new Request('http://localhost/one/en'), here)
  }

  test.each([
    [
      'a link without quotes that is not https',
      '<a href=http://x.jp/1>x</a>',
      'A link is not https',
    ],
    [
      'a picture that is not https',
      '<img alt="" src="http://x.jp/a.png">',
      'A picture is not https',
    ],
    ['more than Gmail shows', `<p>${'x'.repeat(103 * 1024)}</p>`, 'Gmail cuts it off at 102 kB'],
    ['a picture in the address', '<img alt="" src="data:x">', 'which Gmail does not show'],
    ['a script', '<script>x</script>', 'There is a script'],
    ['a linked style sheet', '<link rel="stylesheet" href="https://x.jp/a.css">', 'style sheet'],
  ])('warn of %s', async (_what, source, warning) => {
    expect(await (await withHtml(source)).text()).toContain(warning)
  })

  test('warn of nothing just below what Gmail shows, and say all three sizes', async () => {
    const page = await (await withHtml(`<p>${'x'.repeat(101 * 1024)}</p>`)).text()
    expect(page).not.toContain('class="warn"')
    expect(page).toMatch(/HTML\s+101\.0 kB · text\s+101\.0 kB · message \d+\.\d kB/)
  })

  const broken = defineTemplate<{ readonly subject: string | undefined }>()(
    {
      en: { subject: ({ subject }) => String(subject?.toUpperCase()), text: () => 'x' },
      ja: {
        subject: ({ subject }) => {
          if (subject === undefined) throw new Error('no subject')
          return subject
        },
        text: () => 'x',
      },
    },
    { name: 'broken', sample: { subject: undefined } },
  )
  const unsendable = defineTemplate<object>()(
    { en: { subject: () => 'a\nb', text: () => 'x' } },
    { name: 'unsendable', sample: {} },
  )

  test('show the others, and why, when a template throws or gives what nobody can send', async () => {
    const open = previews([broken, unsendable, invitation])
    const index = await open(new Request('http://localhost/'), here)
    expect(index.status).toBe(200)
    const list = await index.text()
    expect(list.match(/<tr>/g)).toHaveLength(1 + 5)
    for (const part of ['no subject', 'Expected subject to hold no line breaks', '佐藤 花子 様']) {
      expect(list).toContain(part)
    }
    const page = await open(new Request('http://localhost/broken/ja'), here)
    expect([page.status, (await page.text()).includes('no subject')]).toEqual([500, true])
  })

  test('say why a mail was not sent to the one who looks at it, and no address', async () => {
    const mail = createFakeMail()
    mail.setAnswers({ onRecipient: () => ({ reject: 550 }) })
    const open = previews([invitation], { sendTo: { mail, to: 'me@example.jp' } })
    const origin = 'http://localhost:4000'
    const url = `${origin}/invitation/ja/send`
    const answer = await open(new Request(url, { method: 'POST', headers: { origin } }), here)
    const page = await answer.text()
    expect([answer.status, page.includes('mail.send failed')]).toEqual([502, true])
    expect(page).not.toContain('me@example.jp')
  })

  test.each([
    ['http://evil.test/', 403],
    ['http://127.0.0.1.evil.test/', 403],
    ['http://192.0.2.7/', 403],
    ['http://127.0.0.1:4000/', 200],
    ['http://[::1]/', 200],
    ['http://mails.localhost/', 200],
  ])('are shown on this machine only: %s', async (url, status) => {
    expect((await show(new Request(url), here)).status).toBe(status)
  })

  test('are shown to others at the hosts that are named, and at no other', async () => {
    const open = previews([invitation], { hosts: ['staging.example.jp'] })
    const from = { incoming: { socket: { remoteAddress: '192.0.2.7' } } }
    const statusAt = async (url: string): Promise<number> =>
      (await open(new Request(url), from)).status
    expect(await statusAt('http://staging.example.jp/')).toBe(200)
    expect(await statusAt('http://localhost/')).toBe(403)
    expect(await statusAt('http://evil.test/')).toBe(403)
  })

  test('are not shown to another machine, whatever name it calls this one by', async () => {
    const [own] = Object.values(networkInterfaces()).flatMap((each = []) =>
      each.filter(({ family, internal }) => family === 'IPv4' && !internal),
    )
    await using served = await serveFetch(show, '0.0.0.0')
    const { port } = new URL(served.url)
    expect(await statusOf('127.0.0.1', port)).toBe(200)
    // Where there is no network there is nobody else.
    if (own !== undefined) expect(await statusOf(own.address, port)).toBe(403)
  })

  test.each([
    '/nothing/ja',
    '/invitation/fr',
    '/invitation/ja/x',
    '/invitation/ja/html/x',
    '/invitation',
  ])('know nothing of %s', async (path) => {
    expect((await at(path)).status).toBe(404)
  })

  test('send a mail to the one who looks at it, and only from their own page', async () => {
    const mail = createFakeMail()
    const open = previews([invitation], {
      basePath: '/mails',
      sendTo: { mail, to: 'me@example.jp' },
    })
    const url = 'http://localhost:4000/mails/invitation/ja/send'
    const post = (origin: string): Promise<Response> =>
      open(new Request(url, { method: 'POST', headers: { origin } }), here)
    expect((await post('https://evil.test')).status).toBe(403)
    expect(mail.sent).toHaveLength(0)
    const answer = await post('http://localhost:4000')
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      '/mails/invitation/ja?sent=1',
    ])
    expect(mail.sent.map(({ envelope }) => envelope.to)).toEqual([['me@example.jp']])
    expect((await at('/invitation/ja/send', { method: 'POST' })).status).toBe(405)
  })

  test.each<[string, () => unknown]>([
    ['a template without a sample', () => previews([{ ...invitation, sample: undefined }])],
    ['two of one name', () => previews([invitation, invitation])],
    ['what is no template', () => previews([{} as never])],
    ['a base path that is none', () => previews([], { basePath: 'mails/' })],
    ['a misspelt option', () => previews([], { host: [] } as never)],
  ])('refuse %s', (_what, make) => {
    expect(make).toThrow(TypeError)
  })

  test('look as they should in a browser: two widths, light and dark', async () => {
    await using served = await serveFetch(show)
    const browser = await launchChromium()
    try {
      const page = await browser.newPage({
        viewport: { width: 1280, height: 1700 },
        // Playwright's own would be that of all frames.
        colorScheme: null,
      })
      const problems: string[] = []
      page.on('console', (message) => void problems.push(message.text()))
      page.on('pageerror', (error) => void problems.push(error.message))
      await page.goto(`${served.url}/invitation/ja`, { waitUntil: 'load' })
      const seen = await Promise.all(
        page
          .frames()
          .slice(1)
          .map(async (frame) => {
            const element = await frame.frameElement()
            const box = await element.boundingBox()
            const body = frame.locator('body')
            const background = await body.evaluate(
              (node) => node.ownerDocument.defaultView?.getComputedStyle(node).backgroundColor,
            )
            return [box?.width, background]
          }),
      )
      const [light, dark] = ['rgb(255, 255, 255)', 'rgb(20, 24, 29)']
      expect(seen).toEqual([
        [375, light],
        [700, light],
        [375, dark],
        [700, dark],
      ])
      expect(problems).toEqual([])
    } finally {
      await browser.close()
    }
  })

  test('are no wider than the screen, whatever the data', async () => {
    const long = `"><script>alert(1)</script></title></pre> ${'W'.repeat(300)}`
    const hostile = defineTemplate<{ readonly text: string }>()(
      { ja: { subject: ({ text }) => text, html: ({ text }) => html`<p>${text}</p>` } },
      { name: 'hostile', sample: { text: long } },
    )
    await using served = await serveFetch(previews([hostile, careless]))
    const browser = await launchChromium()
    try {
      for (const width of [390, 1280]) {
        const page = await browser.newPage({ viewport: { width, height: 900 } })
        const problems: string[] = []
        page.on('console', (message) => void problems.push(message.text()))
        for (const path of ['/', '/hostile/ja'].flatMap((each) => [each, `${each}?lang=ja`])) {
          await page.goto(`${served.url}${path}`, { waitUntil: 'load' })
          const widest = await page.evaluate('document.documentElement.scrollWidth')
          expect(widest, `${path} at ${width}`).toBe(width)
        }
        expect(problems).toEqual([])
      }
    } finally {
      await browser.close()
    }
  })
})

/** Of a request to that address, which says that it is for `localhost`. */
async function statusOf(host: string, port: string): Promise<number | undefined> {
  const request = get({ host, port, headers: { host: 'localhost' } })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}
