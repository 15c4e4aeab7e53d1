/** The innermost comments: PostgreSQL's nest. */
const INNERMOST = /\/\*(?:(?!\/\*|\*\/)[^])*\*\/|--[^\n]*/g

/** How deep comments may be nested here. What is deeper stays. */
const MAX_DEPTH = 20

/**
 * A text, and where it seems to have comments the same with a blank in place of each: whoever looks for words in it
 * looks at both, for what seems to be a comment may stand within a literal.
 */
export function readings(sql: string): readonly string[] {
  let bare = sql
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const less = bare.replaceAll(INNERMOST, ' ')
    if (less === bare) break
    bare = less
  }
  return bare === sql ? [sql] : [sql, bare]
}

/** Whether one word comes somewhere behind another. In one expression it would take the square of the time. */
export function comesBehind(text: string, first: RegExp, then: RegExp): boolean {
  const at = text.search(first)
  return at >= 0 && then.test(text.slice(at))
}
