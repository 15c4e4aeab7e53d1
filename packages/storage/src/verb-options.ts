import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { CopyOptions } from './objects/copy.ts'
import type { DownloadOptions } from './download/download.ts'
import type { ListFolderOptions, ListOptions } from './objects/list.ts'
import type { PresignGetOptions, PresignPostOptions, PresignPutOptions } from './presign/presign.ts'
import type { PresignUploadOptions } from './presign/presign-upload.ts'
import type { Storage } from './storage.ts'
import type { SweepOptions } from './upload/sweep.ts'
import type { ExpiryOptions } from './presign/url-expiry.ts'
import type { AttributeOptions, UploadOptions } from './upload/write-options.ts'

type Names<T> = Readonly<Record<keyof T, true>>

const CALL: Names<IoOptions> = { signal: true, timeoutMs: true }
const EXPIRY: Names<ExpiryOptions> = { ...CALL, expiresInSeconds: true }
const LIST: Names<ListOptions> = { ...CALL, prefix: true, startAfter: true, pageSize: true }
const COPY: Names<CopyOptions> = { ...CALL, attributes: true }
const ATTRIBUTES: Names<AttributeOptions> = {
  contentType: true,
  disposition: true,
  filename: true,
  cacheControl: true,
  contentEncoding: true,
  metadata: true,
  tags: true,
}

type Verb = Exclude<
  keyof Storage,
  'boundary' | 'bucket' | 'client' | 'close' | typeof Symbol.asyncDispose
>

/** The names of what each verb takes. */
const VERBS: Readonly<Record<Verb, Readonly<Record<string, true>>>> = {
  upload: {
    ...CALL,
    ...ATTRIBUTES,
    ifMatch: true,
    ifNoneMatch: true,
    checksum: true,
    expectedDigest: true,
    onResumeToken: true,
    resume: true,
    maxBytes: true,
    onProgress: true,
  } satisfies Names<UploadOptions>,
  download: {
    ...CALL,
    range: true,
    ifMatch: true,
    verify: true,
    parallel: true,
  } satisfies Names<DownloadOptions>,
  head: CALL,
  exists: CALL,
  list: LIST,
  listFolder: { ...LIST, delimiter: true } satisfies Names<ListFolderOptions>,
  copy: COPY,
  move: COPY,
  delete: CALL,
  deleteMany: CALL,
  deletePrefix: CALL,
  presignGet: {
    ...EXPIRY,
    disposition: true,
    filename: true,
    contentType: true,
  } satisfies Names<PresignGetOptions>,
  presignPut: {
    ...EXPIRY,
    contentType: true,
    maxAgeSeconds: true,
    checksum: true,
  } satisfies Names<PresignPutOptions>,
  presignPost: {
    ...EXPIRY,
    maxBytes: true,
    minBytes: true,
    contentType: true,
  } satisfies Names<PresignPostOptions>,
  presignUpload: {
    ...EXPIRY,
    ...ATTRIBUTES,
    bytes: true,
    maxBytes: true,
    partSizeBytes: true,
    ifNoneMatch: true,
  } satisfies Names<PresignUploadOptions>,
  presignParts: EXPIRY,
  completeUpload: CALL,
  abortUpload: CALL,
  sweepUploads: { ...CALL, olderThanMs: true, prefix: true } satisfies Names<SweepOptions>,
  health: CALL,
}

/** The names of what stands within an option. */
const WITHIN: Readonly<Record<string, readonly string[]>> = {
  attributes: Object.keys(ATTRIBUTES),
  range: ['start', 'end'],
}

/** Gives the options back unless a verb does not know one of them. */
export function known<T extends object | undefined>(verb: Verb, options: T): T {
  if (options === undefined) return options
  expectOptions(options, Object.keys(VERBS[verb]), `storage.${verb}`)
  for (const [name, names] of Object.entries(WITHIN)) {
    expectOptions(Reflect.get(options, name), names, `storage.${verb}.${name}`)
  }
  return options
}
