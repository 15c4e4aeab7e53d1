import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2'
import { isBlock } from './html-blocks.ts'

const UNSEEN: ReadonlySet<string> = new Set(['script', 'style'])

/** The words of HTML in lines, whatever its shape: without links, lists and quotes, in one pass. */
export function flatText(html: string): string {
  const words = new Words(html)
  const tokenizer = new Tokenizer({ decodeEntities: true }, words)
  tokenizer.write(html)
  tokenizer.end()
  return words.text()
}

class Words implements TokenizerCallbacks {
  readonly #html: string
  #text = ''
  /** The element whose text nobody sees, if we are in one. */
  #unseen: string | undefined

  constructor(html: string) {
    this.#html = html
  }

  text(): string {
    const lines = this.#text.split('\n').map((line) => line.trim())
    return lines.filter((line) => line !== '').join('\n')
  }

  ontext(start: number, end: number): void {
    // An end of line in HTML is a space.
    this.#add(this.#html.slice(start, end).replaceAll(/[ \t\r\n\f]+/g, ' '))
  }

  ontextentity(codePoint: number): void {
    this.#add(String.fromCodePoint(codePoint))
  }

  onopentagname(start: number, end: number): void {
    const name = this.#nameAt(start, end)
    if (UNSEEN.has(name)) this.#unseen = name
    if (isBlock(name) || name === 'li') this.#add('\n')
  }

  onclosetag(start: number, end: number): void {
    const name = this.#nameAt(start, end)
    if (name === this.#unseen) this.#unseen = undefined
    if (isBlock(name)) this.#add('\n')
  }

  onselfclosingtag(): void {}
  onopentagend(): void {}
  onattribdata(): void {}
  onattribend(): void {}
  onattribentity(): void {}
  onattribname(): void {}
  oncdata(): void {}
  oncomment(): void {}
  ondeclaration(): void {}
  onend(): void {}
  onprocessinginstruction(): void {}

  #nameAt(start: number, end: number): string {
    return this.#html.slice(start, end).toLowerCase()
  }

  #add(text: string): void {
    if (this.#unseen === undefined) this.#text += text
  }
}
