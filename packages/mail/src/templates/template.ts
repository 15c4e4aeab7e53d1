import { expectFunction, expectOptions } from '@yuzuru/concurrency/boundary'
import type { Html } from './html.ts'
import { textOfHtml } from './text-of-html.ts'

/**
 * How one mail reads in one language. Without `html` it is a text-only mail; without `text` that is
 * derived from the HTML, links and all.
 */
export type TemplateBody<Data> = { readonly subject: (data: Data) => string } & (
  | { readonly text: (data: Data) => string; readonly html?: ((data: Data) => Html) | undefined }
  | { readonly text?: undefined; readonly html: (data: Data) => Html }
)

/** What a template is known by, for previews. */
export interface TemplateOptions<Data> {
  /** Shown in previews, and a part of their addresses: letters, digits, `-` and `_`. */
  readonly name?: string | undefined
  /** Data to show it with. */
  readonly sample?: Data | undefined
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
  readonly name: string | undefined
  readonly sample: Data | undefined
  /**
   * Makes the subject, text and HTML, to be spread into a message.
   *
   * @throws {TypeError} unless `locale` is one of `locales`
   */
  render(locale: Locale, data: Data): RenderedMail
}

/**
 * Defines a mail in several languages, typed by its data and its locales. The data is named once: on a parameter,
 * or as the only type argument of `defineTemplate<Data>()`, which is then called with the locales.
 *
 * @throws {TypeError} unless there is a locale, and each has functions `subject` and `text` or `html`
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
 * @example
 * const invitation = defineTemplate<{ name: string }>()(
 *   { en: { subject: ({ name }) => `Welcome, ${name}`, html: ({ name }) => html`<p>Hello ${name}</p>` } },
 *   { name: 'invitation', sample: { name: 'Hanako' } },
 * )
 */
export function defineTemplate<Data>(): <Locale extends string>(
  bodies: Readonly<Record<Locale, TemplateBody<Data>>>,
  options?: TemplateOptions<NoInfer<Data>>,
) => Template<Data, Locale>
export function defineTemplate<Data, Locale extends string>(
  bodies: Readonly<Record<Locale, TemplateBody<Data>>>,
  options?: TemplateOptions<NoInfer<Data>>,
): Template<Data, Locale>
export function defineTemplate(...given: readonly unknown[]): unknown {
  if (given.length === 0) return makeTemplate
  const [bodies, options] = given as Parameters<typeof makeTemplate>
  return makeTemplate(bodies, options)
}

function makeTemplate<Data, Locale extends string>(
  bodies: Readonly<Record<Locale, TemplateBody<Data>>>,
  options: TemplateOptions<Data> = {},
): Template<Data, Locale> {
  expectOptions(options, ['name', 'sample'], 'defineTemplate')
  const { name, sample } = options
  if (name !== undefined && !/^[\w-]+$/.test(name)) {
    throw new TypeError(
      'Expected name of a template to be letters, digits, "-" and "_", got another string',
    )
  }
  // A null prototype: 'constructor' is no locale.
  const known: Record<string, TemplateBody<Data>> = Object.assign(Object.create(null), bodies)
  const locales = Object.keys(bodies) as Locale[]
  if (locales.length === 0)
    throw new TypeError('Expected a template in at least one locale, got none')
  for (const [locale, body] of Object.entries(known)) {
    expectOptions(body, ['subject', 'text', 'html'], `defineTemplate.${locale}`)
    expectFunction(`subject of locale "${locale}"`, body.subject)
    if (body.html === undefined || body.text !== undefined) {
      expectFunction(`text of locale "${locale}"`, body.text)
    }
    if (body.html !== undefined) expectFunction(`html of locale "${locale}"`, body.html)
  }
  return {
    locales,
    name,
    sample,
    render(locale, data) {
      const body = known[locale]
      if (body === undefined) {
        throw new TypeError(`Expected a locale of ${locales.join(', ')}, got another one`)
      }
      const subject = body.subject(data)
      if (body.text === undefined) {
        const derived = body.html(data)
        return { subject, text: textOfHtml(derived), html: derived }
      }
      const rendered = { subject, text: body.text(data) }
      return body.html === undefined ? rendered : { ...rendered, html: body.html(data) }
    },
  }
}
