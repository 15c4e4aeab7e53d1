import { encodedWords } from './encoded-words.ts'

/** Where lines are folded (RFC 5322, 2.1.1: lines should have at most 78 characters). */
const LINE = 76
/** A line may have 998 characters (RFC 5322, 2.1.1), this header's name included. */
const MAX_LINE = 998
/** Words of this length do not stay on one line with the name of a header. */
const LONG_WORD = 60

/**
 * A header of pieces, each of which begins with the white space before it, if any. It is folded before
 * pieces only, and never right after the name: a first line that is empty but for the name breaks DKIM
 * signatures at some receivers.
 */
export function headerLine(name: string, pieces: readonly string[]): string {
  let text = `${name}: `
  let column = text.length
  for (const piece of pieces) {
    const isFolded = /^[ \t]/.test(piece) && column + piece.length > LINE
    text += isFolded ? `\r\n${piece}` : piece
    column = isFolded ? piece.length : column + piece.length
  }
  return text
}

/** ASCII words with one space between them, none of which a reader would take for an encoded word. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/

/**
 * The pieces of an unstructured header (RFC 5322, 2.2.1): as they are, or as encoded words where a reader
 * would not get the same text back.
 *
 * @param longest how long a word may be that is left as it is
 */
export function textPieces(name: string, text: string, longest: number = LONG_WORD): string[] {
  if (text === '') return []
  if (PLAIN.test(text) && !text.includes('=?')) {
    const words = text.split(' ')
    if (words.every((word) => word.length <= longest)) return spaced(words)
  }
  return spaced(encodedWords(text, LINE - name.length - ': '.length))
}

/** The pieces of a header whose grammar is not known here: what is not ASCII is encoded word by word. */
export function structuredPieces(text: string): string[] {
  const words = text.split(/[ \t]+/).filter((word) => word !== '')
  return spaced(words.flatMap((word) => (/^[!-~]+$/.test(word) ? [word] : encodedWords(word))))
}

/** Headers that programs read, not people: an encoded word in one would not be read. */
const STRUCTURED =
  /^(?:List-|Resent-|ARC-|DKIM-|Disposition-|X-SES-|X-SMTPAPI$|X-MC-|X-PM-|X-Mailgun-|Content-|MIME-|Auto-Submitted$|Authentication-Results$|Autocrypt$|Errors-To$|Feedback-ID$|Importance$|In-Reply-To$|Keywords$|Precedence$|Priority$|Received|References$|Sensitivity$|X-Priority$)/i

/** The longest word that a line of this header has room for. */
export function longestWord(name: string): number {
  return MAX_LINE - name.length - ': '.length
}

/** The pieces of a header that is not one of those with a form of their own. */
export function customPieces(name: string, text: string): string[] {
  return STRUCTURED.test(name) ? structuredPieces(text) : textPieces(name, text, longestWord(name))
}

/** Whether the words of this header are never encoded, so that none may be longer than a line. */
export function isStructured(name: string): boolean {
  return STRUCTURED.test(name)
}

function spaced(words: readonly string[]): string[] {
  return words.map((word, index) => (index === 0 ? word : ` ${word}`))
}
