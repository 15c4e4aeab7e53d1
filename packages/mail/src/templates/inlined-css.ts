import { expected } from '@yuzuru/concurrency/boundary'
import juice from 'juice'
import { parse } from 'postcss'
import { Html, trustedHtml } from './html.ts'

/**
 * Puts the styles of each `<style>` at the elements that they are for, as mail programs want them that leave out
 * `<style>`: for the option `inlineCss` of a template. Rules in `@media` can't be inlined and stay, among them
 * those of `prefers-color-scheme: dark`; they become `!important`, as an inlined style would beat them.
 *
 * Needs `juice` and `postcss` beside this package. It takes milliseconds: several thousand of a kind are better
 * inlined once, in the template itself. Nothing is loaded: a linked style sheet stays a link.
 *
 * @throws {Error} when a style sheet is no CSS
 * @throws {TypeError} when `html` is no `Html`: what comes out is trusted, so what goes in must be
 * @example
 * const invitation = defineTemplate(bodies, { inlineCss })
 */
export function inlineCss(html: Html): Html {
  if (!(html instanceof Html)) throw expected('html to be what html`…` makes', html)
  const inlined = juice(html.toString(), { applyStyleTags: true, removeStyleTags: true })
  return trustedHtml(
    inlined
      .split(/(?=<style\b)/i)
      .map(firmIn)
      .join(''),
  )
}

/** What is in a `<style>` is raw text up to its end tag (HTML Standard, 13.1.2.1). */
function firmIn(piece: string): string {
  const from = piece.indexOf('>') + 1
  const to = piece.search(/<\/style\b/i)
  if (!/^<style\b/i.test(piece) || from === 0 || to < from) return piece
  return piece.slice(0, from) + firm(piece.slice(from, to)) + piece.slice(to)
}

function firm(css: string): string {
  const root = parse(css)
  root.walkAtRules('media', (rule) => {
    rule.walkDecls((declaration) => {
      declaration.important = true
    })
  })
  return root.toString()
}
