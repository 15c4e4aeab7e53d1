import type { BucketContext } from './context.ts'
import { S3Error } from './errors.ts'
import { openPayload, readPayload } from './payload.ts'
import { replyEmpty, replyXml } from './reply.ts'
import type { StoredObject } from './stored-object.ts'
import { parseTaggingDocument, taggingDocument } from './tags.ts'

const maxDocumentBytes = 64 * 1_024

export async function getObjectTagging({
  bucket,
  request,
  response,
}: BucketContext): Promise<void> {
  replyXml(response, 200, taggingDocument(bucket.object(request.key).tags))
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export async function putObjectTagging(context: BucketContext): Promise<void> {
  const { authorization, message, response } = context
  const body = await readPayload(openPayload(message, authorization), maxDocumentBytes)
  await retag(context, parseTaggingDocument(body.toString('utf8')))
  replyEmpty(response, 200)
}

export async function deleteObjectTagging(context: BucketContext): Promise<void> {
  await retag(context, [])
  replyEmpty(context.response, 204)
}

async function retag(
  { bucket, request: { key } }: BucketContext,
  tags: StoredObject['tags'],
): Promise<void> {
  const changed = await bucket.objects.change(key, (current) => ({ ...current, tags }))
  if (changed === undefined) throw new S3Error('NoSuchKey', undefined, { Key: key })
}
