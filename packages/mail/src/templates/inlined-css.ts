import juice from 'juice'
import { parse } from 'postcss'
import { type Html, trustedHtml } from './html.ts'

/** What is in a `<style>` is raw text up to its end tag (HTML Standard, 13.1.2.1). */
const STYLE = /(<style\b[^>]*>)([^]*?)(?=<\/style\s*>)/gi

/**
 * Puts the styles of each `<style>` at the elements that they are for, as mail programs want them that leave out
 * `<style>`: for the option `inlineCss` of a template. Rules in `@media` can't be inlined and stay, among them
 * those of `prefers-color-scheme: dark`; they become `!important`, as an inlined style would beat them.
 *
 * Needs `juice` and `postcss` beside this package. It takes milliseconds: several thousand of a kind are better
 * inlined once, in the template itself. Nothing is loaded: a linked style sheet stays a link.
 *
 * @throws {Error} when a style sheet is no CSS
 * @example
 * const invitation = defineTemplate(bodies, { inlineCss })
 */
export function inlineCss(html: Html): Html {
  const inlined = juice(html.toString(), { applyStyleTags: true, removeStyleTags: true })
  return trustedHtml(inlined.replaceAll(STYLE, (_, tag: string, css: string) => tag + firm(css)))
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
