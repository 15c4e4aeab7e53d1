import type { IncomingMessage } from 'node:http'
import { owner } from './bucket-handlers.ts'
import type { BucketContext } from './context.ts'
import { S3Error } from './errors.ts'
import { openPayload, readPayload } from './payload.ts'
import { replyEmpty, replyXml } from './reply.ts'
import { header } from './request.ts'
import { xmlDocument } from './xml.ts'
import { childText, parseXml } from './xml-parser.ts'

const maxDocumentBytes = 64 * 1_024

/** The ACLs that change nothing: there is one account, and everything is its own. */
const OWN: ReadonlySet<string> = new Set(['private', 'bucket-owner-full-control'])

/** @throws S3Error `AccessControlListNotSupported` for an ACL that would let others in */
export function expectOwnAcl(message: IncomingMessage): void {
  if (!OWN.has(header(message, 'x-amz-acl') ?? 'private')) {
    throw new S3Error('AccessControlListNotSupported')
  }
}

/** Everything belongs to the one account, and to nobody else. */
export async function getAcl({ bucket, request, response }: BucketContext): Promise<void> {
  if (request.key !== '') bucket.object(request.key)
  const grantee = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>${owner[0][1]}</ID><DisplayName>${owner[1][1]}</DisplayName></Grantee>`
  const xml = xmlDocument('AccessControlPolicy', [
    ['Owner', owner],
    ['AccessControlList', [['Grant', [['Permission', 'FULL_CONTROL']]]]],
  ])
  replyXml(response, 200, xml.replace('<Grant>', `<Grant>${grantee}`))
}

/** Takes an ACL of the kind that there is anyway, by its name or written out. */
export async function putAcl(context: BucketContext): Promise<void> {
  const { authorization, bucket, message, request, response } = context
  if (request.key !== '') bucket.object(request.key)
  const body = await readPayload(openPayload(message, authorization), maxDocumentBytes)
  expectOwnAcl(message)
  if (body.byteLength > 0) expectOwnPolicy(body.toString('utf8'))
  replyEmpty(response, 200)
}

/** @throws S3Error for a policy that grants anything to anybody but the owner */
function expectOwnPolicy(xml: string): void {
  const root = parseXml(xml)
  const list = root.children.find(({ name }) => name === 'AccessControlList')
  if (root.name !== 'AccessControlPolicy' || list === undefined) throw new S3Error('MalformedXML')
  const isOwn = list.children.every((grant) => {
    const grantee = grant.children.find(({ name }) => name === 'Grantee')
    const id = grantee && childText(grantee, 'ID')
    return id === owner[0][1] && childText(grant, 'Permission') === 'FULL_CONTROL'
  })
  if (!isOwn) throw new S3Error('AccessControlListNotSupported')
}
