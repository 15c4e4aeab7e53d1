import type { UrlSource } from './browser-upload.ts'
import { type FilePart, putPart } from './put-part.ts'
import { UploadFileError } from './upload-file-error.ts'

const PASSING: ReadonlySet<number> = new Set([0, 408, 429, 500, 502, 503, 504])

/** Sends a part until the store has it, with a new URL if the old one has expired. Returns its ETag. */
export async function sendPart(
  source: UrlSource,
  part: FilePart,
  attempts: number,
  signal: AbortSignal,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const upload = source.current
    const { status, etag } = await putPart(upload, part, signal)
    if (status >= 200 && status < 300) {
      if (etag !== null) return etag
      const advice = 'let the CORS rules of the bucket expose it'
      throw new UploadFileError(status, `The store does not show the ETag; ${advice}`)
    }
    // The request may be made only once and may have arrived before, as browsers also retry on their own.
    // The server finds out whose the object is.
    if (status === 412) return ''
    const isRenewed = status === 403 && attempt < attempts && (await source.renew(upload))
    if (isRenewed) continue
    if (!PASSING.has(status) || attempt >= attempts) {
      const detail = status === 0 ? 'did not answer' : `answered ${status}`
      throw new UploadFileError(status, `The store ${detail} when a part of the file was sent`)
    }
    part.progress(0)
    // `backoff` of @yuzuru/concurrency, by hand: nothing of that package runs in a browser.
    await pause(Math.random() * 250 * 2 ** attempt, signal)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = (): void => resolve()
  const timer = setTimeout(end, ms)
  signal.addEventListener('abort', end, { once: true })
  if (!signal.aborted) await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', end)
  signal.throwIfAborted()
}
