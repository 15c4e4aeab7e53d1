import { type BrowserUpload, UrlSource } from './browser-upload.ts'
import { sendPart } from './send-part.ts'
import { expectUploadFile, type UploadFileOptions } from './upload-file-options.ts'

/**
 * Sends a file from a web page to the URLs of `storage.presignUpload`. The bucket's CORS rules must let the
 * page PUT with the headers of the upload, and read `ETag`
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html).
 *
 * @returns the ETags, which the server passes to `storage.completeUpload`
 * @throws {TypeError} when the file has another size than was announced, or an option is unknown
 * @throws {UploadFileError} when the store does not take it, even after retries
 * @example
 * const answer = await fetch('/uploads', { method: 'POST', body: String(file.size) })
 * const upload = (await answer.json()) as BrowserUpload & { token: string }
 * const etags = await uploadFile(file, upload, { onProgress: ({ sentBytes }) => (bar.value = sentBytes) })
 * await fetch(`/uploads/${upload.token}`, { method: 'POST', body: JSON.stringify(etags) })
 */
export async function uploadFile(
  file: Blob,
  upload: BrowserUpload,
  options: UploadFileOptions = {},
): Promise<string[]> {
  expectUploadFile(file, upload, options)
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
        // Some browsers count more than the body.
        sent[index] = Math.min(loaded, body.size)
        onProgress?.({ sentBytes: sent.reduce((sum, part) => sum + part, 0), totalBytes })
      }
      const arrived = resume ? parts[index]?.etag : undefined
      if (arrived !== undefined) progress(body.size)
      etags[index] = arrived ?? (await sendPart(source, { index, body, progress }, attempts, ended))
    }
  }
  const workers = Array.from({ length: Math.min(parallel, parts.length) }, () =>
    work().catch((error: unknown) => failed.abort(error)),
  )
  await Promise.all(workers)
  ended.throwIfAborted()
  return etags
}
