/** What every attachment may say of itself. */
export interface AttachmentNames {
  /** Any script; no control characters. @default the last part of `path` or of the object's key */
  readonly filename?: string | undefined
  /**
   * @default that of the stored object if it says one, else what the ending of `filename` says, else
   * `'application/octet-stream'`
   */
  readonly contentType?: string | undefined
  /** Makes it an inline image that the HTML shows as `<img src="cid:…">`. One of its own in a message. */
  readonly contentId?: string | undefined
}

interface NoSource {
  readonly content?: undefined
  readonly path?: undefined
  readonly stream?: undefined
  readonly object?: undefined
}

/** Bytes at hand. */
export interface AttachedBytes extends AttachmentNames, Omit<NoSource, 'content'> {
  readonly filename: string
  readonly content: string | Uint8Array
}

/** A file in the client's `attachmentFolder`. */
export interface AttachedFile extends AttachmentNames, Omit<NoSource, 'path'> {
  /**
   * Relative to the folder, or absolute. Neither `..` nor a symbolic link leads out of the folder. It is
   * read when the message has its connection.
   */
  readonly path: string
}

/** Bytes that come when they are asked for. */
export interface AttachedStream extends AttachmentNames, Omit<NoSource, 'stream'> {
  readonly filename: string
  /**
   * Called when the message has its connection, and again for each further attempt: so it makes a new
   * stream each time. The next piece is asked for when the one before was taken. A stream that is not
   * read to its end is ended, and `signal` fires then.
   *
   * @example
   * const attachments = [
   *   { filename: 'plans.csv', stream: () => createReadStream('plans.csv') },
   * ]
   */
  readonly stream: (
    call: AttachmentCall,
  ) => AsyncIterable<Uint8Array | string> | Promise<AsyncIterable<Uint8Array | string>>
}

/** An object in a storage such as `@yuzuru/storage` makes. */
export interface AttachedObject extends AttachmentNames, Omit<NoSource, 'object'> {
  readonly object: { readonly storage: AttachmentStorage; readonly key: string }
}

/** What an {@link AttachedStream} is made with. */
export interface AttachmentCall {
  /** Fires when the stream is not read any further. */
  readonly signal: AbortSignal
}

/** The part of a storage that is used; one of `@yuzuru/storage` has it. */
export interface AttachmentStorage {
  download(
    key: string,
    options?: AttachmentCall,
  ): Promise<{
    readonly body: AsyncIterable<Uint8Array>
    readonly info?: { readonly contentType?: string | undefined } | undefined
    [Symbol.asyncDispose]?(): PromiseLike<void>
  }>
}

/** A file that goes with a message. Whatever it comes from is held in memory while it is sent. */
export type MailAttachment = AttachedBytes | AttachedFile | AttachedStream | AttachedObject

/** The names of {@link MailAttachment}. */
export const MAIL_ATTACHMENT: readonly string[] = Object.keys({
  filename: true,
  content: true,
  path: true,
  stream: true,
  object: true,
  contentType: true,
  contentId: true,
} satisfies Record<keyof MailAttachment, true>)
