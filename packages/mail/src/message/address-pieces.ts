import { encodedWords } from './encoded-words.ts'
import type { TreeAddress } from './mime-tree.ts'

/** RFC 5322, 3.2.3: atoms with one space between. */
const ATOMS = /^[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*$/
/** The longest name that is quoted: a quoted string is not folded. */
const MAX_QUOTED = 60
/** An address without any character that could end it early. */
const BARE_ADDRESS = /^[^\s"(),:;<>@[\\\]]+@[^\s"(),:;<>@[\\\]]+$/

/**
 * The pieces of a name (RFC 5322, 3.2.5): atoms, a quoted string, or encoded words where a reader would
 * not get the same name back. A name that looks like an encoded word is encoded too.
 *
 * @param room how many characters the first one may have
 */
function namePieces(name: string, room: number): string[] {
  const isSafe = !name.includes('=?') && name.length <= MAX_QUOTED
  if (isSafe && ATOMS.test(name)) return name.split(' ')
  if (isSafe && /^[ -~]+$/.test(name)) return [`"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`]
  return encodedWords(name, room)
}

/** The pieces of an address header: mailboxes and groups, separated by commas. */
export function addressPieces(name: string, addresses: readonly TreeAddress[]): string[] {
  let room = 76 - name.length - ': '.length
  const pieces: string[] = []
  for (const [index, address] of addresses.entries()) {
    const own = piecesOf(address, room)
    const isLast = index === addresses.length - 1
    pieces.push(...own.map((piece, at) => (isLast || at < own.length - 1 ? piece : `${piece},`)))
    room = 75
  }
  return pieces.map((piece, index) => (index === 0 ? piece : ` ${piece}`))
}

function piecesOf({ name = '', address, group }: TreeAddress, room: number): string[] {
  if (group !== undefined) {
    const members = addressPieces('', group).map((piece) => piece.trimStart())
    const [last = '', ...others] = namePieces(name, room).toReversed()
    return [...others.toReversed(), `${last}:`, ...members.slice(0, -1), `${members.at(-1) ?? ''};`]
  }
  if (address === undefined || address === '') return []
  if (name === '') return [BARE_ADDRESS.test(address) ? address : `<${address}>`]
  return [...namePieces(name, room), `<${address}>`]
}
