import { parseHeaderValue } from 'nodemailer/lib/mime-funcs'
import { addressPieces } from './address-pieces.ts'
import { customPieces, headerLine, structuredPieces, textPieces } from './header-line.ts'
import { legacyNamePieces, parameterPieces } from './header-parameters.ts'
import type { MimeTree, TreeHeader } from './mime-tree.ts'

/** What is known of a node once its body is encoded. */
export interface NodeFrame {
  readonly isRoot: boolean
  /** Of a leaf. */
  readonly transferEncoding: string | undefined
  /** The charset of a text that came without one. */
  readonly charset: string | undefined
  /** Of a multipart. */
  readonly boundary: string | undefined
}

const ADDRESSES: ReadonlySet<string> = new Set(['From', 'Sender', 'To', 'Cc', 'Bcc', 'Reply-To'])
const IDS: ReadonlySet<string> = new Set(['Message-ID', 'In-Reply-To', 'Content-ID', 'References'])

/**
 * The headers of a node, written by us and not by nodemailer, with the line break after the last one:
 * whatever is in them reads back the same, and no line is longer than 998 characters (decision 66).
 */
export function headerBlock(node: MimeTree, frame: NodeFrame): string {
  return headersOf(node, frame)
    .map((header) => lineOf(node, header, frame))
    .filter((line) => line !== undefined)
    .map((line) => `${line}\r\n`)
    .join('')
}

/** nodemailer's, with those that it adds last, in its order: Content-Type ends those of the root. */
function headersOf(node: MimeTree, { isRoot, transferEncoding }: NodeFrame): TreeHeader[] {
  if (transferEncoding !== undefined) node.setHeader('Content-Transfer-Encoding', transferEncoding)
  if (node.filename && !node.getHeader('Content-Disposition')) {
    node.setHeader('Content-Disposition', 'attachment')
  }
  if (!isRoot) return [...node._headers]
  if (!node.getHeader('Date')) node.setHeader('Date', node.date ?? new Date())
  node.messageId()
  if (!node.getHeader('MIME-Version')) node.setHeader('MIME-Version', '1.0')
  const isType = ({ key }: TreeHeader): boolean => key === 'Content-Type'
  return [...node._headers.filter((header) => !isType(header)), ...node._headers.filter(isType)]
}

function lineOf(node: MimeTree, { key, value }: TreeHeader, frame: NodeFrame): string | undefined {
  if (key === 'Bcc' && !node.keepBcc) return undefined
  const prepared = preparedOf(key, value)
  if (prepared?.isFinal === true) return `${nameOf(node, key, prepared.text)}: ${prepared.text}`
  const pieces =
    prepared === undefined ? piecesOf(node, key, value, frame) : structuredPieces(prepared.text)
  if (pieces.length === 0) return undefined
  return headerLine(nameOf(node, key, pieces.join('')), pieces)
}

/** A value that its maker has encoded, `{ prepared: true, value }`; folded unless that is said too. */
function preparedOf(key: string, value: unknown): { text: string; isFinal: boolean } | undefined {
  if (typeof value !== 'object' || value === null || ADDRESSES.has(key)) return undefined
  if (!('prepared' in value) || value.prepared !== true || !('value' in value)) return undefined
  return { text: String(value.value), isFinal: !('foldLines' in value && value.foldLines === true) }
}

function piecesOf(node: MimeTree, key: string, value: unknown, frame: NodeFrame): string[] {
  if (ADDRESSES.has(key)) return addressPieces(key, node._parseAddresses(value))
  if (IDS.has(key)) return structuredPieces(node.encodeHeaderValue(key, value))
  if (value instanceof Date) return [value.toUTCString().replace('GMT', '+0000')]
  const text = oneLine(value)
  if (key === 'Content-Type') return typePieces(node, text, frame)
  if (key === 'Content-Disposition') return dispositionPieces(node, text)
  return key === 'Subject' ? textPieces(key, text) : customPieces(key, text)
}

/** Nodemailer has none of the characters in a name that could end it early. */
function nameOf(node: MimeTree, key: string, value: string): string {
  const own = node.normalizeHeaderKey?.(key, value)
  return typeof own === 'string' && /^[!-9;-~]+$/.test(own) ? own : key
}

function oneLine(value: unknown): string {
  const plain =
    typeof value === 'object' && value !== null && 'value' in value ? value.value : value
  const isText =
    typeof plain === 'string' || typeof plain === 'number' || typeof plain === 'boolean'
  return isText && plain !== false ? `${plain}`.replaceAll(/[\r\n]+/g, ' ').trim() : ''
}

function typePieces(node: MimeTree, text: string, { boundary, charset }: NodeFrame): string[] {
  const { value, params } = parsed(text)
  const rest = Object.entries(params).filter(
    ([name]) => name !== 'boundary' && !(node.filename && /^name(?:\*|$)/i.test(name)),
  )
  const pieces = rest.map(([name, each]) => parameterPieces(name, each))
  if (charset !== undefined && !('charset' in params))
    pieces.push(parameterPieces('charset', charset))
  if (boundary !== undefined) pieces.push([`boundary="${boundary}"`])
  if (node.filename) pieces.push(legacyNamePieces('name', node.filename))
  return withParameters(value.replaceAll(/[^!-~]/g, '') || 'application/octet-stream', pieces)
}

function dispositionPieces(node: MimeTree, text: string): string[] {
  const { value, params } = parsed(text)
  const filename = node.filename ? { filename: node.filename } : {}
  const pieces = Object.entries({ ...params, ...filename }).map(([name, each]) =>
    parameterPieces(name, each),
  )
  return withParameters(value.replaceAll(/[^!-~]/g, '') || 'attachment', pieces)
}

function parsed(text: string): { value: string; params: Record<string, string> } {
  const { value, params } = parseHeaderValue(text, { stripComments: true })
  return { value, params }
}

/** `type; first; second`, each piece but the first with a blank before it. */
function withParameters(value: string, parameters: readonly (readonly string[])[]): string[] {
  const sections = parameters.flatMap((pieces) => {
    const isLegacy = pieces.some((piece) => piece.startsWith('=?'))
    return isLegacy ? [pieces] : pieces.map((piece) => [piece])
  })
  const last = sections.length - 1
  const words = sections.flatMap((pieces, index) =>
    pieces.map((piece, at) =>
      index < last && at === pieces.length - 1 ? ` ${piece};` : ` ${piece}`,
    ),
  )
  return [sections.length > 0 ? `${value};` : value, ...words]
}
