import { getAcl, putAcl } from './acl.ts'
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  headBucket,
  listBuckets,
} from './bucket-handlers.ts'
import { completeUpload } from './complete-upload.ts'
import type { BucketHandler, Handler } from './context.ts'
import { copyObject } from './copy-object.ts'
import { abortUpload, createUpload } from './create-upload.ts'
import { deleteObjects } from './delete-objects.ts'
import { S3Error } from './errors.ts'
import { deleteObject, getObject } from './get-object.ts'
import { listObjects } from './list-objects.ts'
import { listObjectsV1 } from './list-objects-v1.ts'
import { listParts, listUploads } from './list-uploads.ts'
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object-tagging.ts'
import { putObject } from './put-object.ts'
import { header, type S3Request } from './request.ts'
import { uploadPart, uploadPartCopy } from './upload-part.ts'

/** An operation of S3's API, by its name there. */
export interface Route {
  readonly operation: string
  readonly handle: Handler
}

/** Parameters that name another resource than the object or bucket itself, and are not built. */
const subResources = new Set(
  'accelerate analytics attributes cors encryption intelligent-tiering inventory legal-hold lifecycle logging metadataConfiguration metadataTable metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock renameObject replication requestPayment restore retention select select-type session torrent versionId versioning versions website'.split(
    ' ',
  ),
)

/** Parameters that this server does route by. */
const routed = ['acl', 'delete', 'list-type', 'location', 'tagging', 'uploadId', 'uploads']

function inBucket(handle: BucketHandler): Handler {
  return async (context) => {
    const bucket = await context.store.bucket(context.request.bucket)
    await handle({ ...context, bucket })
  }
}

const service: Record<string, Route> = {
  GET: { operation: 'ListBuckets', handle: listBuckets },
}

/** Key: the method, then the routing parameter. */
const ofBucket: Record<string, Route> = {
  PUT: { operation: 'CreateBucket', handle: createBucket },
  HEAD: { operation: 'HeadBucket', handle: inBucket(headBucket) },
  DELETE: { operation: 'DeleteBucket', handle: inBucket(deleteBucket) },
  GET: { operation: 'ListObjects', handle: inBucket(listObjectsV1) },
  'GET acl': { operation: 'GetBucketAcl', handle: inBucket(getAcl) },
  'PUT acl': { operation: 'PutBucketAcl', handle: inBucket(putAcl) },
  'GET location': { operation: 'GetBucketLocation', handle: inBucket(getBucketLocation) },
  'GET list-type': { operation: 'ListObjectsV2', handle: inBucket(listObjects) },
  'GET uploads': { operation: 'ListMultipartUploads', handle: inBucket(listUploads) },
  'POST delete': { operation: 'DeleteObjects', handle: inBucket(deleteObjects) },
}

const ofObject: Record<string, Route> = {
  GET: { operation: 'GetObject', handle: inBucket(getObject) },
  HEAD: { operation: 'HeadObject', handle: inBucket(getObject) },
  PUT: { operation: 'PutObject', handle: inBucket(putObject) },
  'PUT copy': { operation: 'CopyObject', handle: inBucket(copyObject) },
  DELETE: { operation: 'DeleteObject', handle: inBucket(deleteObject) },
  'GET acl': { operation: 'GetObjectAcl', handle: inBucket(getAcl) },
  'PUT acl': { operation: 'PutObjectAcl', handle: inBucket(putAcl) },
  'PUT tagging': { operation: 'PutObjectTagging', handle: inBucket(putObjectTagging) },
  'DELETE tagging': { operation: 'DeleteObjectTagging', handle: inBucket(deleteObjectTagging) },
  'GET tagging': { operation: 'GetObjectTagging', handle: inBucket(getObjectTagging) },
  'GET uploadId': { operation: 'ListParts', handle: inBucket(listParts) },
  'POST uploads': { operation: 'CreateMultipartUpload', handle: inBucket(createUpload) },
  'PUT uploadId': { operation: 'UploadPart', handle: inBucket(uploadPart) },
  'PUT uploadId copy': { operation: 'UploadPartCopy', handle: inBucket(uploadPartCopy) },
  'POST uploadId': { operation: 'CompleteMultipartUpload', handle: inBucket(completeUpload) },
  'DELETE uploadId': { operation: 'AbortMultipartUpload', handle: inBucket(abortUpload) },
}

function tableOf({ bucket, key }: S3Request): Record<string, Route> {
  if (bucket === '') return service
  return key === '' ? ofBucket : ofObject
}

/**
 * Which operation is this? What S3 has and this server has not answers `NotImplemented`, never
 * something else than what was asked for.
 */
export function routeOf(request: S3Request): Route {
  const { message, query } = request
  const foreign = [...query.keys()].find((name) => subResources.has(name))
  const parameters = routed.filter((name) => query.has(name))
  const copies = header(message, 'x-amz-copy-source') !== undefined && message.method === 'PUT'
  const name = [message.method, ...parameters, ...(copies ? ['copy'] : [])].join(' ')
  const table = tableOf(request)
  const route = Object.hasOwn(table, name) ? table[name] : undefined
  if (foreign !== undefined || (!route && (parameters.length > 0 || name === 'GET'))) {
    throw new S3Error('NotImplemented', undefined, {
      Header: foreign ?? parameters.join(' '),
      ResourceType: 'sandbox',
    })
  }
  if (route) return route
  throw new S3Error('MethodNotAllowed', undefined, { Method: message.method ?? '' })
}
