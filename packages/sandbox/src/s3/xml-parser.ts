import { S3Error } from './errors.ts'

/** An element of a request body: children, or text when there are none. */
export interface XmlElement {
  readonly name: string
  readonly children: readonly XmlElement[]
  readonly text: string
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}
const maxDepth = 8

function malformed(): S3Error {
  return new S3Error('MalformedXML')
}

function unescapeXml(text: string): string {
  return text.replace(/&([^;]{0,10})(;?)/g, (_, name: string, end: string) => {
    if (end === '') throw malformed()
    const number = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name)
    if (!number) {
      const value = Object.hasOwn(entities, name) ? entities[name] : undefined
      if (value === undefined) throw malformed()
      return value
    }
    const point = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16)
    if (point > 0x10_ff_ff || (point >= 0xd8_00 && point <= 0xdf_ff)) throw malformed()
    return String.fromCodePoint(point)
  })
}

const declaration = /^\uFEFF?(?:<\?xml\s[^?<>]*\?>)?/
const name = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?'
const attributes = `(?:\\s+${name}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*`
const tag = new RegExp(
  `<!--(?:(?!--)[^])*-->|<(${name})${attributes}\\s*(/?)>|</(${name})\\s*>`,
  'y',
)

/**
 * Parses the small documents that S3 accepts as request bodies. Strict: no DTD, no processing
 * instruction, no CDATA, nothing after the root, no text beside elements.
 * @throws S3Error `MalformedXML`
 */
export function parseXml(source: string): XmlElement {
  type Open = { name: string; children: XmlElement[]; text: string }
  const top: Open = { name: '', children: [], text: '' }
  const stack: Open[] = [top]
  let position = declaration.exec(source)?.[0].length ?? 0
  while (position < source.length) {
    const open = stack.at(-1)!
    const next = source.indexOf('<', position)
    const end = next === -1 ? source.length : next
    open.text += unescapeXml(source.slice(position, end))
    if (next === -1) break
    tag.lastIndex = next
    const match = tag.exec(source)
    if (!match) throw malformed()
    position = tag.lastIndex
    const [, opened, selfClosed, closed] = match
    if (opened !== undefined) {
      if (stack.length > maxDepth) throw malformed()
      const element: Open = { name: opened.replace(/^.*:/, ''), children: [], text: '' }
      open.children.push(element)
      if (selfClosed === '') stack.push(element)
    } else if (closed !== undefined) {
      if (stack.length === 1 || closed.replace(/^.*:/, '') !== open.name) throw malformed()
      if (open.children.length > 0 && open.text.trim() !== '') throw malformed()
      stack.pop()
    }
  }
  const root = top.children[0]
  if (stack.length !== 1 || top.children.length !== 1 || !root || top.text.trim() !== '') {
    throw malformed()
  }
  return root
}

/** The text of the only child of that name; `undefined` when there is none. */
export function childText(element: XmlElement, child: string): string | undefined {
  const found = element.children.filter((candidate) => candidate.name === child)
  if (found.length > 1 || (found[0]?.children.length ?? 0) > 0) throw malformed()
  return found[0]?.text
}
