import type { RenderedMail } from '../templates/template.ts'

/** Gmail cuts off the HTML of a message behind this, and hides the rest behind a link. */
const GMAIL_CLIPS_AT = 102 * 1024

/** What is likely to be wrong with a mail, for the one who writes it. */
export function warningsOf({ subject, text, html }: RenderedMail): string[] {
  const source = html?.toString() ?? ''
  const links = valuesOf(source, 'a', 'href')
  const warnings: readonly (string | false)[] = [
    subject.trim() === '' && 'The subject is empty.',
    text.trim() === '' &&
      'There is no text part: some readers show nothing, and filters trust it less.',
    html === undefined && 'There is no HTML part.',
    ...tagsOf(source, 'img').map(
      (tag) => !/\salt\s*=/i.test(tag) && `A picture has no alt: ${short(tag)}`,
    ),
    ...valuesOf(source, 'img', 'src').map(
      (link) => /^http:/i.test(link) && `A picture is not https: ${short(link)}`,
    ),
    ...links.map((link) => linkWarning(link)),
    /<script\b/i.test(source) && 'There is a script, which no mail program runs.',
    /<link\b/i.test(source) &&
      'There is a linked style sheet, which most mail programs do not load.',
    /\ssrc\s*=\s*["']data:/i.test(source) &&
      'A picture is in a data: URL, which Gmail does not show.',
    Buffer.byteLength(source) > GMAIL_CLIPS_AT &&
      `The HTML has ${kilobytes(source)}; Gmail cuts it off at 102 kB.`,
  ]
  return [...new Set(warnings.filter((warning) => warning !== false))]
}

function linkWarning(link: string): string | false {
  if (/^(?:https:|mailto:|tel:|sms:|#)/i.test(link)) return false
  if (/^http:/i.test(link)) return `A link is not https: ${short(link)}`
  return `A link leads nowhere outside of a site: ${short(link)}`
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
