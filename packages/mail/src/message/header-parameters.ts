import { encodedWords } from './encoded-words.ts'

const TOKEN = /^[\w!#$%&'*+.^`{|}~-]+$/
/** How many characters of a value go into one parameter: with its name they stay within a line. */
const SECTION = 50

/**
 * The pieces of a parameter of Content-Type or Content-Disposition (RFC 2045, 5.1): a token, a quoted
 * string, or sections in UTF-8 (RFC 2231). A quote or a backslash goes into sections, too: escaped in a
 * quoted string it is misread by many.
 */
export function parameterPieces(name: string, value: string): string[] {
  if (value.length <= SECTION && !value.includes('=?')) {
    if (TOKEN.test(value) && !/^'|'$/.test(value)) return [`${name}=${value}`]
    if (/^[ !#-[\]-~]*$/.test(value)) return [`${name}="${value}"`]
  }
  const sections = sectionsOf(value)
  if (sections.length === 1) return [`${name}*=utf-8''${sections[0]}`]
  return sections.map(
    (section, index) => `${name}*${index}*=${index === 0 ? "utf-8''" : ''}${section}`,
  )
}

/** The same name for old programs, which read neither `filename` nor sections: one encoded word or more. */
export function legacyNamePieces(name: string, value: string): string[] {
  if (value.length <= SECTION && !value.includes('=?') && /^[ !#-[\]-~]*$/.test(value)) {
    return parameterPieces(name, value)
  }
  // Folded between the words, within the quotes.
  return `${name}="${encodedWords(value, SECTION).join(' ')}"`.split(' ')
}

/** Percent-encoded, each section of whole characters. */
function sectionsOf(value: string): string[] {
  const sections: string[] = []
  let section = ''
  for (const character of value.toWellFormed()) {
    const encoded = /^[\w.~-]$/.test(character) ? character : percentEncoded(character)
    if (section !== '' && section.length + encoded.length > SECTION) {
      sections.push(section)
      section = ''
    }
    section += encoded
  }
  return [...sections, section]
}

function percentEncoded(character: string): string {
  return encodeURIComponent(character).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
