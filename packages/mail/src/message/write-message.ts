import { isUtf8 } from 'node:buffer'
import { buffer } from 'node:stream/consumers'
import { boundaryFor } from './boundary.ts'
import {
  canonicalBytes,
  type EncodedBody,
  encodedBytes,
  encodedText,
  type TransferEncoding,
  unencoded,
} from './body-encoding.ts'
import type { Sign } from './dkim.ts'
import { headerBlock } from './header-block.ts'
import type { MimeTree } from './mime-tree.ts'

/** A node whose content is at hand, encoded. */
interface Written {
  readonly node: MimeTree
  readonly children: readonly Written[]
  readonly body: EncodedBody | undefined
  readonly charset: string | undefined
  /** The node as its maker wrote it, headers included. */
  readonly raw: Buffer | undefined
}

/**
 * Writes a message that nodemailer has compiled. The tree, its plugins and DKIM are nodemailer's; the
 * lines are ours (decision 66): they hold ASCII, no lone CR or LF, and read back as what was put in. The same
 * message gives the same bytes. What its maker wrote itself (`raw`) only gets its line breaks mended.
 */
export async function writeMessage(root: MimeTree, sign?: Sign): Promise<Buffer> {
  const isWritten = root._raw !== false
  const bytes = isWritten ? canonicalBytes(await bytesIn(root, root._raw)) : await written(root)
  const processed = isProcessed(root) ? await processedBy(root, bytes) : bytes
  return sign === undefined ? processed : canonicalBytes(await sign(processed))
}

function isProcessed(root: MimeTree): boolean {
  return root._transforms.length > 0 || root._processFuncs.length > 0
}

/** What plugins make of it. */
async function processedBy(root: MimeTree, bytes: Buffer): Promise<Buffer> {
  root.setRaw(bytes)
  return canonicalBytes(await root.build())
}

async function written(root: MimeTree): Promise<Buffer> {
  const tree = await writtenOf(root)
  const chunks = chunksOf(tree, true, { base: boundaryFor(leavesOf(tree)), count: 0 })
  return canonicalBytes(Buffer.concat(chunks))
}

async function writtenOf(node: MimeTree): Promise<Written> {
  const none = { node, children: [], body: undefined, charset: undefined, raw: undefined }
  if (node._raw !== false) return { ...none, raw: await bytesIn(node, node._raw) }
  const children: Written[] = []
  for (const child of node.childNodes) children.push(await writtenOf(child))
  if (isMultipart(node)) return { ...none, children }
  const content =
    typeof node.content === 'string' ? node.content : await bytesIn(node, node.content)
  return { ...none, children, ...bodyOf(node, content) }
}

/** Whatever else a node can hold, read to its end: a stream, a file, a URL, where these are allowed. */
async function bytesIn(node: MimeTree, content: unknown): Promise<Buffer> {
  if (Buffer.isBuffer(content)) return content
  if (content === undefined || content === '') return Buffer.alloc(0)
  if (typeof content === 'string') return Buffer.from(content)
  return await buffer(node._getStream(content))
}

/** A text is written in its canonical form; a file, and what is no text, arrives byte by byte. */
function bodyOf(
  node: MimeTree,
  content: string | Buffer,
): { readonly body: EncodedBody; readonly charset?: string } {
  const type = textHeader(node, 'Content-Type')
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  // RFC 2046, 5.2.1: a message within a message is never encoded.
  if (type.startsWith('message/')) return { body: unencoded(bytes) }
  if (type !== '' && !type.startsWith('text/')) return { body: encodedBytes(bytes) }
  if (!isUtf8(bytes)) return { body: encodedBytes(bytes) }
  if (isFile(node)) return { body: encodedBytes(bytes), charset: 'utf-8' }
  const wanted = textHeader(node, 'Content-Transfer-Encoding')
  return { body: encodedText(bytes.toString(), expectedEncoding(wanted)), charset: 'utf-8' }
}

function isFile(node: MimeTree): boolean {
  return Boolean(node.filename) || textHeader(node, 'Content-Disposition').startsWith('attachment')
}

function textHeader(node: MimeTree, name: string): string {
  const value = node.getHeader(name)
  return typeof value === 'string' ? value.trim().toLowerCase() : ''
}

function expectedEncoding(wanted: string): TransferEncoding | undefined {
  return wanted === 'base64' || wanted === 'quoted-printable' ? wanted : undefined
}

function chunksOf(
  written: Written,
  isRoot: boolean,
  boundaries: { base: string; count: number },
): Buffer[] {
  const { node, children, body, charset, raw } = written
  if (raw !== undefined) return [raw]
  const boundary = isMultipart(node) ? `${boundaries.base}-${(boundaries.count += 1)}` : undefined
  const transferEncoding = body?.transferEncoding
  const head = headerBlock(node, { isRoot, transferEncoding, charset, boundary })
  const chunks: Buffer[] = [Buffer.from(`${head}\r\n`)]
  if (boundary === undefined) return [...chunks, body?.bytes ?? Buffer.alloc(0)]
  for (const [index, child] of children.entries()) {
    chunks.push(Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}\r\n`))
    chunks.push(...chunksOf(child, false, boundaries))
  }
  return [...chunks, Buffer.from(`\r\n--${boundary}--\r\n`)]
}

function leavesOf({ children, body, raw }: Written): EncodedBody[] {
  const own = raw === undefined ? body : unencoded(raw)
  return [...(own === undefined ? [] : [own]), ...children.flatMap((child) => leavesOf(child))]
}

function isMultipart(node: MimeTree): boolean {
  return textHeader(node, 'Content-Type').startsWith('multipart/')
}
