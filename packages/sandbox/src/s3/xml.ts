/** An element: its name and either its text or its children. `undefined` leaves it out. */
export type XmlNode = readonly [
  name: string,
  content: string | number | boolean | undefined | readonly XmlNode[],
]

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** Escapes text; control characters become references, as S3 writes them. */
export function escapeXml(text: string): string {
  // oxlint-disable-next-line no-control-regex -- keys may contain control characters
  return text.replace(/[&<>"\r\n\u0000-\u001f]/g, (character) => {
    if (character === '&') return '&amp;'
    if (character === '<') return '&lt;'
    if (character === '>') return '&gt;'
    if (character === '"') return '&quot;'
    return `&#x${character.codePointAt(0)!.toString(16)};`
  })
}

function render([name, content]: XmlNode): string {
  if (content === undefined) return ''
  const inner = Array.isArray(content)
    ? content.map((child: XmlNode) => render(child)).join('')
    : escapeXml(String(content))
  return inner === '' ? `<${name}/>` : `<${name}>${inner}</${name}>`
}

/** A whole document. Results carry S3's namespace, errors carry none. */
export function xmlDocument(
  root: string,
  children: readonly XmlNode[] | string,
  options: { namespace?: boolean } = {},
): string {
  const inner =
    typeof children === 'string' ? escapeXml(children) : children.map((c) => render(c)).join('')
  const attribute = options.namespace === false ? '' : ` xmlns="${namespace}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner}</${root}>`
}
