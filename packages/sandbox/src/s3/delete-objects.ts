import { matchesEtag } from './conditions.ts'
import type { BucketContext } from './context.ts'
import { S3Error } from './errors.ts'
import { openPayload, readPayload } from './payload.ts'
import { replyXml } from './reply.ts'
import { header } from './request.ts'
import { xmlDocument, type XmlNode } from './xml.ts'
import { childText, parseXml, type XmlElement } from './xml-parser.ts'

const maxKeys = 1_000
const maxBodyBytes = 2 * 1_024 * 1_024

function parseDelete(body: string): { quiet: boolean; objects: readonly XmlElement[] } {
  const root = parseXml(body)
  const objects = root.children.filter((child) => child.name === 'Object')
  if (root.name !== 'Delete' || objects.length === 0 || objects.length > maxKeys) {
    throw new S3Error('MalformedXML')
  }
  return { quiet: childText(root, 'Quiet') === 'true', objects }
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export async function deleteObjects(context: BucketContext): Promise<void> {
  const { authorization, bucket, message, response } = context
  const payload = openPayload(message, authorization)
  if (payload.declared === undefined && header(message, 'content-md5') === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5')
  }
  const { quiet, objects } = parseDelete(
    (await readPayload(payload, maxBodyBytes)).toString('utf8'),
  )
  const results: XmlNode[] = []
  for (const element of objects) {
    const key = childText(element, 'Key')
    const etag = childText(element, 'ETag')
    if (!key) throw new S3Error('MalformedXML')
    try {
      if (childText(element, 'VersionId') !== undefined) {
        throw new S3Error('NotImplemented', 'Versioning is not implemented')
      }
      await bucket.objects.remove(key, (current) => {
        if (etag === undefined || !current || matchesEtag(etag, current.etag)) return
        throw new S3Error('PreconditionFailed')
      })
      if (!quiet) results.push(['Deleted', [['Key', key]]])
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      const failure = [
        ['Key', key],
        ['Code', error.code],
        ['Message', error.message],
      ] as const
      results.push(['Error', failure])
    }
  }
  replyXml(response, 200, xmlDocument('DeleteResult', results))
}
