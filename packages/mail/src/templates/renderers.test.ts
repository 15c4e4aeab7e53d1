import { startSmtp } from '@yuzuru/sandbox'
import { render as renderReact } from '@react-email/render'
import mjml2html from 'mjml'
import { createElement, type ReactElement } from 'react'
import { describe, expect, test } from 'vitest'
import { connect } from '../../test/local-mail.ts'
import { previews } from '../previews.ts'
import { defineAsyncTemplate } from './async-template.ts'
import { inlineCss } from './inlined-css.ts'

interface Data {
  readonly name: string
  readonly url: string
}

const data: Data = { name: '佐藤 <花子>', url: 'https://example.jp/plans/7?a=1&b=2' }

/** A component, as react-email has them. */
function Invitation({ name, url }: Data): ReactElement {
  return createElement(
    'html',
    { lang: 'ja' },
    createElement('head', null, createElement('style', null, 'p { color: navy }')),
    createElement(
      'body',
      null,
      createElement('p', null, `${name} 様`),
      createElement('a', { href: url }, '支援計画書を開く'),
    ),
  )
}

const byReactEmail = async (each: Data): Promise<string> =>
  await renderReact(createElement(Invitation, each))

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** mjml has no place for values: they are put into its source, escaped. */
const byMjml = async ({ name, url }: Data): Promise<string> => {
  const source = `<mjml lang="ja"><mj-head><mj-title>招待</mj-title></mj-head><mj-body><mj-section><mj-column>
    <mj-text>${escaped(name)} 様</mj-text>
    <mj-button href="${escaped(url)}">支援計画書を開く</mj-button>
  </mj-column></mj-section></mj-body></mjml>`
  const { html } = await mjml2html(source, { validationLevel: 'strict' })
  return html
}

describe.each([
  ['react-email', byReactEmail],
  ['mjml', byMjml],
])('a template that %s renders', (_, html) => {
  const template = defineAsyncTemplate<Data>()(
    { ja: { subject: ({ name }) => `${name} 様、支援計画書の確認`, html } },
    { name: 'invitation', sample: data },
  )

  test('is sent with its values, and with a text that is derived from it, links and all', async () => {
    await using server = await startSmtp()
    await using mail = connect(server)
    await mail.send({ to: 'hanako@example.jp', ...(await template.render('ja', data)) })
    const [message] = server.inbox.messages
    expect(message?.subject).toBe('佐藤 <花子> 様、支援計画書の確認')
    expect(message?.html).toContain('佐藤 &lt;花子&gt;')
    expect(message?.html).toContain('href="https://example.jp/plans/7?a=1&amp;b=2"')
    expect(message?.text).toMatch(
      /^佐藤 <花子> 様\s+支援計画書を開く \[https:\/\/example\.jp\/plans\/7\?a=1&b=2\]\s*$/,
    )
  })

  test('is previewed', async () => {
    const show = previews([template], { hosts: ['mails.test'] })
    const page = await show(new Request('http://mails.test/invitation/ja'))
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('支援計画書を開く')
  })
})

test('the styles of what react-email renders are inlined', async () => {
  const styled = defineAsyncTemplate<Data>()(
    { ja: { subject: () => '確認', html: byReactEmail } },
    { inlineCss },
  )
  const { html } = await styled.render('ja', data)
  expect(String(html)).toMatch(/<p style="color: navy;?">/)
})

test('an error of mjml is that of the render', async () => {
  const wrong = defineAsyncTemplate({
    ja: {
      subject: () => '確認',
      html: async () =>
        (
          await mjml2html('<mjml><mj-body><mj-nothing /></mj-body></mjml>', {
            validationLevel: 'strict',
          })
        ).html,
    },
  })
  await expect(wrong.render('ja', undefined)).rejects.toThrow(/mj-nothing/)
})
