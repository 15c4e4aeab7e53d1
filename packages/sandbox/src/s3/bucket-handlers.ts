import type { BucketHandler, Handler } from './context.ts'
import { S3Error } from './errors.ts'
import { openPayload, readPayload } from './payload.ts'
import { replyEmpty, replyXml, xmlTime } from './reply.ts'
import { header } from './request.ts'
import { xmlDocument } from './xml.ts'
import { childText, parseXml } from './xml-parser.ts'

/** The one account that owns everything here. */
export const owner = [
  ['ID', '75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a'],
  ['DisplayName', 'sandbox'],
] as const

const maxConfigurationBytes = 64 * 1_024

export const listBuckets: Handler = async ({ store, keyring, response }) => {
  const buckets = (await store.list()).map(
    ({ name, createdAt }) =>
      [
        'Bucket',
        [
          ['Name', name],
          ['CreationDate', xmlTime(createdAt)],
          ['BucketRegion', keyring.region],
        ],
      ] as const,
  )
  const xml = xmlDocument('ListAllMyBucketsResult', [
    ['Owner', owner],
    ['Buckets', buckets],
  ])
  replyXml(response, 200, xml)
}

/** In us-east-1, creating one's own bucket again is a success; elsewhere it is a 409. */
export const createBucket: Handler = async (context) => {
  const { authorization, keyring, message, request, response, store } = context
  const length = header(message, 'content-length') ?? '0'
  if (length !== '0') {
    const body = await readPayload(openPayload(message, authorization), maxConfigurationBytes)
    const root = parseXml(body.toString('utf8'))
    if (root.name !== 'CreateBucketConfiguration') throw new S3Error('MalformedXML')
    const location = childText(root, 'LocationConstraint') || 'us-east-1'
    if (location !== keyring.region) {
      throw new S3Error(
        'IllegalLocationConstraintException',
        `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`,
      )
    }
  }
  const created = await store.create(request.bucket)
  if (!created && keyring.region !== 'us-east-1') {
    throw new S3Error('BucketAlreadyOwnedByYou', undefined, { BucketName: request.bucket })
  }
  replyEmpty(response, 200, { location: `/${request.bucket}` })
}

export const headBucket: BucketHandler = async ({ keyring, response }) => {
  replyEmpty(response, 200, { 'x-amz-bucket-region': keyring.region })
}

export const deleteBucket: BucketHandler = async ({ bucket, response, store }) => {
  await store.remove(bucket.name)
  replyEmpty(response, 204)
}

/** us-east-1 is written as nothing, for historical reasons. */
export const getBucketLocation: BucketHandler = async ({ keyring, response }) => {
  const region = keyring.region === 'us-east-1' ? '' : keyring.region
  replyXml(response, 200, xmlDocument('LocationConstraint', region))
}
