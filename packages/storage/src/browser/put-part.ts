import type { BrowserUpload } from './browser-upload.ts'

/** The part of `XMLHttpRequest` that is used; `fetch` cannot report how much it has sent. */
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

/** A part of a file, to be sent. */
export interface FilePart {
  /** From 0. */
  readonly index: number
  readonly body: Blob
  /** Called with how many bytes have left. */
  readonly progress: (loaded: number) => void
}

/** The answer of the store. Status 0: there was none, or the bucket's CORS rules hide it. */
export interface PartAnswer {
  readonly status: number
  readonly etag: string | null
}

/** Sends a part once. */
export function putPart(
  { parts, headers }: BrowserUpload,
  { index, body, progress }: FilePart,
  signal: AbortSignal,
): Promise<PartAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PartAnswer>()
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
