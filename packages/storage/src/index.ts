export type { ChecksumAlgorithm, Checksum } from './checksum.ts'
export { contentDisposition, type Disposition } from './content-disposition.ts'
export type { CopyOptions, CopyResult } from './copy.ts'
export { createStorage } from './create-storage.ts'
export type { CredentialSource, StorageCredentials } from './credentials.ts'
export type { Download, DownloadOptions, ReadOptions, SaveOptions } from './download.ts'
export type { FolderEntry, ListFolderOptions, ListOptions } from './list.ts'
export type { ByteRange, Digest, ListedObject } from './object-backend.ts'
export type { CompletedUpload } from './end-upload.ts'
export type { ObjectInfo, WriteConditions } from './object-info.ts'
export type {
  PresignedPost,
  PresignedUrl,
  PresignGetOptions,
  PresignPostOptions,
  PresignPutOptions,
} from './presign.ts'
export type { PresignedPart, PresignedUpload, PresignUploadOptions } from './presign-upload.ts'
export type { Storage } from './storage.ts'
export { StorageError, type StorageErrorCode, type StorageErrorInit } from './storage-error.ts'
export type { StorageConfig, StorageOverClient, TransferOptions } from './storage-options.ts'
export type { SweepOptions } from './sweep.ts'
export type { UploadResult } from './upload.ts'
export type { UploadBody } from './upload-body.ts'
export type { AttributeOptions, UploadOptions, UploadProgress } from './write-options.ts'
