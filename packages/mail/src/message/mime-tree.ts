import type { Readable } from 'node:stream'

/** A mailbox or a group of an address header, as nodemailer reads it. */
export interface TreeAddress {
  readonly name?: string
  readonly address?: string
  readonly group?: readonly TreeAddress[]
}

/** What nodemailer keeps of a header. */
export interface TreeHeader {
  /** In its usual spelling, `'Content-Type'`. */
  readonly key: string
  readonly value: unknown
}

/**
 * The tree of a message as nodemailer compiles it: the part of its `MimeNode` that is read here. The
 * names with an underscore are nodemailer's own; `mime-tree.test.ts` fails if one goes away.
 */
export interface MimeTree {
  readonly childNodes: readonly MimeTree[]
  readonly filename?: string
  readonly content?: unknown
  readonly keepBcc: boolean
  readonly date: Date | null
  readonly normalizeHeaderKey?: (key: string, value: string) => string
  readonly _headers: readonly TreeHeader[]
  /** What the maker of the message wrote itself, headers included; `false` without it. */
  readonly _raw: unknown
  readonly _transforms: readonly unknown[]
  readonly _processFuncs: readonly unknown[]
  getHeader(key: string): unknown
  setHeader(key: string, value: unknown): unknown
  messageId(): string
  encodeHeaderValue(key: string, value: unknown): string
  setRaw(raw: Buffer): unknown
  build(): Promise<Buffer>
  /** Reads any kind of content: a text, bytes, a stream, a file, a URL, if these are allowed. */
  _getStream(content: unknown): Readable
  _parseAddresses(value: unknown): readonly TreeAddress[]
}
