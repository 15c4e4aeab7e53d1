import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { sendContentMd5 } from './content-md5.ts'
import type {
  ByteRange,
  CompleteInit,
  CopyInit,
  CopyPartInit,
  CopySource,
  CreateUploadInit,
  DeleteFailure,
  GetInit,
  Incoming,
  ListedPart,
  ObjectBackend,
  OpenUpload,
  Page,
  PageRequest,
  PartInit,
  PresignContext,
  PutInit,
  UploadedPart,
  Written,
} from '../store/object-backend.ts'
import { type ObjectBytes, writtenOf } from './object-bytes.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import { ObjectReader } from './object-reader.ts'
import { nameOf, translateS3Error } from './s3-error.ts'
import {
  attributeFields,
  conditionFields,
  digestFields,
  quoted,
  uploadChecksumFields,
} from './s3-fields.ts'
import { listArrivedParts, listOpenUploads, listPage } from './s3-list.ts'
import type { S3Sender } from './s3-sender.ts'
import type { Compatibility } from '../storage-options.ts'
import { SdkBytes } from './sdk-bytes.ts'
import { codeName } from './shown-answer.ts'
import { SignedBytes } from './signed-bytes.ts'
import { confirmedEtag } from '../store/unconfirmed.ts'

/** S3's operations, through the AWS SDK. With a client of our own the bytes of objects go past the SDK. */
export class S3Backend implements ObjectBackend<S3Client> {
  readonly bucket: string
  readonly keepsConditions: boolean
  readonly translate: ObjectBackend['translate'] = translateS3Error
  readonly #knowsChecksums: boolean
  readonly #sender: S3Sender
  readonly #bytes: ObjectBytes
  readonly #reader: ObjectReader
  readonly #at: { readonly Bucket: string }

  constructor(bucket: string, sender: S3Sender, compatibility: Compatibility = 'aws') {
    this.bucket = bucket
    this.keepsConditions = compatibility === 'aws'
    this.#knowsChecksums = compatibility === 'aws'
    this.#sender = sender
    this.#at = { Bucket: bucket }
    const { own } = sender
    this.#bytes =
      own === undefined ? new SdkBytes(bucket, sender) : new SignedBytes(bucket, sender, own)
    this.#reader = new ObjectReader(bucket, sender, this.#bytes)
  }

  get client(): S3Client {
    return this.#sender.client
  }

  get tellsWhenSent(): boolean {
    return this.#sender.own !== undefined
  }

  get wantsSha256(): boolean {
    return this.#sender.own?.encrypted === false
  }

  async put(key: string, init: PutInit, signal: AbortSignal): Promise<Written> {
    return await this.#bytes.put(key, init, signal)
  }

  async createUpload(key: string, init: CreateUploadInit, signal: AbortSignal): Promise<string> {
    const checksum = uploadChecksumFields(init.algorithm)
    const input = { ...this.#at, Key: key, ...attributeFields(init), ...checksum }
    const { UploadId } = await this.#sender.send(new CreateMultipartUploadCommand(input), signal)
    if (UploadId === undefined) throw new Error('the store gave no upload id')
    return UploadId
  }

  async putPart(key: string, init: PartInit, signal: AbortSignal): Promise<string> {
    return await this.#bytes.putPart(key, init, signal)
  }

  async copyPart(key: string, init: CopyPartInit, signal: AbortSignal): Promise<string> {
    const { source, range } = init
    const input = {
      ...this.#at,
      Key: key,
      UploadId: init.uploadId,
      PartNumber: init.number,
      CopySource: this.#sourceOf(source),
      CopySourceIfMatch: quoted(source.etag),
      CopySourceRange: rangeOf(range),
    }
    const output = await this.#sender.send(new UploadPartCopyCommand(input), signal)
    return confirmedEtag(output.CopyPartResult?.ETag)
  }

  async completeUpload(key: string, init: CompleteInit, signal: AbortSignal): Promise<Written> {
    const { parts, checksum } = init
    const whole = checksum.type === 'FULL_OBJECT' && checksum.algorithm !== 'MD5'
    const input = {
      ...this.#at,
      Key: key,
      UploadId: init.uploadId,
      MultipartUpload: {
        Parts: parts.map(completedPart),
      },
      ...conditionFields(init),
      ...(whole ? { ...digestFields(checksum), ChecksumType: 'FULL_OBJECT' as const } : {}),
      ...(checksum.algorithm === 'MD5' ? {} : { MpuObjectSize: init.bytes }),
    }
    return writtenOf(await this.#sender.send(new CompleteMultipartUploadCommand(input), signal))
  }

  async abortUpload(key: string, uploadId: string, signal: AbortSignal): Promise<void> {
    const input = { ...this.#at, Key: key, UploadId: uploadId }
    await this.#sender.send(new AbortMultipartUploadCommand(input), signal)
  }

  async hasUpload(key: string, uploadId: string, signal: AbortSignal): Promise<boolean> {
    const input = { ...this.#at, Key: key, UploadId: uploadId, MaxParts: 1 }
    try {
      await this.#sender.send(new ListPartsCommand(input), signal)
      return true
    } catch (error) {
      if (nameOf(error) === 'NoSuchUpload') return false
      throw error
    }
  }

  async listParts(
    key: string,
    uploadId: string,
    signal: AbortSignal,
  ): Promise<readonly ListedPart[]> {
    const upload = { ...this.#at, Key: key, UploadId: uploadId }
    return await listArrivedParts(this.#sender, upload, signal)
  }

  async listUploads(prefix: string, signal: AbortSignal): Promise<readonly OpenUpload[]> {
    return await listOpenUploads(this.#sender, this.bucket, prefix, signal)
  }

  async get(key: string, init: GetInit, signal: AbortSignal): Promise<Incoming> {
    return await this.#reader.get(key, init, signal)
  }

  async head(key: string, signal: AbortSignal): Promise<ObjectInfo> {
    return await this.#reader.head(key, signal)
  }

  async list(request: PageRequest, signal: AbortSignal): Promise<Page> {
    return await listPage(this.#sender, this.bucket, request, signal)
  }

  async copy(key: string, { source, attributes }: CopyInit, signal: AbortSignal): Promise<Written> {
    const input = {
      ...this.#at,
      Key: key,
      CopySource: this.#sourceOf(source),
      CopySourceIfMatch: quoted(source.etag),
      ...(attributes === undefined
        ? {}
        : { MetadataDirective: 'REPLACE' as const, ...attributeFields(attributes) }),
      ...(attributes?.tags === undefined ? {} : { TaggingDirective: 'REPLACE' as const }),
    }
    const output = await this.#sender.send(new CopyObjectCommand(input), signal)
    const { CopyObjectResult: result = {}, VersionId } = output
    return { ...writtenOf(result), versionId: VersionId }
  }

  async delete(key: string, ifMatch: string | undefined, signal: AbortSignal): Promise<void> {
    const condition = ifMatch === undefined ? {} : { IfMatch: quoted(ifMatch) }
    const input = { ...this.#at, Key: key, ...condition }
    await this.#sender.send(new DeleteObjectCommand(input), signal)
  }

  async deleteMany(
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly DeleteFailure[]> {
    const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
    const command = new DeleteObjectsCommand({ ...this.#at, Delete })
    if (!this.#knowsChecksums) sendContentMd5(command)
    const { Errors = [] } = await this.#sender.send(command, signal)
    const named = new Set(keys)
    return Errors.map(({ Key = '', Code }) => ({
      key: named.has(Key) ? Key : '',
      code: codeName(Code) ?? 'for a reason that it does not say',
    }))
  }

  get presignerNow(): PresignContext | undefined {
    return this.#sender.presignerNow
  }

  async presigner(): Promise<PresignContext> {
    return await this.#sender.presigner(this.bucket)
  }

  async close(drainMs: number): Promise<void> {
    await this.#sender.close(drainMs)
  }

  #sourceOf({ key }: CopySource): string {
    return `${this.bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
  }
}

function rangeOf({ start, end }: ByteRange): string {
  return `bytes=${start}-${end ?? ''}`
}

function completedPart({ number, etag, digest }: UploadedPart): CompletedPart {
  const part = { PartNumber: number, ETag: quoted(etag) }
  return digest === undefined || digest.algorithm === 'MD5'
    ? part
    : Object.assign(part, digestFields(digest))
}
