import { html, type Html } from '../templates/html.ts'
import type { RenderedMail } from '../templates/template.ts'
import { STYLE } from './style.ts'
import { kilobytes, warningsOf } from './warnings.ts'

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
  readonly problem: string
}

function page(title: string, body: Html): string {
  const document = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>${title}</title>
      ${STYLE}
    </head>
    <body>
      ${body}
    </body>
  </html>`
  return `<!doctype html>\n${document.toString()}`
}

/** All templates in all languages, with what is said of each. */
export function indexPage(base: string, all: readonly (Shown | Broken)[]): string {
  const rows = all.map(
    (each) =>
      html`<tr>
        <td><a href="${`${base}/${each.name}/${each.locale}`}">${each.name}</a></td>
        <td>${each.locale}</td>
        ${'mail' in each ? aboutOf(each.mail) : html`<td class="warn">${each.problem}</td>`}
      </tr>`,
  )
  return page(
    'Mails',
    html`<header><h1>Mails</h1></header>
      <main>
        <table>
          <thead>
            <tr>
              <th>Template</th>
              <th>Language</th>
              <th>Subject</th>
              <th>HTML</th>
              <th>Warnings</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>
      </main>`,
  )
}

function aboutOf(mail: RenderedMail): Html {
  const warnings = warningsOf(mail)
  const size = mail.html === undefined ? 'text only' : kilobytes(mail.html.toString())
  return html`<td>${mail.subject}</td>
    <td>${size}</td>
    <td>${warnings.length === 0 ? html`<span class="muted">none</span>` : warnings.length}</td>`
}

/** Why a mail can't be shown. */
export function brokenPage(base: string, { name, locale, problem }: Broken): string {
  return page(
    `${name} (${locale})`,
    html`<header>
      <nav><a href="${base === '' ? '/' : base}">All mails</a></nav>
      <h1>${name} · ${locale}</h1>
      <p class="warn">${problem}</p>
    </header>`,
  )
}

/** What a page of one mail shows beside it. */
export interface Beside {
  readonly locales: readonly string[]
  /** Whether it can be sent to the one who looks at it. */
  readonly canSend: boolean
  readonly wasSent: boolean
}

/** One mail: at two widths, light and dark, as text and as source. */
export function mailPage(base: string, shown: Shown, more: Beside): string {
  const { name, locale, mail, source } = shown
  const { locales, canSend, wasSent } = more
  const at = `${base}/${name}/${locale}`
  const warnings = warningsOf(mail)
  const languages = locales.map((each) => {
    const current = each === locale ? 'page' : 'false'
    return html`<a href="${base}/${name}/${each}" aria-current="${current}">${each}</a> `
  })
  const body = html`<header>
      <nav><a href="${base === '' ? '/' : base}">All mails</a> ${languages}</nav>
      <h1>${mail.subject}</h1>
      <p class="muted">
        ${name} · ${locale} · HTML
        ${mail.html === undefined ? 'none' : kilobytes(mail.html.toString())} · text
        ${kilobytes(mail.text)} · message ${kilobytes(source)}
      </p>
      ${canSend && html`<form method="post" action="${at}/send"><button>Send to me</button></form>`}
      ${wasSent && html`<p>Sent.</p>`}
      ${
        warnings.length > 0 &&
        html`<ul class="warn">
          ${warnings.map((each) => html`<li>${each}</li>`)}
        </ul>`
      }
    </header>
    <main>
      ${mail.html !== undefined && frames(at)}
      <div class="row">
        <section class="half">
          <h2>Text</h2>
          <pre>${mail.text}</pre>
        </section>
        ${
          mail.html !== undefined &&
          html`<section class="half">
            <h2>HTML</h2>
            <pre>${mail.html.toString()}</pre>
          </section>`
        }
        <section class="half">
          <h2>Message</h2>
          <pre>${source}</pre>
        </section>
      </div>
    </main>`
  return page(`${mail.subject} (${locale})`, body)
}

function frames(at: string): Html {
  const frame = (width: 'phone' | 'desktop', scheme: 'light' | 'dark'): Html =>
    html`<section>
      <h2>${width === 'phone' ? 'Phone, 375 px' : 'Desktop, 700 px'}, ${scheme}</h2>
      <iframe
        class="${width} ${scheme}"
        src="${at}/html"
        title="${width}, ${scheme}"
        sandbox="allow-popups"
      ></iframe>
    </section>`
  return html`<div class="row">${frame('phone', 'light')} ${frame('desktop', 'light')}</div>
    <div class="row">${frame('phone', 'dark')} ${frame('desktop', 'dark')}</div>`
}
