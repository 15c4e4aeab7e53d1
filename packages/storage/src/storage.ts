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
  /** The name of this boundary in errors, traces and probes. */
  readonly boundary: 'storage'
  readonly bucket: string
  /** The AWS SDK's client. If it was made here, its own calls obey the scope too. */
  readonly client: Client
  /**
   * Stores a body under a key and replaces what was there. A body of up to `partSizeBytes` takes one
   * request; a larger one is sent in parts.
   *
   * When it throws with the outcome `'none'`, or was cancelled before its last step, nothing of it is left
   * in the store, and what was under the key is still there. With `'unknown'` it may have replaced that:
   * `head` shows it. Parts stay only where `onResumeToken` took a token.
   *
   * It replaces whole objects: S3 cannot append. Files that users send from a browser need not pass through
   * the server: see `presignUpload`.
   *
   * @throws {TypeError} when an argument has the wrong type, an option is unknown, or a source is used up, before
   *   anything is sent
   * @throws {StorageError} `'source_failed'`, `'too_large'` (`maxBytes`), `'precondition_failed'`
   *   (`ifMatch`, `ifNoneMatch`), `'checksum_mismatch'` (`expectedDigest`), or a code of the store or of
   *   the connection to it
   * @example
   * await storage.upload('plans/7.pdf', file.stream(), {
   *   contentType: 'application/pdf',
   *   filename: '支援計画書（令和８年度）.pdf',
   * })
   */
  upload(key: string, body: UploadBody, options?: UploadOptions): Promise<UploadResult>
  /**
   * Begins to read an object. Resolves when its metadata has arrived. Read it once, in one of the ways, or
   * dispose of it: until then it holds a connection. It reads the version that it began with, even after a
   * lost connection.
   *
   * To let a browser read an object use `presignGet`: the bytes then do not pass through the server.
   *
   * @throws {StorageError} `'not_found'`; `'precondition_failed'` (`ifMatch`); `'range_not_satisfiable'`;
   *   `'unsupported'` where `verify: 'required'` finds no checksum
   * @example
   * await using plan = await storage.download('plans/7.pdf')
   * await plan.saveTo('/var/plans/7.pdf')
   */
  download(key: string, options?: DownloadOptions): Promise<Download>
  /**
   * Reads the size, type, checksum and metadata of an object, without its bytes. One request.
   *
   * @throws {StorageError} `'not_found'`
   * @example
   * const { bytes, etag } = await storage.head('plans/7.pdf')
   */
  head(key: string, options?: IoOptions): Promise<ObjectInfo>
  /**
   * Whether there is an object. It may be gone, or there, a moment later: to write only if there is none use
   * the `ifNoneMatch` of `upload`.
   */
  exists(key: string, options?: IoOptions): Promise<boolean>
  /**
   * Iterates over all objects under a prefix, in the order of their keys' bytes. It asks for a page when it is
   * needed, and a loop that breaks leaves nothing open.
   *
   * Not a snapshot: objects that are written or deleted meanwhile may or may not appear.
   *
   * @example
   * for await (const { key, bytes } of storage.list({ prefix: 'plans/' })) console.log(key, bytes)
   */
  list(options?: ListOptions): AsyncIterable<ListedObject>
  /** Iterates over what is directly under a prefix, as in a folder: objects and further prefixes. */
  listFolder(options?: ListFolderOptions): AsyncIterable<FolderEntry>
  /**
   * Copies an object of any size within the bucket; its bytes stay in the store.
   *
   * @throws {StorageError} `'not_found'`; `'precondition_failed'` when the source changes meanwhile
   * @example
   * await storage.copy('plans/7.pdf', 'archive/7.pdf')
   */
  copy(from: string, to: string, options?: CopyOptions): Promise<CopyResult>
  /**
   * Copies an object, then deletes the source if it has not changed meanwhile. Two steps, not one: when it
   * fails in between, both objects are there.
   *
   * @throws {StorageError} `'not_found'`; `'precondition_failed'` when the source changes meanwhile
   */
  move(from: string, to: string, options?: CopyOptions): Promise<CopyResult>
  /**
   * Deletes an object. Deleting one that is not there succeeds too, and S3 does not say which it was: to
   * know, ask `exists` before. One request.
   *
   * After an unknown outcome of a write that was to use the object, find out first what became of that write.
   */
  delete(key: string, options?: IoOptions): Promise<void>
  /**
   * Deletes many objects, up to 1,000 in a request. Those that are not there count as deleted.
   *
   * @returns how many keys were given
   * @throws {StorageError} when one of them could not be deleted; others then may be
   */
  deleteMany(keys: Iterable<string> | AsyncIterable<string>, options?: IoOptions): Promise<number>
  /**
   * Deletes all objects under a prefix. Objects that are written meanwhile may be deleted too.
   *
   * @param prefix at least one character: an empty one would be the whole bucket
   * @returns how many were deleted
   */
  deletePrefix(prefix: string, options?: IoOptions): Promise<number>
  /**
   * Signs a URL with which its holder may read an object until it expires. It sends nothing, and does not
   * check that the object exists
   * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html).
   *
   * @example
   * const { url } = await storage.presignGet('plans/7.pdf', { filename: '支援計画書.pdf' })
   */
  presignGet(key: string, options?: PresignGetOptions): Promise<PresignedUrl>
  /**
   * Signs a URL with which its holder may write an object until it expires. The URL does not limit the size:
   * for uploads of users take `presignUpload` or `presignPost`.
   */
  presignPut(key: string, options?: PresignPutOptions): Promise<PresignedUrl>
  /**
   * Signs a form with which its holder may write an object until it expires; the store enforces its size
   * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html).
   *
   * @example
   * const { url, fields } = await storage.presignPost(`photos/${id}`, { maxBytes: 5 * 1_024 ** 2 })
   */
  presignPost(key: string, options: PresignPostOptions): Promise<PresignedPost>
  /**
   * Lets a browser upload a file of any size straight to the store, which enforces its size; the page sends
   * it with `uploadFile` of `@yuzuru/storage/browser`. End it by `completeUpload` or `abortUpload`.
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
   * Signs the URLs of such an upload again, after they have expired or the page was reloaded. Parts that
   * have arrived have an `etag`.
   *
   * @throws {StorageError} `'invalid_token'`; `'not_found'` when it is over
   */
  presignParts(token: string, options?: ExpiryOptions): Promise<PresignedUpload>
  /**
   * Completes an upload that a browser made, if all of it has arrived and has the announced size. It may be
   * called again.
   *
   * @param etags the ETags with which the store answered to the parts, in their order
   * @throws {StorageError} `'incomplete_upload'`, `'invalid_token'`; `'not_found'` when it is over
   */
  completeUpload(
    token: string,
    etags: readonly string[],
    options?: IoOptions,
  ): Promise<CompletedUpload>
  /**
   * Ends an upload by its token (of `presignUpload` or `onResumeToken`) and removes what has arrived of it.
   * A completed object of several parts stays.
   *
   * @throws {StorageError} `'invalid_token'`
   */
  abortUpload(token: string, options?: IoOptions): Promise<void>
  /**
   * Removes multipart uploads that were never finished. Their parts take up storage that is paid for. For a
   * job that runs daily; a lifecycle rule of the bucket does the same
   * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html).
   *
   * @returns how many were removed
   * @example
   * await storage.sweepUploads({ olderThanMs: 7 * 86_400_000 })
   */
  sweepUploads(options: SweepOptions): Promise<number>
  /**
   * Checks that the bucket can be read: asks for the first of its keys, once. It needs the permission
   * `s3:ListBucket`, and writes nothing, so it cannot know whether the bucket can be written to.
   *
   * With `readiness` of `@yuzuru/server` the probe asks it.
   *
   * @throws {StorageError} `'bucket_not_found'`, `'forbidden'`, `'connection_failed'`, or another code of
   *   the store or of the connection to it
   * @example
   * await storage.health({ timeoutMs: 1_000 })
   */
  health(options?: IoOptions): Promise<void>
  /**
   * Refuses new calls, waits for those under way, and closes what was made here. Calls that have not ended
   * within `drainMs` (10 s by default) are cut off: an upload removes its parts and then fails with
   * `'closed'` and the outcome that is known. A second call waits for the first. A client that was passed
   * in stays open.
   *
   * @throws {TypeError} when an option is unknown or out of its range, before anything is closed
   */
  close(options?: CloseOptions): Promise<void>
}
