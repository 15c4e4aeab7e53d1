import { describe, expect, test } from 'vitest'
import { escapeXml } from './xml.ts'
import { childText, parseXml } from './xml-parser.ts'

describe('parseXml', () => {
  test('reads elements, text, entities, comments and a declaration', () => {
    const root = parseXml(
      `<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="urn:x"><!-- no --><b>1 &lt;&#x2F;&#65;</b> <c/></a>\n`,
    )
    expect(root.name).toBe('a')
    expect(childText(root, 'b')).toBe('1 </A')
    expect(childText(root, 'c')).toBe('')
    expect(childText(root, 'd')).toBeUndefined()
  })

  test.each([
    '',
    'text',
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<a/>text',
    '<a>text<b/></a>',
    '<a>&unknown;</a>',
    '<a>&amp</a>',
    '<a>&#xD800;</a>',
    '<a>&constructor;</a>',
    '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
    '<a><![CDATA[x]]></a>',
    '<a><?php ?></a>',
    '<a b=c/>',
    '<a b="1" b="2"/>',
    '<x:a/>',
    '<a>]]></a>',
    '<a><!-- a -- b --></a>',
    '<a>\u0001</a>',
    '<a>&#x1;</a>',
    `<!DOCTYPE a [<!ENTITY x "${'x'.repeat(100)}"><!ENTITY y "${'&x;'.repeat(100)}">]><a>&y;</a>`,
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    '<a/><?php ?>',
    '<a'.repeat(20),
    `${'<a>'.repeat(20)}${'</a>'.repeat(20)}`,
  ])('refuses %o', (source) => {
    expect(() => parseXml(source)).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
  })

  test('reads back what escapeXml wrote', () => {
    const text = `<a>&"'\t\r\n 支援😀`
    expect(parseXml(`<k>${escapeXml(text)}</k>`).text).toBe(text)
  })

  test('an element given twice is refused, not chosen from', () => {
    expect(() => childText(parseXml('<a><b>1</b><b>2</b></a>'), 'b')).toThrow()
  })
})
