import { expected, expectFunction, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import { Html } from './html.ts'

/** What a template is known by, and what is done to all of its HTML. */
export interface TemplateOptions<Data> {
  /** Shown in previews, and a part of their addresses: letters, digits, `-` and `_`. */
  readonly name?: string | undefined
  /** Data to show it with. */
  readonly sample?: Data | undefined
  /**
   * Puts the styles of a `<style>` at the elements that they are for: that of `@yuzuru/mail/inline-css`, or one of
   * your own. The text is derived before. @default none: the HTML goes out as it is
   */
  readonly inlineCss?: ((html: Html) => Html) | undefined
}

/** What a body has, whatever its functions give. */
interface AnyBody {
  readonly subject: unknown
  readonly text?: unknown
  readonly html?: unknown
}

/** What all kinds of templates have in common. */
export interface TemplateFrame<Data, Locale extends string, Body> {
  readonly locales: readonly Locale[]
  readonly name: string | undefined
  readonly sample: Data | undefined
  /** @throws {TypeError} unless `locale` is one of `locales` */
  readonly bodyOf: (locale: Locale) => Body
  /** Applies the option `inlineCss`. */
  readonly inlined: (html: Html) => Html
}

const OPTIONS: readonly string[] = Object.keys({
  name: true,
  sample: true,
  inlineCss: true,
} satisfies Record<keyof TemplateOptions<unknown>, true>)

/** @throws {TypeError} unless there is a locale, each body has its functions, and the options are known */
export function templateFrame<Data, Locale extends string, Body extends AnyBody>(
  verb: string,
  bodies: Readonly<Record<Locale, Body>>,
  options: TemplateOptions<Data>,
): TemplateFrame<Data, Locale, Body> {
  expectOptions(options, OPTIONS, verb)
  const { name, sample, inlineCss } = options
  if (name !== undefined && !/^[\w-]+$/.test(name)) {
    throw new TypeError(
      'Expected name of a template to be letters, digits, "-" and "_", got another string',
    )
  }
  if (inlineCss !== undefined) expectFunction('inlineCss', inlineCss)
  // A null prototype: 'constructor' is no locale.
  const known: Record<string, Body> = Object.assign(Object.create(null), bodies)
  expectObject('bodies', bodies)
  const locales = Object.keys(bodies) as Locale[]
  if (locales.length === 0)
    throw new TypeError('Expected a template in at least one locale, got none')
  for (const [locale, body] of Object.entries(known)) expectBody(verb, locale, body)
  return {
    locales,
    name,
    sample,
    bodyOf(locale) {
      const body = known[locale]
      if (body !== undefined) return body
      throw new TypeError(`Expected a locale of ${locales.join(', ')}, got another one`)
    },
    inlined(html) {
      if (inlineCss === undefined) return html
      const inlined = inlineCss(html)
      if (inlined instanceof Html) return inlined
      throw expected('inlineCss to give Html', inlined)
    },
  }
}

function expectBody(verb: string, locale: string, body: AnyBody): void {
  expectOptions(body, ['subject', 'text', 'html'], `${verb}.${locale}`)
  expectFunction(`subject of locale "${locale}"`, body.subject)
  if (body.html === undefined || body.text !== undefined) {
    expectFunction(`text of locale "${locale}"`, body.text)
  }
  if (body.html !== undefined) expectFunction(`html of locale "${locale}"`, body.html)
}
