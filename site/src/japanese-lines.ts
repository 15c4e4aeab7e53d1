import type { MarkdownRenderer } from 'vitepress'

type Token = ReturnType<MarkdownRenderer['parse']>[number]

/** A browser shows the end of a line as a space, which Japanese has none of. */
export function japaneseLines(md: MarkdownRenderer): void {
  md.core.ruler.push('japanese-lines', ({ tokens }) => {
    for (const token of tokens) {
      const line = token.children ?? []
      token.children = line.filter((part, at) => part.type !== 'softbreak' || !isWithin(line, at))
    }
  })
}

const isWithin = (line: readonly Token[], at: number): boolean => {
  const before = lastOf(line.slice(0, at).map(({ content }) => content))
  const after = line.slice(at).find(({ content }) => content !== '')?.content ?? ''
  return /[、。）」]$/.test(before) || (/[ぁ-ヿ一-龠]$/.test(before) && /^[ぁ-ヿ一-龠]/.test(after))
}

const lastOf = (texts: readonly string[]): string => texts.findLast((text) => text !== '') ?? ''
