import { expected } from '@yuzuru/concurrency/boundary'
import { Html, trustedHtml } from './html.ts'
import { templateFrame, type TemplateOptions } from './template-frame.ts'
import type { RenderedMail } from './template.ts'
import { textOfHtml } from './text-of-html.ts'

type Eventually<T> = T | PromiseLike<T>

/**
 * How one mail reads in one language, where something else renders it: react-email, mjml, a file. A string
 * that `html` gives is taken as it is: what renders it escapes the values.
 */
export type AsyncTemplateBody<Data> = { readonly subject: (data: Data) => Eventually<string> } & (
  | {
      readonly text: (data: Data) => Eventually<string>
      readonly html?: ((data: Data) => Eventually<string | Html>) | undefined
    }
  | { readonly text?: undefined; readonly html: (data: Data) => Eventually<string | Html> }
)

/** A mail in several languages that takes time to render; see {@link defineAsyncTemplate}. */
export interface AsyncTemplate<Data, Locale extends string> {
  readonly locales: readonly Locale[]
  readonly name: string | undefined
  readonly sample: Data | undefined
  /**
   * Makes the subject, text and HTML, to be spread into a message.
   *
   * @throws {TypeError} unless `locale` is one of `locales`, and each function gives a string (or Html)
   * @throws what the functions throw
   */
  render(locale: Locale, data: Data): Promise<RenderedMail>
}

/**
 * Defines a mail in several languages whose functions may give promises: for what renders asynchronously, such
 * as react-email and mjml, and for files (`templateFolder`). The rest is as with `defineTemplate`: without `text`
 * that is derived from the HTML. Escaping is up to what renders: React, handlebars and Nunjucks do it by default.
 *
 * @throws {TypeError} unless there is a locale, and each has functions `subject` and `text` or `html`
 *
 * @example
 * const invitation = defineAsyncTemplate<{ name: string }>()({
 *   en: {
 *     subject: ({ name }) => `Welcome, ${name}`,
 *     html: async (data) => await renderInvitation(data), // react-email's render(), mjml …
 *   },
 * })
 * await mail.send({ to, ...(await invitation.render('en', { name })) })
 */
export function defineAsyncTemplate<Data>(): <Locale extends string>(
  bodies: Readonly<Record<Locale, AsyncTemplateBody<Data>>>,
  options?: TemplateOptions<NoInfer<Data>>,
) => AsyncTemplate<Data, Locale>
export function defineAsyncTemplate<Data, Locale extends string>(
  bodies: Readonly<Record<Locale, AsyncTemplateBody<Data>>>,
  options?: TemplateOptions<NoInfer<Data>>,
): AsyncTemplate<Data, Locale>
export function defineAsyncTemplate(...given: readonly unknown[]): unknown {
  if (given.length === 0) return makeTemplate
  const [bodies, options] = given as Parameters<typeof makeTemplate>
  return makeTemplate(bodies, options)
}

function makeTemplate<Data, Locale extends string>(
  bodies: Readonly<Record<Locale, AsyncTemplateBody<Data>>>,
  options: TemplateOptions<Data> = {},
): AsyncTemplate<Data, Locale> {
  const { bodyOf, inlined, ...known } = templateFrame('defineAsyncTemplate', bodies, options)
  return {
    ...known,
    async render(locale, data) {
      const body = bodyOf(locale)
      const subject = expectString(`subject of locale "${locale}"`, await body.subject(data))
      if (body.text === undefined) {
        const html = htmlOf(locale, await body.html(data))
        return { subject, text: textOfHtml(html), html: inlined(html) }
      }
      const text = expectString(`text of locale "${locale}"`, await body.text(data))
      if (body.html === undefined) return { subject, text }
      return { subject, text, html: inlined(htmlOf(locale, await body.html(data))) }
    },
  }
}

function htmlOf(locale: string, rendered: unknown): Html {
  if (rendered instanceof Html) return rendered
  return trustedHtml(expectString(`html of locale "${locale}"`, rendered))
}

/** A renderer may give anything: mjml gives an object. */
function expectString(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw expected(`${name} to give a string`, value)
}
