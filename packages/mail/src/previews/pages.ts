import { html, type Html } from '../templates/html.ts'
import type { RenderedMail } from '../templates/template.ts'
import { page, toAll } from './frame.ts'
import type { Look } from './look.ts'
import { kilobytes, warningsOf } from './warnings.ts'
import { WORDS, type Words } from './words.ts'

/** A template in one language. */
interface Named {
  readonly name: string
  readonly locale: string
}

/** As it is shown, with the message as it would go out. */
export interface Shown extends Named {
  readonly mail: RenderedMail
  readonly source: string
}

/** One that can't be shown: it throws with its sample data, or nobody could send what it gives. */
export interface Broken extends Named {
  /** In the words of what was thrown; none where that is no error. */
  readonly problem: string | undefined
}

/** All templates in all languages, with what is said of each. */
export function indexPage(look: Look, all: readonly (Shown | Broken)[]): string {
  const { base, language } = look
  const words = WORDS[language]
  const rows = all.map(
    (each) =>
      html`<tr>
        <td><a href="${`${base}/${each.name}/${each.locale}`}">${each.name}</a></td>
        <td>${each.locale}</td>
        ${
          'mail' in each
            ? aboutOf(words, each)
            : html`<td class="warn">${each.problem ?? words.noError}</td>`
        }
      </tr>`,
  )
  return page(look, {
    title: words.mails,
    path: '/',
    header: html`<h1>${words.mails}</h1>`,
    main: html`<table>
      <thead>
        <tr>
          <th>${words.template}</th>
          <th>${words.language}</th>
          <th>${words.subject}</th>
          <th>HTML</th>
          <th>${words.warnings}</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`,
  })
}

function aboutOf(words: Words, { mail, locale }: Shown): Html {
  const warnings = warningsOf(mail, words)
  const size = mail.html === undefined ? words.textOnly : kilobytes(mail.html.toString())
  return html`<td lang="${locale}">${mail.subject}</td>
    <td>${size}</td>
    <td data-label="${words.warnings}: ">
      ${warnings.length === 0 ? html`<span class="muted">${words.none}</span>` : warnings.length}
    </td>`
}

/** Why a mail can't be shown, or what came of sending it. */
export function brokenPage(
  look: Look,
  { name, locale, problem }: Broken,
  what: 'notShown' | 'sendingFailed',
): string {
  const words = WORDS[look.language]
  return page(look, {
    title: `${name} (${locale})`,
    path: `/${name}/${locale}`,
    links: toAll(look),
    header: html`<h1>${name} · ${locale}</h1>
      <p>${words[what]}</p>
      <p class="warn">${problem ?? words.noError}</p>`,
  })
}

/** What a page of one mail shows beside it. */
export interface Beside {
  readonly locales: readonly string[]
  /** Whether it can be sent to the one who looks at it. */
  readonly canSend: boolean
  readonly wasSent: boolean
}

/** One mail: at two widths, light and dark, as text and as source. */
export function mailPage(look: Look, shown: Shown, more: Beside): string {
  const { base, language } = look
  const { name, locale, mail } = shown
  const { locales, canSend, wasSent } = more
  const words = WORDS[language]
  const path = `/${name}/${locale}`
  const at = `${base}${path}`
  const warnings = warningsOf(mail, words)
  const inOthers = locales.map((each) => {
    const current = each === locale ? 'page' : 'false'
    return html`<a href="${base}/${name}/${each}" aria-current="${current}">${each}</a> `
  })
  const header = html`<h1 lang="${locale}">${mail.subject}</h1>
    <p class="muted">${name} · ${locale} · ${sizesOf(words, shown)}</p>
    ${
      canSend &&
      html`<form method="post" action="${at}/send"><button>${words.sendToMe}</button></form>`
    }
    ${wasSent && html`<p>${words.sent}</p>`}
    ${
      warnings.length > 0 &&
      html`<ul class="warn">
        ${warnings.map((each) => html`<li>${each}</li>`)}
      </ul>`
    }`
  return page(look, {
    title: `${mail.subject} (${locale})`,
    path,
    links: html`${toAll(look)} ${inOthers}`,
    header,
    main: html`${mail.html !== undefined && frames(words, at)} ${sources(words, shown)}`,
  })
}

function sizesOf(words: Words, { mail, source }: Shown): string {
  const ofHtml = mail.html === undefined ? undefined : kilobytes(mail.html.toString())
  return words.sizes(ofHtml, kilobytes(mail.text), kilobytes(source))
}

function sources(words: Words, { mail, locale, source }: Shown): Html {
  return html`<div class="row">
    <section class="half">
      <h2>${words.text}</h2>
      <pre lang="${locale}">${mail.text}</pre>
    </section>
    ${
      mail.html !== undefined &&
      html`<section class="half">
        <h2>HTML</h2>
        <pre>${mail.html.toString()}</pre>
      </section>`
    }
    <section class="half">
      <h2>${words.message}</h2>
      <pre>${source}</pre>
    </section>
  </div>`
}

function frames(words: Words, at: string): Html {
  const frame = (width: 'phone' | 'desktop', scheme: 'light' | 'dark'): Html =>
    html`<section>
      <h2>${words.frame(width, scheme)}</h2>
      <iframe
        class="${width} ${scheme}"
        src="${at}/html"
        title="${words.frame(width, scheme)}"
        sandbox="allow-popups"
      ></iframe>
    </section>`
  return html`<div class="row">${frame('phone', 'light')} ${frame('desktop', 'light')}</div>
    <div class="row">${frame('phone', 'dark')} ${frame('desktop', 'dark')}</div>`
}
