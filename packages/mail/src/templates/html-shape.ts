import { Parser } from 'htmlparser2'
import { isBlock } from './html-blocks.ts'

/** Each takes a piece of the stack of the program, and is looked through for each end tag without a start. */
const MOST_LEVELS = 500

/** Each puts something before every line within, again. */
const MOST_INDENTS = 20

/** Letters that are put together again for each letter of the HTML, where tags cut words into pieces. */
const MOST_REPEATS = 50
const ALWAYS = 100_000

const INDENTING: ReadonlySet<string> = new Set(['blockquote', 'ol', 'ul'])

const SPACE = /[ \t\r\n\f]/

/**
 * Whether HTML has the shape of a mail for people: in any other one the time that its text takes grows with the
 * square of its length. It stops where it knows, so that it takes no such time itself.
 */
export function isForPeople(html: string): boolean {
  const most = ALWAYS + html.length * MOST_REPEATS
  const names: string[] = []
  let indents = 0
  /** The word that is not at its end, and what it took so far to put such words together. */
  let word = 0
  let repeated = 0
  /** Whether a tag stands before what comes: what follows text, as an entity does, is one with it. */
  let isPiece = false
  const isFit = (): boolean =>
    names.length <= MOST_LEVELS && indents <= MOST_INDENTS && repeated <= most
  const add = (text: string): void => {
    word = SPACE.test(text) ? 0 : word + text.length
    if (isPiece) repeated += word
  }
  const parser = new Parser({
    ontext(text) {
      add(text)
      isPiece = false
    },
    onattribute(name, value) {
      // What is shown of a picture and of a link.
      isPiece = true
      if (name === 'alt' || name === 'href') add(value)
    },
    onopentagname(name) {
      change(name, 1)
      names.push(name)
    },
    onclosetag(name) {
      names.pop()
      change(name, -1)
    },
  })
  const change = (name: string, by: 1 | -1): void => {
    isPiece = true
    if (INDENTING.has(name)) indents += by
    if (isBlock(name, names.at(-1))) word = 0
    if (!isFit()) parser.pause()
  }
  parser.write(html)
  return isFit()
}
