export type { ChecksumAlgorithm, Checksum } from './store/checksum.ts'
export { contentDisposition, type Disposition } from './store/content-disposition.ts'
export type { CopyOptions, CopyResult } from './objects/copy.ts'
export { createStorage } from './create-storage.ts'
export type { CredentialSource, StorageCredentials } from './store/credentials.ts'
export type { Download, DownloadOptions, ReadOptions, SaveOptions } from './download/download.ts'
export type { FolderEntry, ListFolderOptions, ListOptions } from './objects/list.ts'
export type { ByteRange, Digest, ListedObject } from './store/object-backend.ts'
export type { CompletedUpload } from './presign/end-upload.ts'
export type { ObjectInfo, WriteConditions } from './store/object-info.ts'
export type {
  PresignedPost,
  PresignedUrl,
  PresignGetOptions,
  PresignPostOptions,
  PresignPutOptions,
} from './presign/presign.ts'
export type {
  PresignedPart,
  PresignedUpload,
  PresignUploadOptions,
} from './presign/presign-upload.ts'
export type { Storage } from './storage.ts'
export {
  StorageError,
  type StorageErrorCode,
  type StorageErrorInit,
} from './store/storage-error.ts'
export type { StorageConfig, StorageOverClient, TransferOptions } from './storage-options.ts'
export type { SweepOptions } from './upload/sweep.ts'
export type { UploadResult } from './upload/upload.ts'
export type { UploadBody } from './upload/upload-body.ts'
export type { AttributeOptions, UploadOptions, UploadProgress } from './upload/write-options.ts'
