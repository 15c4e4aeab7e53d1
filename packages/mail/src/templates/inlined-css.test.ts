import { describe, expect, test } from 'vitest'
import { html } from './html.ts'
import { inlineCss } from './inlined-css.ts'
import { defineTemplate } from './template.ts'

const page = html`<!doctype html>
  <html>
    <head>
      <style>
        .button {
          color: #ffffff;
        }
        @media (prefers-color-scheme: dark) {
          .button {
            color: #000000;
          }
        }
      </style>
    </head>
    <body>
      <a class="button" href="https://x.jp/?a=1&amp;b=${'あ'}">花子 &lt;3</a>
    </body>
  </html>`

describe('inlineCss', () => {
  test('puts styles at their elements, and keeps the rest of the HTML', () => {
    const inlined = String(inlineCss(page))
    expect(inlined).toContain(
      '<a class="button" href="https://x.jp/?a=1&amp;b=あ" style="color: #ffffff;">花子 &lt;3</a>',
    )
    expect(inlined).toMatch(/^<!doctype html>/i)
  })

  test('keeps what is for dark mode, so that it beats what was inlined', () => {
    const style = /<style>([^]*?)<\/style>/.exec(String(inlineCss(page)))?.[1] ?? ''
    expect(style.replaceAll(/\s+/g, ' ').trim()).toBe(
      '@media (prefers-color-scheme: dark) { .button { color: #000000 !important; } }',
    )
  })

  test('is an option of a template, whose text stays that of the HTML', () => {
    const bodies = { en: { subject: () => 'x', html: () => page } }
    const { html: inlined, text } = defineTemplate(bodies, { inlineCss }).render('en', undefined)
    expect(String(inlined)).toContain('style="color: #ffffff;"')
    expect(text).toBe('花子 <3 [https://x.jp/?a=1&b=あ]')
    const wrong = defineTemplate(bodies, { inlineCss: () => 'x' as never })
    expect(() => wrong.render('en', undefined)).toThrow('Expected inlineCss to give Html')
  })
})
