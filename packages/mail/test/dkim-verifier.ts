import { createHash, createVerify, type KeyObject } from 'node:crypto'

/**
 * Verifies the signatures of a message by RFC 6376 (rsa-sha256, relaxed/relaxed), with nothing of what made
 * them.
 *
 * @returns the domain of each signature that holds
 */
export function verifiedDomains(raw: Buffer, keyOf: (selector: string) => KeyObject): string[] {
  const text = raw.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const headers = text.slice(0, end + 2).split(/\r\n(?![ \t])/)
  const body = relaxedBody(text.slice(end + 4))
  const bodyHash = createHash('sha256').update(body, 'latin1').digest('base64')
  return headers
    .filter((header) => /^dkim-signature:/i.test(header))
    .flatMap((signature) => {
      const tags = tagsOf(signature.slice(signature.indexOf(':') + 1))
      const { a, c, d = '', s = '', h = '', b = '', bh } = tags
      if (a !== 'rsa-sha256' || c !== 'relaxed/relaxed' || bh?.replaceAll(/\s/g, '') !== bodyHash)
        return []
      const left = [...headers]
      const verifier = createVerify('RSA-SHA256')
      for (const name of h.split(':').map((each) => each.trim().toLowerCase())) {
        const at = left.findLastIndex((header) => header.toLowerCase().startsWith(`${name}:`))
        if (at >= 0) verifier.update(`${relaxedHeader(left.splice(at, 1)[0] ?? '')}\r\n`, 'latin1')
      }
      const own = relaxedHeader(signature).replace(/(\bb=)[^;]*/, '$1')
      verifier.update(own, 'latin1')
      return verifier.verify(keyOf(s), b.replaceAll(/\s/g, ''), 'base64') ? [d] : []
    })
}

function tagsOf(list: string): Record<string, string> {
  const tags = list.split(';').map((tag) => tag.trim().split(/=(.*)/s, 2))
  return Object.fromEntries(tags.map(([name = '', value = '']) => [name.trim(), value.trim()]))
}

/** RFC 6376, 3.4.2. */
function relaxedHeader(header: string): string {
  const at = header.indexOf(':')
  const value = header
    .slice(at + 1)
    .replaceAll('\r\n', '')
    .replaceAll(/[ \t]+/g, ' ')
    .trim()
  return `${header.slice(0, at).trim().toLowerCase()}:${value}`
}

/** RFC 6376, 3.4.4. */
function relaxedBody(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''))
  const text = lines.join('\r\n').replace(/(?:\r\n)*$/, '')
  return text === '' ? '' : `${text}\r\n`
}
