import { describe, expect, expectTypeOf, test } from 'vitest'
import { html } from './html.ts'
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
