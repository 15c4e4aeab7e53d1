import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isForPeople } from './html-shape.ts'
import { textOfHtml } from './text-of-html.ts'

const RUNS = Number(process.env['YUZURU_RUNS'] ?? 300)

/** What is repeated; the time that each takes grew with the square of its length, or its text with a power. */
const HOSTILE: Readonly<Record<string, string>> = {
  'elements in each other': '<b>',
  'elements in each other, and ends of others': '<b></i>',
  'elements whose attribute looks like their end': '<b title="</b>">',
  'elements that close themselves': '<b/>',
  'elements that close themselves within a picture': '<svg><desc><b/>',
  'paragraphs that are not implied to end': '<p><b>',
  'tables in each other': '<table><tr><td>',
  'lists in each other': '<ul><li>',
  'quotes in each other': '<blockquote>x',
  'forms in each other': '<form><p>',
  'a word in pieces': 'x<b></b>',
  'a word of items outside of a list': '<li>x',
  'a word of rows outside of a table': '<tr><td>x',
  'a word of pictures': '<img alt=xxxxxxxx>',
  'a word of links': '<a href=x>x</a>',
  'a word of empty links': '<a href=xxxxxxxxxxxx></a>',
  'ends without a start': '</i>',
  entities: '&amp;',
  attributes: '<p a b c>',
  'an attribute without an end': '<b a="',
  'comments without an end': '<!-- x',
  'programs without an end': '<script>x',
  'text areas': '<textarea>x',
  items: '<dl><dt>x<dd>y',
  rules: '<hr>',
  'signs of less': '< b',
}

const LENGTH = 30_000
const of = (piece: string, length: number): string => piece.repeat(Math.ceil(length / piece.length))

describe('the text of HTML', () => {
  test.each(['div', 'b', 'blockquote', 'ul><li', 'table><tr><td'])(
    'ends, however deep its elements are: %s',
    (tag) => {
      const html = `before <${tag}>${`<${tag}>`.repeat(4_000)}deep`
      expect(textOfHtml(html).split(/\s+/)).toEqual(['before', 'deep'])
    },
  )

  for (const [name, piece] of Object.entries(HOSTILE)) {
    test(`grows with its HTML, and no faster: ${name}`, () => {
      const short = textOfHtml(of(piece, LENGTH))
      // By the square of its length this would take very long.
      const long = textOfHtml(of(piece, 10 * LENGTH))
      expect(long.length).toBeLessThanOrEqual(11 * short.length + 1_000)
      expect(short.length).toBeLessThanOrEqual(25 * LENGTH)
    })
  }

  test('grows so behind 20 quotes and 499 elements, too', () => {
    const start = `${'<blockquote>'.repeat(20)}${'<b>'.repeat(479)}`
    const text = textOfHtml(`${start}${'x<br></i>'.repeat(LENGTH)}`)
    expect(text.split('\n')).toHaveLength(LENGTH)
    expect(text.startsWith(`${'> '.repeat(20)}x\n`)).toBe(true)
  })

  test('is that of the first 4 Mi characters, without a word on the console', () => {
    const text = textOfHtml(`${'word '.repeat(1 << 20)}end`)
    expect(text).toHaveLength(text.trimEnd().length)
    expect(text.endsWith('end')).toBe(false)
  })

  test('has the words of what no person wrote, without its programs', () => {
    const html = `${'<i>'.repeat(600)}<p>支援 &amp; 計画<script>if (a < b) no()</script><ul><li>一<li>二`
    expect(textOfHtml(html)).toBe('支援 & 計画\n一\n二')
  })

  test('throws for nothing', () => {
    const tags =
      'a b p ul ol li table tr td th blockquote pre br img h1 script style svg title dl dt'
    const attributes = [
      '',
      ' href="x"',
      ' start=-1',
      ' start=40000 type=I',
      ' type=a start=0',
      ' alt="',
    ]
    const pieces = fc.oneof(
      fc
        .constantFrom(...tags.split(' '))
        .chain((tag) =>
          fc.constantFrom(...attributes.map((own) => `<${tag}${own}>`), `</${tag}>`, `<${tag}/>`),
        ),
      fc.string({ maxLength: 8 }),
      fc.constantFrom('&', '&#0;', '&#x110000;', '&nbsp;', '<!--', '-->', '<![CDATA[', '<', '\n'),
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        expect(typeof textOfHtml(parts.join(''))).toBe('string')
        expect(typeof textOfHtml(`${'<b>'.repeat(501)}${parts.join('')}`)).toBe('string')
      }),
      { numRuns: RUNS },
    )
  })

  test.each(['40000', '-3', '1e99', 'x', '3999'])('counts a list from %s on', (start) => {
    expect(textOfHtml(`<ol type="I" start="${start}"><li>一<li>二</ol>`)).toMatch(/一\n.*二/)
  })

  test('has all that a mail for people holds, nested as tables are', () => {
    const depth = 100
    const open = '<table><tr><td>'.repeat(depth)
    expect(textOfHtml(`${open}deep${'</td></tr></table>'.repeat(depth)}`).trim()).toBe('deep')
  })

  test('keeps the links of a mail in which nothing has a space', () => {
    const items = Array.from(
      { length: 2_000 },
      (_, n) => `<li><a href="https://e.jp/${n}">支援計画</a></li>`,
    )
    const html = `<ul>${items.join('')}</ul>`
    expect(isForPeople(html)).toBe(true)
    expect(textOfHtml(html)).toContain('支援計画 [https://e.jp/1999]')
  })

  test('is of people where each letter has an element, or an entity, of its own', () => {
    expect(isForPeople('<span>支</span>'.repeat(500))).toBe(true)
    expect(isForPeople('&#x652f;'.repeat(2_000))).toBe(true)
    expect(isForPeople('<p>x<br>y'.repeat(5_000))).toBe(true)
    expect(isForPeople('<tr><td>x<td>y'.repeat(5_000))).toBe(true)
  })

  test.each(['dt', 'dd', 'center', 'address', 'figcaption', 'summary', 'legend', 'caption'])(
    'has %s in a line of its own',
    (tag) => {
      expect(textOfHtml(`<div>x<${tag}>y</${tag}>z</div>`)).toBe('x\ny\nz')
    },
  )
})
