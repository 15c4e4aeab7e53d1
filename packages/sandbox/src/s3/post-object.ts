import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Bucket } from './bucket.ts'
import { checkDeclaredValue, checksumHeader, declaredChecksum, Digests } from './checksums.ts'
import type { Surroundings } from './context.ts'
import { type Keyring, parseCredential } from './credential.ts'
import { sameSignature } from './same-signature.ts'
import { invalidArgument, S3Error } from './errors.ts'
import { type FormUpload, readForm } from './form-data.ts'
import { selectStored } from './object-headers.ts'
import { checkChecksum } from './payload.ts'
import { checkPolicy, type SizeRange } from './post-policy.ts'
import { wholeObjectDigests } from './put-object.ts'
import { replyEmpty, replyXml } from './reply.ts'
import { checkKey, header, type S3Request } from './request.ts'
import { checkSession, signingKeyFor } from './signature.ts'
import type { StoredObject } from './stored-object.ts'
import { parseTaggingDocument } from './tags.ts'
import { xmlDocument } from './xml.ts'

/** Is this a browser's form? Its signature is in its fields, so it is let in without one. */
export function isFormPost({ bucket, key, message, query }: S3Request): boolean {
  const type = header(message, 'content-type') ?? ''
  return (
    message.method === 'POST' &&
    bucket !== '' &&
    key === '' &&
    query.size === 0 &&
    /^multipart\/form-data\s*(?:;|$)/i.test(type)
  )
}

/** @throws S3Error when the policy was not signed with this server's key. */
function checkPolicySignature(fields: FormUpload['fields'], keyring: Keyring): string {
  const policy = fields.get('policy')
  if (policy === undefined) throw new S3Error('AccessDenied')
  const field = (name: string): string => {
    const value = fields.get(name)
    if (value) return value
    throw invalidArgument(`Bucket POST must contain a field named '${name}'.`, name, '')
  }
  const algorithm = field('x-amz-algorithm')
  if (algorithm !== 'AWS4-HMAC-SHA256') {
    throw invalidArgument('Only AWS4-HMAC-SHA256 is supported.', 'x-amz-algorithm', algorithm)
  }
  const scope = parseCredential(field('x-amz-credential'))
  if (!scope) {
    throw invalidArgument('The credential is malformed.', 'x-amz-credential', '')
  }
  const date = field('x-amz-date')
  const key = signingKeyFor(keyring, scope, date, 'AuthorizationQueryParametersError')
  const given = field('x-amz-signature')
  if (!sameSignature(key.sign(policy), given)) {
    throw new S3Error('SignatureDoesNotMatch', undefined, {
      AWSAccessKeyId: scope.accessKeyId,
      SignatureProvided: given,
      StringToSign: policy,
    })
  }
  checkSession(keyring, scope, fields.get('x-amz-security-token'))
  return policy
}

function keyOf({ fields, filename }: FormUpload): string {
  const key = fields.get('key')
  if (key === undefined) {
    throw invalidArgument("Bucket POST must contain a field named 'key'.", 'key', '')
  }
  // Some browsers send a whole path; only its last segment is the name.
  const name = filename.replace(/^.*[/\\]/, '')
  const replaced = key.replaceAll('${filename}', () => name)
  if (replaced === '') {
    throw invalidArgument('User key must have a length greater than 0.', 'key', '')
  }
  checkKey(replaced)
  return replaced
}

async function* withinRange(
  chunks: AsyncIterable<Buffer>,
  digests: Digests,
  { min, max }: SizeRange,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of chunks) {
    digests.update(chunk)
    if (digests.size > max) {
      throw new S3Error('EntityTooLarge', undefined, {
        ProposedSize: digests.size,
        MaxSizeAllowed: max,
      })
    }
    yield chunk
  }
  if (digests.size < min) {
    throw new S3Error('EntityTooSmall', undefined, {
      ProposedSize: digests.size,
      MinSizeAllowed: min,
    })
  }
}

async function storeFile(
  bucket: Bucket,
  form: FormUpload,
  size: SizeRange,
  modifiedAt: number,
): Promise<StoredObject> {
  const { fields } = form
  const key = keyOf(form)
  // Kept as header values are: one character a byte.
  const values = [...fields].map(
    ([name, value]) => [name, Buffer.from(value).toString('latin1')] as const,
  )
  const headers = selectStored(values)
  const tags = parseTaggingDocument(fields.get('tagging'))
  const declared = declaredChecksum([...fields.keys()])
  const algorithm = declared ?? 'CRC64NVME'
  const digests = new Digests(['MD5', algorithm])
  async function* verified(): AsyncGenerator<Buffer, void, undefined> {
    yield* withinRange(form.file, digests, size)
    if (!declared) return
    const value = fields.get(checksumHeader(declared)) ?? ''
    checkChecksum(declared, checkDeclaredValue(declared, value), digests)
  }
  const segment = await bucket.blobs.write(verified())
  const object: StoredObject = {
    key,
    size: segment.size,
    modifiedAt,
    headers,
    tags,
    segments: [segment],
    ...wholeObjectDigests(digests, algorithm),
  }
  await bucket.keep(object)
  return object
}

function replySuccess(
  response: ServerResponse,
  form: FormUpload,
  bucket: string,
  object: StoredObject,
  host: string,
): void {
  const etag = `"${object.etag}"`
  const location = `http://${host}/${bucket}/${encodeURIComponent(object.key)}`
  const redirect = form.fields.get('success_action_redirect') ?? form.fields.get('redirect')
  if (redirect !== undefined && URL.canParse(redirect)) {
    const url = new URL(redirect)
    for (const [name, value] of Object.entries({ bucket, key: object.key, etag })) {
      url.searchParams.append(name, value)
    }
    replyEmpty(response, 303, { location: url.href, etag })
    return
  }
  const status = form.fields.get('success_action_status')
  if (status !== '201') {
    replyEmpty(response, status === '200' ? 200 : 204, { location, etag })
    return
  }
  const xml = xmlDocument(
    'PostResponse',
    [
      ['Location', location],
      ['Bucket', bucket],
      ['Key', object.key],
      ['ETag', etag],
    ],
    { namespace: false },
  )
  replyXml(response, 201, xml, { location, etag })
}

/**
 * A browser's upload under a signed policy.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
export async function postObject(
  { store, keyring }: Surroundings,
  request: S3Request,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const source = message.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
  const form = await readForm(source, header(message, 'content-type') ?? '')
  const policy = checkPolicySignature(form.fields, keyring)
  const size = checkPolicy(policy, form.fields, request.bucket, keyring.now())
  const bucket = await store.bucket(request.bucket)
  const object = await storeFile(bucket, form, size, keyring.now())
  replySuccess(response, form, bucket.name, object, header(message, 'host') ?? '')
}
