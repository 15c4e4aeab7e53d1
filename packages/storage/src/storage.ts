import type { IoOptions } from '@yuzuru/concurrency'
import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import type { CopyOptions, CopyResult } from './objects/copy.ts'
import type { Download, DownloadOptions } from './download/download.ts'
import type { CompletedUpload } from './presign/end-upload.ts'
import type { FolderEntry, ListFolderOptions, ListOptions } from './objects/list.ts'
import type { ListedObject } from './store/object-backend.ts'
import type { ObjectInfo } from './store/object-info.ts'
import type {
  PresignedPost,
  PresignedUrl,
  PresignGetOptions,
  PresignPostOptions,
  PresignPutOptions,
} from './presign/presign.ts'
import type { PresignedUpload, PresignUploadOptions } from './presign/presign-upload.ts'
import type { SweepOptions } from './upload/sweep.ts'
import type { UploadBody } from './upload/upload-body.ts'
import type { UploadResult } from './upload/upload.ts'
import type { ExpiryOptions } from './presign/url-expiry.ts'
import type { UploadOptions } from './upload/write-options.ts'

/**
 * One bucket. Every verb obeys the scope around it, takes `{ signal, timeoutMs }` in its last argument,
 * checks its arguments before anything is sent (`TypeError`), and fails with a `StorageError`.
 */
export interface Storage<Client = unknown> extends AsyncDisposable {
  readonly bucket: string
  /** The AWS SDK's own client. Of one that was made here, its calls obey the scope too. */
  readonly client: Client
  /**
   * Stores a body under a key, in place of what was there. A body of up to `partSizeBytes` is one request,
   * a larger one, or one of unknown length that turns out to be, is sent in parts.
   *
   * When it throws with the outcome `'none'`, or was cancelled before its last step, nothing of it is left
   * in the store, and what was under the key is still there. With `'unknown'` it may have replaced that:
   * `head` shows it. Parts stay only where `onResumeToken` took a token.
   *
   * It replaces whole objects: S3 has no appending. What strangers send from a browser does not have to
   * pass through here: see `presignUpload`.
   *
   * @throws {TypeError} on wrong arguments, and on a source that is used up, before anything is sent
   * @throws {StorageError} `'source_failed'`, `'too_large'` (`maxBytes`), `'precondition_failed'`
   *   (`ifMatch`, `ifNoneMatch`), `'checksum_mismatch'` (`expectedDigest`), or what the store and the way to
   *   it say
   * @example
   * await storage.upload('plans/7.pdf', file.stream(), {
   *   contentType: 'application/pdf',
   *   filename: '支援計画書（令和８年度）.pdf',
   * })
   */
  upload(key: string, body: UploadBody, options?: UploadOptions): Promise<UploadResult>
  /**
   * Begins to read an object; resolves when its head is there. Read it one way, once, or dispose of it: until
   * then it holds a connection. It stays with the version that it began with, also after a lost connection.
   *
   * @throws {StorageError} `'not_found'`; `'precondition_failed'` (`ifMatch`); `'range_not_satisfiable'`;
   *   `'unsupported'` where `verify: 'required'` finds no checksum
   * @example
   * await using plan = await storage.download('plans/7.pdf')
   * await plan.saveTo('/var/plans/7.pdf')
   */
  download(key: string, options?: DownloadOptions): Promise<Download>
  /** What is known of an object. @throws {StorageError} `'not_found'` */
  head(key: string, options?: IoOptions): Promise<ObjectInfo>
  /** Whether there is an object. Not a lock: it may be gone, or there, a moment later (`ifNoneMatch` is for that). */
  exists(key: string, options?: IoOptions): Promise<boolean>
  /** All objects under a prefix, in the order of their keys' bytes; asks for a page when it is needed. */
  list(options?: ListOptions): AsyncIterable<ListedObject>
  /** What is directly under a prefix: objects and further prefixes. */
  listFolder(options?: ListFolderOptions): AsyncIterable<FolderEntry>
  /**
   * Copies an object within the bucket, of any size, without its bytes coming here.
   *
   * @throws {StorageError} `'not_found'`; `'precondition_failed'` when the source changes meanwhile
   */
  copy(from: string, to: string, options?: CopyOptions): Promise<CopyResult>
  /** Copies, then deletes the source, if nobody has changed it meanwhile. */
  move(from: string, to: string, options?: CopyOptions): Promise<CopyResult>
  /**
   * Deletes an object. Deleting one that is not there succeeds, and S3 does not say which it was: to know, ask
   * `exists` before. One request.
   */
  delete(key: string, options?: IoOptions): Promise<void>
  /** Deletes many; gives how many were named. */
  deleteMany(keys: Iterable<string> | AsyncIterable<string>, options?: IoOptions): Promise<number>
  /** Deletes all under a prefix that is not empty; gives how many. */
  deletePrefix(prefix: string, options?: IoOptions): Promise<number>
  /** A URL to read an object with. */
  presignGet(key: string, options?: PresignGetOptions): Promise<PresignedUrl>
  /** A URL to write an object with, of any size: see `presignPost`. */
  presignPut(key: string, options?: PresignPutOptions): Promise<PresignedUrl>
  /** A form to write an object with, held to a size by the store. */
  presignPost(key: string, options: PresignPostOptions): Promise<PresignedPost>
  /**
   * Lets a browser upload a file of any size straight to the store, held to its size: see
   * `@yuzuru/storage/browser`. End it by `completeUpload` or `abortUpload`.
   *
   * @throws {StorageError} `'too_large'` for more than `maxBytes`
   * @example
   * const upload = await storage.presignUpload(`videos/${id}`, {
   *   bytes: Number(form.size),
   *   maxBytes: 2 * 1_024 ** 3,
   *   contentType: 'video/mp4',
   * })
   */
  presignUpload(key: string, options: PresignUploadOptions): Promise<PresignedUpload>
  /**
   * Signs the URLs of such an upload anew, when they have expired or the page was loaded again. Its parts that
   * have arrived have their `etag`.
   *
   * @throws {StorageError} `'invalid_token'`; `'not_found'` when it is over
   */
  presignParts(token: string, options?: ExpiryOptions): Promise<PresignedUpload>
  /**
   * Makes an object of what a browser uploaded, if it is all there and what was announced. May be
   * called again.
   *
   * @param etags as the store answered to the parts, in their order
   * @throws {StorageError} `'incomplete_upload'`, `'invalid_token'`; `'not_found'` when it is over
   */
  completeUpload(
    token: string,
    etags: readonly string[],
    options?: IoOptions,
  ): Promise<CompletedUpload>
  /**
   * Ends an upload by its token (of `presignUpload` or `onResumeToken`) and removes what there is of it.
   * An object of several parts that was completed stays.
   *
   * @throws {StorageError} `'invalid_token'`
   */
  abortUpload(token: string, options?: IoOptions): Promise<void>
  /** Removes multipart uploads that nobody finished; gives how many. */
  sweepUploads(options: SweepOptions): Promise<number>
  /**
   * Takes no more calls, waits for what is under way, and closes what was made here. What has not ended
   * within `drainMs` is cut off: an upload removes its parts first, and fails as `'closed'` with the outcome
   * that is known of it. May be called twice; the first call decides how long to wait.
   */
  close(options?: CloseOptions): Promise<void>
}
