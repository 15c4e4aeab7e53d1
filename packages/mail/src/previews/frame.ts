import { html, type Html } from '../templates/html.ts'
import type { Look } from './look.ts'
import { STYLE } from './style.ts'
import { WORDS } from './words.ts'

/** What a page is made of. */
export interface PageParts {
  readonly title: string
  /** The path of the page, below the base: the other language is there. */
  readonly path: string
  /** What stands above the heading, besides the way to the other language. */
  readonly links?: Html | undefined
  readonly header: Html
  readonly main?: Html | undefined
}

/** The frame around every page. */
export function page(look: Look, { title, path, links, header, main }: PageParts): string {
  const { base, language } = look
  const other = language === 'ja' ? 'en' : 'ja'
  const document = html`<html lang="${language}">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>${title}</title>
      ${STYLE}
    </head>
    <body>
      <header>
        <nav>
          ${links}
          <a
            class="language"
            href="${base}${path}?lang=${other}"
            lang="${other}"
            hreflang="${other}"
            >${other === 'ja' ? '日本語' : 'English'}</a
          >
        </nav>
        ${header}
      </header>
      ${main && html`<main>${main}</main>`}
    </body>
  </html>`
  return `<!doctype html>\n${document.toString()}`
}

/** The way back to the list. */
export function toAll({ base, language }: Look): Html {
  return html`<a href="${base === '' ? '/' : base}">${WORDS[language].allMails}</a>`
}

/** A page of a few words. */
export function messagePage(look: Look, title: string, text: string): string {
  return page(look, {
    title,
    path: '/',
    links: toAll(look),
    header: html`<h1>${title}</h1>
      <p>${text}</p>`,
  })
}
