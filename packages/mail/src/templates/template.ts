import { expectFunction, expectOptions } from '@yuzuru/concurrency/boundary'
import type { Html } from './html.ts'

/** How one mail reads in one language. Without `html` it is a text-only mail. */
export interface TemplateBody<Data> {
  readonly subject: (data: Data) => string
  readonly text: (data: Data) => string
  readonly html?: ((data: Data) => Html) | undefined
}

/** What a template gives: to be spread into a message. */
export interface RenderedMail {
  readonly subject: string
  readonly text: string
  readonly html?: Html
}

/** A mail in several languages; see {@link defineTemplate}. */
export interface Template<Data, Locale extends string> {
  readonly locales: readonly Locale[]
  /** @throws {TypeError} unless `locale` is one of `locales` */
  render(locale: Locale, data: Data): RenderedMail
}

/**
 * A mail in several languages, typed by its data and its locales. The text is written, never derived
 * from the HTML: a reader without HTML should get words that were meant for them.
 *
 * @throws {TypeError} unless there is a locale, and each has functions `subject` and `text`
 *
 * @example
 * const verifyAddress = defineTemplate({
 *   ja: {
 *     subject: () => 'メールアドレスの確認をお願いします',
 *     text: (data: { name: string; url: string }) => `${data.name} 様\n\n${data.url}`,
 *     html: (data) => html`<p>${data.name} 様</p><p><a href="${data.url}">確認する</a></p>`,
 *   },
 *   en: {
 *     subject: () => 'Please confirm your address',
 *     text: (data) => `Dear ${data.name},\n\n${data.url}`,
 *   },
 * })
 * await mail.send({ to, ...verifyAddress.render('ja', { name, url }) })
 */
export function defineTemplate<Data, Locale extends string>(
  bodies: Readonly<Record<Locale, TemplateBody<Data>>>,
): Template<Data, Locale> {
  // A null prototype: 'constructor' is no locale.
  const known: Record<string, TemplateBody<Data>> = Object.assign(Object.create(null), bodies)
  const locales = Object.keys(bodies) as Locale[]
  if (locales.length === 0)
    throw new TypeError('Expected a template in at least one locale, got none')
  for (const [locale, body] of Object.entries(known)) {
    expectOptions(body, ['subject', 'text', 'html'], `defineTemplate.${locale}`)
    expectFunction(`subject of locale "${locale}"`, body.subject)
    expectFunction(`text of locale "${locale}"`, body.text)
    if (body.html !== undefined) expectFunction(`html of locale "${locale}"`, body.html)
  }
  return {
    locales,
    render(locale, data) {
      const body = known[locale]
      if (body === undefined) {
        throw new TypeError(`Expected a locale of ${locales.join(', ')}, got another one`)
      }
      const rendered = { subject: body.subject(data), text: body.text(data) }
      return body.html === undefined ? rendered : { ...rendered, html: body.html(data) }
    },
  }
}
