import type { MailMessage as NativeMail } from 'nodemailer'

type Node = NonNullable<NativeMail['message']>

/** One file of a message, as it was before it was encoded. */
interface AttachedPart {
  readonly filename: string | undefined
  /** Without parameters. */
  readonly contentType: string
  readonly content: Uint8Array
}

/** What a person reads of a message. */
export interface ReadableParts {
  readonly subject: string
  /** The part in plain text, its lines separated by `\n`; empty without one. */
  readonly text: string
  readonly html: string | undefined
  /** Files and inline images, in the order of the message. */
  readonly attachments: readonly AttachedPart[]
}

/**
 * The parts as a mail program shows them: the first of each kind that is not an attachment. They are taken
 * from the message that nodemailer encodes, after its plugins, so there is nothing to decode.
 */
export function readableParts(message: Node): ReadableParts {
  const leaves = [...leavesOf(message)]
  const first = (type: string): string | undefined => {
    const leaf = leaves.find((node) => typeOf(node) === type && !isAttached(node))
    return leaf && contentOf(leaf)
  }
  const subject = headerOf(message, 'subject')
  const attachments = leaves.filter(isFile).map(attachedPart)
  return { subject, text: first('text/plain') ?? '', html: first('text/html'), attachments }
}

function* leavesOf(node: Node): Generator<Node> {
  if (node.childNodes.length === 0) yield node
  for (const child of node.childNodes) yield* leavesOf(child)
}

function typeOf(node: Node): string | undefined {
  return headerOf(node, 'content-type').split(';')[0]?.trim().toLowerCase()
}

function isAttached(node: Node): boolean {
  return /^attachment\b/i.test(headerOf(node, 'content-disposition'))
}

/** A part that has a name, or is said to be attached or shown in the HTML. */
function isFile(node: Node): boolean {
  const { filename } = node as { readonly filename?: string }
  return Boolean(filename) || isAttached(node) || headerOf(node, 'content-id') !== ''
}

function attachedPart(node: Node): AttachedPart {
  const { filename, content } = node as { readonly filename?: string; readonly content?: unknown }
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return {
    filename: filename || undefined,
    contentType: typeOf(node) ?? '',
    content: Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0),
  }
}

/** A header's value before it is encoded; `{ prepared: true, value }` is one that its maker encoded. */
function headerOf(node: Node, name: string): string {
  const header: unknown = node.getHeader(name)
  const prepared = typeof header === 'object' && header !== null && 'value' in header
  const value = prepared ? header.value : header
  return typeof value === 'string' ? value : ''
}

/** Nothing when the content came as a stream, which has been read, or from elsewhere. */
function contentOf({ content }: Node): string | undefined {
  const text = Buffer.isBuffer(content) ? content.toString() : content
  return typeof text === 'string' ? text.replaceAll('\r\n', '\n') : undefined
}
