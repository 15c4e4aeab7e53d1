import { describe, expect, expectTypeOf, test } from 'vitest'
import { type Html, html } from './html.ts'
import { defineTemplate } from './template.ts'

const verifyAddress = defineTemplate({
  ja: {
    subject: () => '【ケイカくん】メールアドレスの確認をお願いします',
    text: (data: { name: string; url: string }) => `${data.name} 様\n${data.url}`,
    html: (data) => html`<p>${data.name} 様</p>`,
  },
  en: {
    subject: (data) => `Please confirm, ${data.name}`,
    text: (data) => `Dear ${data.name}\n${data.url}`,
  },
})

describe('defineTemplate', () => {
  test('renders each locale with the data, escaping it in the html', () => {
    const ja = verifyAddress.render('ja', { name: '<花子>', url: 'https://x' })
    expect(ja.text).toBe('<花子> 様\nhttps://x')
    expect(String(ja.html)).toBe('<p>&lt;花子&gt; 様</p>')
    const en = verifyAddress.render('en', { name: 'Hanako', url: 'https://x' })
    expect(en).toEqual({ subject: 'Please confirm, Hanako', text: 'Dear Hanako\nhttps://x' })
  })

  test('is typed by its locales and its data', () => {
    type Render = typeof verifyAddress.render
    expectTypeOf<Parameters<Render>>().toEqualTypeOf<['ja' | 'en', { name: string; url: string }]>()
    expect(verifyAddress.locales).toEqual(['ja', 'en'])
  })

  test('takes its data as the only type argument, and keeps its locales', () => {
    const invitation = defineTemplate<{ name: string }>()(
      {
        en: { subject: ({ name }) => `Welcome, ${name}`, html: ({ name }) => html`<p>${name}</p>` },
        ja: { subject: ({ name }) => `${name} 様`, text: ({ name }) => `${name} 様` },
      },
      { name: 'invitation', sample: { name: 'Hanako' } },
    )
    type Render = typeof invitation.render
    expectTypeOf<Parameters<Render>>().toEqualTypeOf<['en' | 'ja', { name: string }]>()
    expect(invitation).toMatchObject({ name: 'invitation', sample: { name: 'Hanako' } })
    expect(invitation.render('en', { name: 'Hanako' })).toMatchObject({ text: 'Hanako' })
  })

  test('takes a layout that is a function: it escapes what is put into it once, and is in the text', () => {
    const layout = (title: string, body: Html): Html =>
      html`<h1>${title}</h1>
        ${body}
        <p>Keikaku, Sendai</p>`
    const approved = defineTemplate<{ plan: string }>()({
      en: {
        subject: () => 'Approved',
        html: ({ plan }) => layout('<Approved>', html`<p title="${plan}">${plan}</p>`),
      },
      ja: { subject: () => '承認', html: ({ plan }) => layout('承認', html`<p>${plan} 様</p>`) },
    })
    const { html: source, text } = approved.render('en', { plan: '<b>7</b>' })
    expect(String(source)).toContain('<h1>&lt;Approved&gt;</h1>')
    expect(String(source)).toContain(
      '<p title="&lt;b&gt;7&lt;/b&gt;">&lt;b&gt;7&lt;/b&gt;</p>\n        <p>Keikaku',
    )
    expect(text).toMatch(/^<Approved>\s+<b>7<\/b>\s+Keikaku, Sendai$/)
    expect(approved.render('ja', { plan: '7' }).text).toContain('7 様')
  })

  test('derives the text from the HTML, links and all, where there is none', () => {
    const plans = defineTemplate<{ url: string; names: readonly string[] }>()({
      ja: {
        subject: () => '計画',
        html: ({ url, names }) =>
          html`<style>
              p {
                color: red;
              }
            </style>
            <h1>支援計画</h1>
            <p>花子 様<br />ご確認ください。 <a href="${url}">開く</a></p>
            <table>
              ${names.map(
                (name) =>
                  html`<tr>
                    <td>${name}</td>
                    <td>未確認</td>
                  </tr>`,
              )}
            </table>
            <p><a href="${url}">${url}</a> <img src="cid:logo" alt="ケイカくん" /></p>`,
      },
    })
    const { text } = plans.render('ja', { url: 'https://x.jp/7?a=1&b=2', names: ['A & B', '<C>'] })
    expect(text).toBe(
      [
        '支援計画',
        '',
        '花子 様',
        'ご確認ください。 開く [https://x.jp/7?a=1&b=2]',
        '',
        'A & B 未確認',
        '<C> 未確認',
        '',
        'https://x.jp/7?a=1&b=2 ケイカくん',
      ].join('\n'),
    )
  })

  test('refuses a name that is no part of an address, and misspelt options', () => {
    const bodies = { en: { subject: () => 'x', text: () => 'x' } }
    expect(() => defineTemplate(bodies, { name: 'a/b' })).toThrow(TypeError)
    expect(() => defineTemplate(bodies, { smaple: 1 } as never)).toThrow('did you mean "sample"?')
  })

  test('refuses an unknown locale, also one that every object has', () => {
    for (const locale of ['fr', 'constructor']) {
      expect(() => verifyAddress.render(locale as 'ja', { name: 'x', url: 'y' })).toThrow(TypeError)
    }
  })

  test('refuses a template without a locale or without text', () => {
    expect(() => defineTemplate({})).toThrow(TypeError)
    const textless = { subject: () => 'x' } as unknown as {
      subject: () => string
      text: () => string
    }
    expect(() => defineTemplate({ ja: textless })).toThrow(TypeError)
  })
})
