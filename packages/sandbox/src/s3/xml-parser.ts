import { SaxesParser } from 'saxes'
import { S3Error } from './errors.ts'

/** An element of a request body: children, or text when there are none. */
export interface XmlElement {
  readonly name: string
  readonly children: readonly XmlElement[]
  readonly text: string
}

/** How deep elements may be nested. S3's own documents need five. */
const maxDepth = 8

/**
 * Parses the small documents that S3 accepts as request bodies. Strict: well-formed XML 1.0 with bound
 * prefixes, and no DTD (so no entities of its own), no processing instruction, no CDATA, no text beside
 * elements.
 *
 * @throws S3Error `MalformedXML`
 */
export function parseXml(source: string): XmlElement {
  const reader = new ElementReader()
  try {
    reader.parser.write(source).close()
  } catch {
    throw new S3Error('MalformedXML')
  }
  return reader.root
}

interface Open {
  readonly name: string
  readonly children: XmlElement[]
  text: string
}

/** Makes elements of what the parser finds. All that is not allowed throws, as the parser itself does. */
class ElementReader {
  readonly parser = new SaxesParser({ xmlns: true, position: false })
  readonly #top: Open = { name: '', children: [], text: '' }
  readonly #stack: Open[] = [this.#top]

  constructor() {
    const refuse = (): never => {
      throw new Error('not allowed')
    }
    for (const event of ['doctype', 'processinginstruction', 'cdata'] as const) {
      this.parser.on(event, refuse)
    }
    this.parser.on('opentag', ({ local }) => this.#open(local))
    this.parser.on('text', (text) => {
      this.#current.text += text
    })
    this.parser.on('closetag', () => this.#close())
  }

  get root(): XmlElement {
    return this.#top.children[0] as XmlElement
  }

  get #current(): Open {
    return this.#stack.at(-1) as Open
  }

  #open(name: string): void {
    if (this.#stack.length > maxDepth) throw new Error('nested too deep')
    const element: Open = { name, children: [], text: '' }
    this.#current.children.push(element)
    this.#stack.push(element)
  }

  #close(): void {
    const { children, text } = this.#current
    if (children.length > 0 && text.trim() !== '') throw new Error('text beside elements')
    this.#stack.pop()
  }
}

/** The text of the only child of that name; `undefined` when there is none. */
export function childText(element: XmlElement, child: string): string | undefined {
  const found = element.children.filter((candidate) => candidate.name === child)
  if (found.length > 1 || (found[0]?.children.length ?? 0) > 0) throw new S3Error('MalformedXML')
  return found[0]?.text
}
