/**
 * The sandbox's S3 and Stripe for its parent, and a bare `node:http` that answers the same bytes without looking at
 * the request. It says first where they are.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { startS3, startStripe } from '@yuzuru/sandbox'
import { Stripe } from 'stripe'
import { OBJECT_BYTES, type Servers, type Target } from './targets.ts'

const dir = await mkdtemp(join(tmpdir(), 'yuzuru-bench-'))
const s3 = await startS3({ dir, buckets: ['plans'] })
const { endpoint, region, accessKeyId, secretAccessKey } = s3
const credentials = { accessKeyId, secretAccessKey }
const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
const at = { Bucket: 'plans', Key: 'plan.pdf' }
await client.send(new PutObjectCommand({ ...at, Body: Buffer.alloc(OBJECT_BYTES, 'plan ') }))
const object = await getSignedUrl(client, new GetObjectCommand(at), { expiresIn: 3_600 })

const stripe = await startStripe()
const { host, port, secretKey } = stripe
const { id } = await new Stripe(secretKey, { host, port, protocol: 'http' }).customers.create({
  email: 'hanako@example.jp',
  name: '佐藤 花子',
})
const headers = { authorization: `Bearer ${secretKey}` }
const customer = { url: `${stripe.url}/v1/customers/${id}`, headers }

const answers = new Map<string, Buffer>()
const bare = createServer((request, response) => response.end(answers.get(request.url ?? '')))
bare.keepAliveTimeout = 60_000
await once(bare.listen(0, '127.0.0.1'), 'listening')
const origin = `http://127.0.0.1:${(bare.address() as AddressInfo).port}`
const same = async (path: string, { url, headers }: Target): Promise<Target> => {
  const answer = await fetch(url, { headers })
  if (!answer.ok) throw new Error(await answer.text())
  answers.set(path, Buffer.from(await answer.arrayBuffer()))
  return { url: `${origin}${path}`, headers }
}
const servers: Servers = {
  s3: { url: object, headers: {} },
  s3Bare: await same('/object', { url: object, headers: {} }),
  stripe: customer,
  stripeBare: await same('/customer', customer),
  customerBytes: answers.get('/customer')?.byteLength ?? 0,
}
process.send?.(servers)
process.once('disconnect', () => {
  void rm(dir, { recursive: true, force: true }).finally(() => process.exit())
})
