import type { MailMessage as NativeMail } from 'nodemailer'

type Node = NonNullable<NativeMail['message']>

/** What a person reads of a message. */
export interface ReadableParts {
  readonly subject: string
  /** The part in plain text, its lines separated by `\n`; empty without one. */
  readonly text: string
  readonly html: string | undefined
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
  return { subject, text: first('text/plain') ?? '', html: first('text/html') }
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
