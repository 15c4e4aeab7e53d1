import { shield } from '@yuzuru/concurrency'
import { ByteBudget } from './byte-budget.ts'
import type { ChecksumAlgorithm } from './checksum.ts'
import { copy, move } from './copy.ts'
import { download } from './download.ts'
import { type CloseOptions, Drain, expectDrain } from './drain.ts'
import { abortUpload, completePresigned } from './end-upload.ts'
import { expectListOptions, list, listFolder } from './list.ts'
import { exists, head } from './look-up.ts'
import type { ObjectBackend } from './object-backend.ts'
import { PartBuffers } from './part-buffers.ts'
import { presignGet, presignPut } from './presign.ts'
import { presignParts } from './presign-parts.ts'
import { presignPost } from './presign-post.ts'
import { presignUpload } from './presign-upload.ts'
import { remove, removeMany, removePrefix } from './remove.ts'
import type { Storage } from './storage.ts'
import type { StorageContext } from './storage-context.ts'
import { retryOrphans, sweepUploads } from './sweep.ts'
import { upload } from './upload.ts'
import { UploadRegistry } from './upload-registry.ts'

export interface BucketStorageInit<Client> {
  readonly backend: ObjectBackend<Client>
  readonly partBytes: number
  readonly parallel: number
  readonly algorithm: ChecksumAlgorithm
  readonly tokenSecret?: string | undefined
}

/** The verbs over any backend. */
export function storageOver<Client>(init: BucketStorageInit<Client>): Storage<Client> {
  const { backend, partBytes, parallel, algorithm, tokenSecret } = init
  const drain = new Drain()
  let closed: Promise<void> | undefined
  const context: StorageContext<Client> = {
    backend,
    partBytes,
    algorithm,
    budget: new ByteBudget((parallel + 1) * partBytes),
    buffers: new PartBuffers(partBytes, parallel + 1),
    uploads: new UploadRegistry(),
    tokenSecret,
    drain,
  }
  const close = async (options: CloseOptions = {}): Promise<void> => {
    const drainMs = expectDrain(options)
    closed ??= shield(
      async () => {
        const leftMs = await drain.close(drainMs)
        await retryOrphans(context)
        await backend.close(leftMs)
      },
      { name: 'storage.close' },
    )
    await closed
  }
  return {
    bucket: backend.bucket,
    client: backend.client,
    upload: (key, body, options) => upload(context, key, body, options),
    download: (key, options) => download(context, key, options),
    head: (key, options) => head(context, key, options),
    exists: (key, options) => exists(context, key, options),
    list: (options = {}) => {
      expectListOptions(options)
      return list(context, options)
    },
    listFolder: (options = {}) => {
      expectListOptions(options)
      return listFolder(context, options)
    },
    copy: (from, to, options) => copy(context, from, to, options),
    move: (from, to, options) => move(context, from, to, options),
    delete: (key, options) => remove(context, key, options),
    deleteMany: (keys, options) => removeMany(context, keys, options),
    deletePrefix: (prefix, options) => removePrefix(context, prefix, options),
    presignGet: (key, options) => presignGet(context, key, options),
    presignPut: (key, options) => presignPut(context, key, options),
    presignPost: (key, options) => presignPost(context, key, options),
    presignUpload: (key, options) => presignUpload(context, key, options),
    presignParts: (token, options) => presignParts(context, token, options),
    completeUpload: (token, etags, options) => completePresigned(context, token, etags, options),
    abortUpload: (token, options) => abortUpload(context, token, options),
    sweepUploads: (options) => sweepUploads(context, options),
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}
