/** What of a `PresignedUpload` a browser needs, as it comes out of JSON. */
export interface BrowserUpload {
  readonly bytes: number
  readonly partSizeBytes: number
  readonly parts: readonly {
    readonly number: number
    readonly url: string
    /** Of what has arrived: as `presignParts` says. */
    readonly etag?: string
  }[]
  readonly headers: Readonly<Record<string, string>>
}

export interface UploadFileOptions {
  /** Called as bytes leave; what has to be sent again is taken off first. */
  readonly onProgress?: (progress: {
    readonly sentBytes: number
    readonly totalBytes: number
  }) => void
  /** Ends it: what is on its way is cut off. */
  readonly signal?: AbortSignal
  /** How many parts are sent at once. @default 3 */
  readonly parallel?: number
  /** How often a part is tried at the most. @default 5 */
  readonly attempts?: number
  /**
   * Asked for the same upload with new URLs when those at hand have expired (the store answers 403): see
   * `storage.presignParts`. @default none: it fails
   */
  readonly renew?: () => Promise<BrowserUpload>
  /**
   * Whether parts that have arrived, as `storage.presignParts` says, are left out. Only for the very same file:
   * nothing tells what they were made of. @default false: all are sent
   */
  readonly resume?: boolean
  /** A larger file is refused before anything is sent. @default none */
  readonly maxBytes?: number
}

/** The store did not take a part. */
export class UploadFileError extends Error {
  override readonly name: string = 'UploadFileError'
  /** Of the store's answer; 0: there was none, or the bucket's CORS rules hide it. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What of `XMLHttpRequest` is used; `fetch` can't tell how much it has sent. */
interface Xhr {
  readonly status: number
  readonly upload: {
    addEventListener(type: 'progress', listener: (event: { readonly loaded: number }) => void): void
  }
  addEventListener(type: 'load' | 'error', listener: () => void): void
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  getResponseHeader(name: string): string | null
  send(body: Blob): void
  abort(): void
}

const PASSING: ReadonlySet<number> = new Set([0, 408, 429, 500, 502, 503, 504])

/**
 * Sends a file to where `storage.presignUpload` said, from a page; gives the ETags, which the server
 * passes to `storage.completeUpload`. The bucket's CORS rules must let the page PUT, with the headers of
 * the upload, and read `ETag`.
 *
 * @throws {TypeError} when the file has not the size that was announced, or is beyond `maxBytes`
 * @throws {UploadFileError} when the store does not take it, also when tried again
 * @example
 * const upload = await (await fetch('/uploads', { method: 'POST', body: String(file.size) })).json()
 * const etags = await uploadFile(file, upload, { onProgress: ({ sentBytes }) => (bar.value = sentBytes) })
 * await fetch(`/uploads/${upload.token}`, { method: 'POST', body: JSON.stringify(etags) })
 */
export async function uploadFile(
  file: Blob,
  upload: BrowserUpload,
  options: UploadFileOptions = {},
): Promise<string[]> {
  const { parallel = 3, attempts = 5, maxBytes = Infinity, signal, onProgress } = options
  const { renew, resume = false } = options
  const { parts, partSizeBytes, bytes: totalBytes } = upload
  const source = new UrlSource(upload, renew)
  if (file.size !== totalBytes || file.size > maxBytes) {
    const most = Math.min(maxBytes, totalBytes)
    throw new TypeError(`Expected a file of ${totalBytes} bytes, ${most} at most, got ${file.size}`)
  }
  const failed = new AbortController()
  const ended = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
  const sent = parts.map(() => 0)
  const etags: string[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < parts.length && !ended.aborted; index = next++) {
      const body = file.slice(index * partSizeBytes, (index + 1) * partSizeBytes)
      const progress = (loaded: number): void => {
        // A request counts more than its body at times.
        sent[index] = Math.min(loaded, body.size)
        onProgress?.({ sentBytes: sent.reduce((sum, part) => sum + part, 0), totalBytes })
      }
      const arrived = resume ? parts[index]?.etag : undefined
      if (arrived !== undefined) progress(body.size)
      etags[index] = arrived ?? (await sendPart({ source, index, body, progress }, attempts, ended))
    }
  }
  const workers = Array.from({ length: Math.min(parallel, parts.length) }, () =>
    work().catch((error: unknown) => failed.abort(error)),
  )
  await Promise.all(workers)
  ended.throwIfAborted()
  return etags
}

/** Where parts are sent to: one renewal for all that find their URL expired. */
class UrlSource {
  readonly #renew: (() => Promise<BrowserUpload>) | undefined
  #current: BrowserUpload
  #renewing: Promise<BrowserUpload> | undefined = undefined

  constructor(upload: BrowserUpload, renew: (() => Promise<BrowserUpload>) | undefined) {
    this.#current = upload
    this.#renew = renew
  }

  get current(): BrowserUpload {
    return this.#current
  }

  /** @param expired the one whose URL did not hold. @returns whether there is another one now */
  async renew(expired: BrowserUpload): Promise<boolean> {
    if (this.#renew === undefined) return false
    if (this.#current === expired) {
      this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined))
      this.#current = await this.#renewing
    }
    return true
  }
}

interface PartRequest {
  readonly source: UrlSource
  readonly index: number
  readonly body: Blob
  readonly progress: (loaded: number) => void
}

async function sendPart(part: PartRequest, attempts: number, signal: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const upload = part.source.current
    const { status, etag } = await put(upload, part, signal)
    if (status >= 200 && status < 300) {
      if (etag !== null) return etag
      const advice = 'let the CORS rules of the bucket expose it'
      throw new UploadFileError(status, `The store does not show the ETag; ${advice}`)
    }
    // It may be made only once, and may have arrived before: browsers try again on their own, too.
    // The server finds out whose the object is.
    if (status === 412) return ''
    const isRenewed = status === 403 && attempt < attempts && (await part.source.renew(upload))
    if (isRenewed) continue
    if (!PASSING.has(status) || attempt >= attempts) {
      const told = status === 0 ? 'did not answer' : `answered ${status}`
      throw new UploadFileError(status, `The store ${told} when a part of the file was sent`)
    }
    part.progress(0)
    await pause(Math.random() * 250 * 2 ** attempt, signal)
  }
}

function put(
  { parts, headers }: BrowserUpload,
  { index, body, progress }: PartRequest,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly etag: string | null }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    etag: string | null
  }>()
  const xhr = new (globalThis as unknown as { XMLHttpRequest: new () => Xhr }).XMLHttpRequest()
  const abort = (): void => {
    xhr.abort()
    reject(signal.reason)
  }
  xhr.upload.addEventListener('progress', ({ loaded }) => progress(loaded))
  xhr.addEventListener('error', () => resolve({ status: 0, etag: null }))
  xhr.addEventListener('load', () => {
    const isTaken = xhr.status >= 200 && xhr.status < 300
    if (isTaken) progress(body.size)
    resolve({ status: xhr.status, etag: isTaken ? xhr.getResponseHeader('etag') : null })
  })
  if (signal.aborted) reject(signal.reason)
  else {
    signal.addEventListener('abort', abort, { once: true })
    xhr.open('PUT', parts[index]?.url ?? '')
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    xhr.send(body)
  }
  return promise.finally(() => signal.removeEventListener('abort', abort))
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    const abort = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}
