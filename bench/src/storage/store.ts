import { S3Client } from '@aws-sdk/client-s3'
import { createStorage, type Storage } from '@yuzuru/storage'
import { type Peer, startPeer } from '../peer.ts'

/** A store that keeps nothing, in a process of its own, and both ways to it. */
export interface BenchStore {
  readonly peer: Peer
  readonly origin: string
  readonly storage: Storage
  readonly client: S3Client
  /** The bytes of the last upload that was completed. */
  readonly stored: () => Promise<unknown>
}

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' }
export const bucket = 'plans'

export function storageAt(origin: string): Storage {
  return createStorage({ bucket, endpoint: origin, credentials })
}

export async function startStore(resources: AsyncDisposableStack): Promise<BenchStore> {
  const peer = resources.use(startPeer(import.meta.resolve('./sink.ts')))
  const origin = `http://127.0.0.1:${String(await peer.next())}`
  const config = { endpoint: origin, region: 'us-east-1', credentials, forcePathStyle: true }
  return {
    peer,
    origin,
    storage: resources.use(storageAt(origin)),
    client: resources.adopt(new S3Client(config), async (it) => it.destroy()),
    stored: () => peer.ask('stored'),
  }
}
