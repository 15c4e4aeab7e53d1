import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import { root } from './packages.ts'

const ENGLISH = 'docs/'
const JAPANESE = 'docs/ja/'

/** Puts, below the title of a page that there is in English and in Japanese, a link to the other one. */
export function otherLanguage(md: MarkdownRenderer): void {
  md.core.ruler.push('other-language', (state) => {
    const { relativePath } = state.env as { readonly relativePath: string }
    const page = relativePath.replace(/(^|\/)index\.md$/, '$1README.md')
    const title = state.tokens.findIndex(
      ({ type, tag }) => type === 'heading_close' && tag === 'h1',
    )
    const other = otherOf(page)
    if (title < 0 || other === undefined || !existsSync(join(root, other))) return
    const isJapanese = other.startsWith(JAPANESE)
    const [open, line, close] = md.parse(
      `[${isJapanese ? '日本語' : 'English'}](${posix.relative(posix.dirname(page), other)})`,
      { ...state.env, relativePath: '' },
    )
    if (open === undefined || line === undefined || close === undefined) return
    open.attrSet('class', 'other-language')
    line.children?.[0]?.attrSet('lang', isJapanese ? 'ja' : 'en')
    state.tokens.splice(title + 1, 0, open, line, close)
  })
}

function otherOf(page: string): string | undefined {
  if (page.startsWith(JAPANESE)) return page.replace(JAPANESE, ENGLISH)
  return page.startsWith(ENGLISH) ? page.replace(ENGLISH, JAPANESE) : undefined
}
