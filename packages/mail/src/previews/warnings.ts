import type { RenderedMail } from '../templates/template.ts'
import type { Words } from './words.ts'

/** Gmail cuts off the HTML of a message behind this, and hides the rest behind a link. */
const GMAIL_CLIPS_AT = 102 * 1024

/** What is likely to be wrong with a mail, for the one who writes it. */
export function warningsOf({ subject, text, html }: RenderedMail, words: Words): string[] {
  const source = html?.toString() ?? ''
  const links = valuesOf(source, 'a', 'href')
  const warnings: readonly (string | false)[] = [
    subject.trim() === '' && words.emptySubject,
    text.trim() === '' && words.noText,
    html === undefined && words.noHtml,
    ...tagsOf(source, 'img').map((tag) => !/\salt\s*=/i.test(tag) && words.noAlt(short(tag))),
    ...valuesOf(source, 'img', 'src').map(
      (link) => /^http:/i.test(link) && words.pictureNotHttps(short(link)),
    ),
    ...links.map((link) => linkWarning(link, words)),
    /<script\b/i.test(source) && words.script,
    /<link\b/i.test(source) && words.styleSheet,
    /\ssrc\s*=\s*["']data:/i.test(source) && words.dataPicture,
    Buffer.byteLength(source) > GMAIL_CLIPS_AT && words.cutOff(kilobytes(source)),
  ]
  return [...new Set(warnings.filter((warning) => warning !== false))]
}

function linkWarning(link: string, words: Words): string | false {
  if (/^(?:https:|mailto:|tel:|sms:|#)/i.test(link)) return false
  if (/^http:/i.test(link)) return words.linkNotHttps(short(link))
  return words.linkLeadsNowhere(short(link))
}

/** As it is said of a size. */
export function kilobytes(text: string): string {
  return `${(Buffer.byteLength(text) / 1024).toFixed(1)} kB`
}

function tagsOf(source: string, name: string): string[] {
  return source.match(new RegExp(`<${name}\\b[^>]*>`, 'gi')) ?? []
}

function valuesOf(source: string, tag: string, name: string): string[] {
  const value = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i')
  return tagsOf(source, tag).flatMap((each) => {
    const found = value.exec(each)
    return found === null ? [] : [found[1] ?? found[2] ?? found[3] ?? '']
  })
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
