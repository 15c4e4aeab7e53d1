import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { html, type HtmlValue, trustedHtml } from './html.ts'

/** Under another name, so that a formatter leaves the escapes as they are. */
const tag = html

describe('html', () => {
  test('escapes each of the five characters, and nothing else, in any text', () => {
    const text = fc.array(fc.oneof(fc.constantFrom('&', '<', '>', '"', "'", '&amp;'), fc.string()))
    fc.assert(
      fc.property(
        text.map((parts) => parts.join('')),
        (given) => {
          const one = given
            .replaceAll('&', '&amp;')
            .replaceAll('<', '&lt;')
            .replaceAll('>', '&gt;')
            .replaceAll('"', '&quot;')
            .replaceAll("'", '&#39;')
          expect(String(html`${given}`)).toBe(one)
          expect(String(html`<b title="${given}">`)).toBe(`<b title="${one}">`)
        },
      ),
    )
  })

  test('escapes what is put into it, in text and in quoted attributes', () => {
    const name = `<script>alert("1" & '2')</script>`
    expect(String(html`<p title="${name}">${name}</p>`)).toBe(
      '<p title="&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;">' +
        '&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;</p>',
    )
  })

  test('takes html within html as it is, and lists of it', () => {
    const items = ['a', '<b>'].map((item) => html`<i>${item}</i>`)
    expect(String(html`<b>${items}</b>`)).toBe('<b><i>a</i><i>&lt;b&gt;</i></b>')
    expect(String(html`${trustedHtml('<hr>')}`)).toBe('<hr>')
  })

  test('leaves nothing for null, undefined and false, and prints 0', () => {
    expect(String(html`[${null}${undefined}${false}${0}${5n}]`)).toBe('[05]')
  })

  test('refuses an object, which would print as [object Object]', () => {
    expect(() => html`${{} as HtmlValue}`).toThrow(TypeError)
  })

  test.each([
    ['a path', () => tag`<p>C:\users</p>`],
    ['before a value', () => tag`C:\users${'x'}`],
    ['after a value', () => tag`${'x'}\xyz`],
    ['an octal number', () => tag`<p>${'a'}\07</p>`],
    ['no code point', () => tag`\u{110000}`],
  ])('refuses an invalid escape, which would lose its text: %s', (_what, render) => {
    expect(render).toThrow(TypeError)
    expect(render).toThrow(/valid escapes only.*write "\\\\"$/)
  })

  test('keeps the text around valid escapes', () => {
    expect(String(tag`<p>C:\\users\t${'x'}\u3042</p>`)).toBe('<p>C:\\users\txあ</p>')
  })

  test('refuses a plain call, whose string would be taken for a template', () => {
    expect(() => html('<b>' as never)).toThrow(TypeError)
    expect(() => html(['<b>'] as never)).toThrow(TypeError)
  })
})
