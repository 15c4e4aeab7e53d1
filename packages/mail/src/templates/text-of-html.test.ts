import { describe, expect, test } from 'vitest'
import { textOfHtml } from './text-of-html.ts'

describe('the text of HTML', () => {
  test.each(['div', 'b', 'blockquote', 'ul><li', 'table><tr><td'])(
    'ends, however deep its elements are: %s',
    (tag) => {
      expect(textOfHtml(`before <${tag}>${`<${tag}>`.repeat(4_000)}deep`)).toMatch(/^before/)
    },
  )

  test('has all that a mail for people holds, nested as tables are', () => {
    const depth = 100
    const open = '<table><tr><td>'.repeat(depth)
    expect(textOfHtml(`${open}deep${'</td></tr></table>'.repeat(depth)}`).trim()).toBe('deep')
  })
})
