import type { Html } from './html.ts'
import { templateFrame, type TemplateOptions } from './template-frame.ts'
import { textOfHtml } from './text-of-html.ts'

/**
 * How one mail reads in one language. Without `html` it is a text-only mail; without `text` that is
 * derived from the HTML, links and all.
 */
export type TemplateBody<Data> = { readonly subject: (data: Data) => string } & (
  | { readonly text: (data: Data) => string; readonly html?: ((data: Data) => Html) | undefined }
  | { readonly text?: undefined; readonly html: (data: Data) => Html }
)

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
  const { bodyOf, inlined, ...known } = templateFrame('defineTemplate', bodies, options)
  return {
    ...known,
    render(locale, data) {
      const body = bodyOf(locale)
      const subject = body.subject(data)
      if (body.text === undefined) {
        const html = body.html(data)
        return { subject, text: textOfHtml(html), html: inlined(html) }
      }
      const text = body.text(data)
      if (body.html === undefined) return { subject, text }
      return { subject, text, html: inlined(body.html(data)) }
    },
  }
}
