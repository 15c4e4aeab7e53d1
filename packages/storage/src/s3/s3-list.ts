import {
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  ListPartsCommand,
  type ListPartsCommandOutput,
} from '@aws-sdk/client-s3'
import type { ListedPart, OpenUpload, Page, PageRequest } from '../store/object-backend.ts'
import { PageMarks } from './page-marks.ts'
import { checksumOf, unquoted } from './s3-fields.ts'
import { readable, UnreadableAnswer } from './shown-answer.ts'
import type { S3Sender } from './s3-sender.ts'

/** The most parts of an upload (S3 API, "multipart upload limits"). */
const MAX_PARTS = 10_000
/** The most uploads that one sweep handles, as all that are found are kept in memory. */
const MAX_UPLOADS = 100_000

/** One page of a bucket's keys. */
export async function listPage(
  sender: S3Sender,
  bucket: string,
  request: PageRequest,
  signal: AbortSignal,
): Promise<Page> {
  const { delimiter, startAfter, token } = request
  const input = {
    Bucket: bucket,
    Prefix: request.prefix,
    MaxKeys: request.pageSize,
    // Keys may hold characters that XML cannot express.
    EncodingType: 'url' as const,
    ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
    ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
    ...(token === undefined ? {} : { ContinuationToken: token }),
  }
  const output = await sender.send(new ListObjectsV2Command(input), signal)
  return {
    objects: (output.Contents ?? []).map(({ Key = '', Size = 0, ETag, LastModified }) => ({
      key: decodeKey(Key),
      bytes: Size,
      etag: unquoted(ETag),
      modifiedAt: LastModified ?? new Date(0),
    })),
    prefixes: (output.CommonPrefixes ?? []).map(({ Prefix = '' }) => decodeKey(Prefix)),
    isTruncated: output.IsTruncated === true,
    token: output.NextContinuationToken,
  }
}

/** All multipart uploads that are neither completed nor aborted. */
export async function listOpenUploads(
  sender: S3Sender,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly OpenUpload[]> {
  const found: OpenUpload[] = []
  const marks = new PageMarks({ operation: 'listUploads' })
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}
  while (marker !== undefined) {
    const input = { Bucket: bucket, Prefix: prefix, EncodingType: 'url' as const, ...marker }
    const page: ListMultipartUploadsCommandOutput = await sender.send(
      new ListMultipartUploadsCommand(input),
      signal,
    )
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || Initiated === undefined) continue
      found.push({ key: decodeKey(Key), uploadId: UploadId, startedAt: Initiated })
    }
    if (found.length > MAX_UPLOADS) return found
    const { IsTruncated = false, NextKeyMarker = '', NextUploadIdMarker: id = '' } = page
    const more = marks.next(IsTruncated, NextKeyMarker && JSON.stringify([NextKeyMarker, id]))
    marker =
      more === undefined
        ? undefined
        : { KeyMarker: decodeKey(NextKeyMarker), ...(id === '' ? {} : { UploadIdMarker: id }) }
  }
  return found
}

/** All parts of a multipart upload that have arrived. */
export async function listArrivedParts(
  sender: S3Sender,
  upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
  signal: AbortSignal,
): Promise<readonly ListedPart[]> {
  const found: ListedPart[] = []
  const marks = new PageMarks({ operation: 'listParts', key: upload.Key })
  let marker: { PartNumberMarker?: string } | undefined = {}
  while (marker !== undefined) {
    const page: ListPartsCommandOutput = await sender.send(
      new ListPartsCommand({ ...upload, ...marker }),
      signal,
    )
    for (const part of page.Parts ?? []) {
      const { PartNumber: number = 0, ETag, Size: bytes = 0 } = part
      found.push({ number, etag: unquoted(ETag), bytes, digest: checksumOf(part) })
    }
    // The check of the marks alone does not end a list that never repeats one.
    if (found.length > MAX_PARTS) throw new UnreadableAnswer()
    const next = marks.next(page.IsTruncated === true, page.NextPartNumberMarker)
    marker = next === undefined ? undefined : { PartNumberMarker: next }
  }
  return found
}

/** With `EncodingType: 'url'` a space is a plus sign. */
function decodeKey(encoded: string): string {
  return readable(() => decodeURIComponent(encoded.replaceAll('+', ' ')))
}
