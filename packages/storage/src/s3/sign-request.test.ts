import { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { SdkRequest } from './request-handler.ts'
import { signRequest } from './sign-request.ts'

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'to/ken+==' }
const region = 'ap-northeast-1'

const CHANGING = new Set(['cache-control', 'user-agent'])

/** What the SDK would send. */
async function sentBy(command: object): Promise<SdkRequest> {
  let sent: SdkRequest | undefined
  const handle = async (request: SdkRequest): Promise<unknown> => {
    sent = request
    return { response: { statusCode: 200, headers: {}, body: Readable.from([]) } }
  }
  const requestHandler = { handle, metadata: { handlerProtocol: 'http/1.1' } }
  const client = new S3Client({ region, credentials, requestHandler: requestHandler as never })
  await client.send(command as PutObjectCommand)
  client.destroy()
  return sent as SdkRequest
}

describe('a signed request', () => {
  test('has the signature of the example in the S3 API reference', () => {
    const headers = signRequest({
      method: 'GET',
      host: 'examplebucket.s3.amazonaws.com',
      path: '/test.txt',
      query: {},
      headers: { range: 'bytes=0-9' },
      payloadHash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      region: 'us-east-1',
      credentials: {
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      },
      now: Date.UTC(2013, 4, 24),
    })
    expect(headers['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, ' +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    )
  })

  const at = { Bucket: 'plans', Key: "写真 (1)+%'!*~.pdf" }
  const text = {
    Body: 'text',
    ContentType: 'text/plain;  charset=utf-8',
    ContentDisposition: 'inline; filename="a  b.txt"',
    CacheControl: 'no-store',
    Metadata: { office: '=?UTF-8?B?6Z2S6JGJ?=', empty: '' },
    Tagging: 'a=b%20c',
  }
  test.each([
    ['a PUT', new PutObjectCommand({ ...at, ...text, IfNoneMatch: '*' })],
    ['a part', new UploadPartCommand({ ...at, Body: 'x', UploadId: 'a+/=~', PartNumber: 7 })],
    ['a range', new GetObjectCommand({ ...at, Range: 'bytes=0-9', IfMatch: '"e"' })],
  ])('has the signature that the SDK gives it: %s', async (_, command) => {
    const { method, hostname, path, query, headers } = await sentBy(command)
    const { authorization, host, ...others } = headers
    const ours = signRequest({
      method,
      host: hostname,
      path,
      query: query as Record<string, string>,
      headers: signedOf(others, authorization ?? ''),
      payloadHash: headers['x-amz-content-sha256'] ?? '',
      region,
      credentials,
      now: timeOf(headers['x-amz-date'] ?? ''),
    })
    expect(host).toBe(hostname)
    expect(ours['authorization']).toBe(authorization)
  })
})

/** The headers that the SDK has signed, and some that it has not because a proxy may change them. */
function signedOf(
  headers: Readonly<Record<string, string>>,
  authorization: string,
): Record<string, string> {
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? []
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => names.includes(name) || CHANGING.has(name)),
  )
}

function timeOf(text: string): number {
  return Date.parse(text.replace(/^(.{4})(..)(..T..)(..)/, '$1-$2-$3:$4:'))
}
