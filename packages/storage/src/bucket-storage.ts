import { ByteBudget } from './store/byte-budget.ts'
import type { ChecksumAlgorithm } from './store/checksum.ts'
import { copy, move } from './objects/copy.ts'
import { download } from './download/download.ts'
import { lifeOf } from './store/storage-life.ts'
import { abortUpload, completePresigned } from './presign/end-upload.ts'
import { expectListOptions, list, listFolder } from './objects/list.ts'
import { exists, head, health } from './objects/look-up.ts'
import type { ObjectBackend } from './store/object-backend.ts'
import { PartBuffers } from './store/part-buffers.ts'
import { presignGet, presignPut } from './presign/presign.ts'
import { presignParts } from './presign/presign-parts.ts'
import { presignPost } from './presign/presign-post.ts'
import { presignUpload } from './presign/presign-upload.ts'
import { remove, removeMany, removePrefix } from './objects/remove.ts'
import type { Storage } from './storage.ts'
import type { StorageContext } from './store/storage-context.ts'
import { retryOrphans, sweepUploads } from './upload/sweep.ts'
import { upload } from './upload/upload.ts'
import { UploadRegistry } from './store/upload-registry.ts'
import { known } from './verb-options.ts'

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
  const life = lifeOf(async (leftMs) => {
    await retryOrphans(context)
    await backend.close(leftMs)
  })
  const context: StorageContext<Client> = {
    backend,
    partBytes,
    algorithm,
    budget: new ByteBudget((parallel + 1) * partBytes),
    buffers: new PartBuffers(partBytes, parallel + 1),
    uploads: new UploadRegistry(),
    tokenSecret,
    life,
  }
  return {
    boundary: 'storage',
    bucket: backend.bucket,
    client: backend.client,
    upload: async (key, body, options) =>
      await upload(context, key, body, known('upload', options)),
    download: async (key, options) => await download(context, key, known('download', options)),
    head: async (key, options) => await head(context, key, known('head', options)),
    exists: async (key, options) => await exists(context, key, known('exists', options)),
    list: (options = {}) => {
      expectListOptions(known('list', options))
      return list(context, options)
    },
    listFolder: (options = {}) => {
      expectListOptions(known('listFolder', options))
      return listFolder(context, options)
    },
    copy: async (from, to, options) => await copy(context, from, to, known('copy', options)),
    move: async (from, to, options) => await move(context, from, to, known('move', options)),
    delete: async (key, options) => await remove(context, key, known('delete', options)),
    deleteMany: async (keys, options) =>
      await removeMany(context, keys, known('deleteMany', options)),
    deletePrefix: async (prefix, options) =>
      await removePrefix(context, prefix, known('deletePrefix', options)),
    presignGet: async (key, options) =>
      await presignGet(context, key, known('presignGet', options)),
    presignPut: async (key, options) =>
      await presignPut(context, key, known('presignPut', options)),
    presignPost: async (key, options) =>
      await presignPost(context, key, known('presignPost', options)),
    presignUpload: async (key, options) =>
      await presignUpload(context, key, known('presignUpload', options)),
    presignParts: async (token, options) =>
      await presignParts(context, token, known('presignParts', options)),
    completeUpload: async (token, etags, options) =>
      await completePresigned(context, token, etags, known('completeUpload', options)),
    abortUpload: async (token, options) =>
      await abortUpload(context, token, known('abortUpload', options)),
    sweepUploads: async (options) => await sweepUploads(context, known('sweepUploads', options)),
    health: async (options) => await health(context, known('health', options)),
    close: async (options) => await life.close(options),
    [Symbol.asyncDispose]: () => life.close(),
  }
}
