import { Cancelled } from '@yuzuru/concurrency'
import {
  expected,
  expectOptions,
  expectText,
  isFromThisMachine,
  messageOf,
  type ServerInfo,
  requestSourceOf,
} from '@yuzuru/concurrency/boundary'
import MailComposer from 'nodemailer/lib/mail-composer'
import type { Mail } from '../mail.ts'
import { type MailAddress, parseMailbox } from '../message/mail-address.ts'
import type { MimeTree } from '../message/mime-tree.ts'
import { checkedMessage, nativeMessage } from '../message/native-message.ts'
import { StableDates } from '../message/stable-dates.ts'
import { writeMessage } from '../message/write-message.ts'
import type { RenderedMail } from '../templates/template.ts'
import { messagePage } from './frame.ts'
import {
  isLanguage,
  type Language,
  languageCookie,
  languageOf,
  LANGUAGES,
  type Look,
} from './look.ts'
import { type Broken, brokenPage, indexPage, mailPage, type Shown } from './pages.ts'
import { WORDS } from './words.ts'

/** A template with a name and sample data. */
export interface PreviewTemplate {
  readonly name: string | undefined
  readonly sample: unknown
  readonly locales: readonly string[]
  render(locale: string, data: unknown): RenderedMail | PromiseLike<RenderedMail>
}

/** For {@link previews}. */
export interface PreviewOptions {
  /** Where the handler is mounted: `'/mails'`. @default '' */
  readonly basePath?: string | undefined
  /**
   * Host names that it answers to whoever asks, from wherever: `'staging.example.jp'`. Have who may look checked
   * before it then.
   * @default none: only requests of this machine are answered
   */
  readonly hosts?: readonly string[] | undefined
  /** Shows a button that sends a mail to this address. @default none */
  readonly sendTo?: { readonly mail: Pick<Mail, 'send'>; readonly to: MailAddress } | undefined
  /**
   * The language of the pages around the mails, for a browser that asks for neither English nor Japanese, and a reader
   * who has chosen none. @default 'en'
   */
  readonly language?: Language | undefined
}

/** Where a mail comes from whose source is shown. */
const SENDER = 'no-reply@example.test'

/** Nothing of it runs, and nothing is loaded but pictures, fonts and styles. */
const MAIL_POLICY =
  "sandbox allow-popups; default-src 'none'; img-src https: data:; style-src 'unsafe-inline' https:; font-src https:"
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'"

/**
 * Makes a `fetch` handler that shows templates with their sample data: all of them in a list, and each one at the
 * width of a phone and of a desktop, light and dark, as text and as source, with its sizes and with what is
 * likely to be wrong. A template that throws, or gives what nobody could send, has its error there.
 *
 * The pages around the mails are in English or Japanese: by `?lang=en` or `?lang=ja`, which a cookie keeps for the
 * others, else by `Accept-Language`, else by `language`. Mails are shown in all the languages that they have.
 *
 * It answers to this machine only, unless `hosts` has more: to requests of a loopback address, to a name of this machine,
 * through no proxy. `info` says the address: what @hono/node-server, Bun and Deno pass as the second argument, and `serve`
 * of `@yuzuru/server` too (a router hands it on: `show(c.req.raw, c.env)`). Without it nothing is shown.
 *
 * @throws {TypeError} unless each template has a `name` of its own and a `sample`
 * @example
 * const show = previews([verifyAddress, invitation])
 * await using server = await serve(show, { port: 4000 })
 */
export function previews(
  templates: readonly PreviewTemplate[],
  options: PreviewOptions = {},
): (request: Request, info?: ServerInfo) => Promise<Response> {
  expectOptions(options, ['basePath', 'hosts', 'sendTo', 'language'], 'previews')
  const { basePath = '', hosts = [], sendTo, language = LANGUAGES[0] } = options
  const byName = named(templates)
  if (basePath !== '' && !/^(?:\/[\w-]+)+$/.test(basePath)) {
    throw new TypeError('Expected basePath to be empty or like "/mails", got another string')
  }
  for (const host of hosts) expectText('hosts', host)
  if (sendTo !== undefined) {
    expectOptions(sendTo, ['mail', 'to'], 'previews.sendTo')
    parseMailbox('sendTo.to', sendTo.to)
  }
  if (!isLanguage(language)) throw expected(`language to be ${LANGUAGES.join(' or ')}`, language)
  const allowed = new Set(hosts)

  const bodyOf = async (request: Request, url: URL, look: Look): Promise<Response> => {
    const path = url.pathname.slice(basePath.length).replace(/^\/|\/$/g, '')
    if (path === '') return pageOf(indexPage(look, await allOf(byName)))
    const [name = '', locale = '', part, ...rest] = path.split('/')
    const template = byName.get(name)
    if (template === undefined || !template.locales.includes(locale) || rest.length > 0)
      return notFound(look)
    const shown = await shownOf(name, locale, template)
    if (!('mail' in shown)) return pageOf(brokenPage(look, shown, 'notShown'), 500)
    if (part === 'send' && request.method === 'POST' && sendTo !== undefined) {
      if (request.headers.get('origin') !== url.origin) return foreignForm(look)
      const failed = await failureOf(sendTo.mail.send({ to: sendTo.to, ...shown.mail }))
      if (failed !== undefined) {
        return pageOf(brokenPage(look, { name, locale, ...failed }, 'sendingFailed'), 502)
      }
      return new Response(null, {
        status: 303,
        headers: { location: `${basePath}/${name}/${locale}?sent=1` },
      })
    }
    if (request.method !== 'GET') return plain(405, 'Only GET')
    if (part === 'html' && shown.mail.html !== undefined) {
      return withPolicy(shown.mail.html.toString(), MAIL_POLICY)
    }
    if (part !== undefined) return notFound(look)
    const wasSent = url.searchParams.has('sent')
    const { locales } = template
    return pageOf(mailPage(look, shown, { locales, canSend: sendTo !== undefined, wasSent }))
  }

  // Of one parameter, as far as a server can see: with two it would be a listener of Node.
  return async (request, info = {}) => {
    const url = new URL(request.url)
    if (!allowed.has(url.hostname) && !isFromThisMachine(requestSourceOf(request, info))) {
      return plain(403, 'Previews are shown on this machine only; see the option "hosts"')
    }
    const look: Look = { base: basePath, language: languageOf(request, language) }
    if (url.pathname !== basePath && !url.pathname.startsWith(`${basePath}/`)) return notFound(look)
    const response = await bodyOf(request, url, look)
    const cookie = languageCookie(request, look)
    if (cookie !== undefined) response.headers.append('set-cookie', cookie)
    return response
  }
}

function named(templates: readonly PreviewTemplate[]): ReadonlyMap<string, PreviewTemplate> {
  if (!Array.isArray(templates)) {
    throw expected('templates to be a list of what defineTemplate makes', templates)
  }
  const byName = new Map<string, PreviewTemplate>()
  for (const template of templates) {
    if (typeof template?.render !== 'function')
      throw expected('a template of defineTemplate', template)
    const { name, sample } = template
    if (name === undefined || sample === undefined) {
      throw new TypeError('Expected each template to have a name and a sample, got one without')
    }
    if (byName.has(name))
      throw new TypeError(`Expected templates of different names, got two "${name}"`)
    byName.set(name, template)
  }
  return byName
}

async function allOf(byName: ReadonlyMap<string, PreviewTemplate>): Promise<(Shown | Broken)[]> {
  const all: (Shown | Broken)[] = []
  for (const [name, template] of byName) {
    for (const locale of template.locales) all.push(await shownOf(name, locale, template))
  }
  return all
}

async function shownOf(
  name: string,
  locale: string,
  template: PreviewTemplate,
): Promise<Shown | Broken> {
  try {
    const mail = await template.render(locale, template.sample)
    return { name, locale, mail, source: await sourceOf(mail) }
  } catch (error) {
    return { name, locale, problem: saidOf(error) }
  }
}

async function failureOf(sending: Promise<unknown>): Promise<Pick<Broken, 'problem'> | undefined> {
  try {
    await sending
    return undefined
  } catch (error) {
    return { problem: saidOf(error) }
  }
}

/** A cancel is not for the page. */
function saidOf(error: unknown): string | undefined {
  if (Cancelled.isInstance(error)) throw error
  return messageOf(error)
}

/** The message as it would go out. */
async function sourceOf(mail: RenderedMail): Promise<string> {
  const from = parseMailbox('from', SENDER)
  const defaults = { from, domain: 'example.test', dates: new StableDates() }
  const native = nativeMessage(checkedMessage({ to: 'you@example.test', ...mail }, defaults))
  const tree = new MailComposer(native).compile() as unknown as MimeTree
  return (await writeMessage(tree)).toString('latin1').replaceAll('\r\n', '\n')
}

function pageOf(body: string, status = 200): Response {
  const response = withPolicy(body, PAGE_POLICY, status)
  response.headers.set('vary', 'accept-language, cookie')
  return response
}

function withPolicy(body: string, policy: string, status = 200): Response {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  }
  return new Response(body, { status, headers })
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain' } })
}

function notFound(look: Look): Response {
  const { nothingHere, noSuchMail } = WORDS[look.language]
  return pageOf(messagePage(look, nothingHere, noSuchMail), 404)
}

function foreignForm(look: Look): Response {
  const { nothingDone, foreignForm: why } = WORDS[look.language]
  return pageOf(messagePage(look, nothingDone, why), 403)
}
