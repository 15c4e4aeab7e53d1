import { Pool } from 'undici'
import type { Benchmark } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import { OBJECT_BYTES, type Servers, type Target } from './targets.ts'

const REQUESTS = 1_000
const CLIENTS = 10

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'an answer of the stand-ins, beside a server that answers the same bytes unseen',
  operation: 'request',
  // The servers are in another process, whose processor time is not counted here.
  clock: 'wall',
  warmUpMs: 3_000,
  bars: [],
  async cases(resources) {
    const peer = resources.use(startPeer(import.meta.resolve('./servers.ts')))
    const servers = (await peer.next()) as Servers
    const { customerBytes } = servers
    const load = ({ url, headers }: Target): (() => Promise<number>) => {
      const { origin, pathname, search } = new URL(url)
      const options = { connections: CLIENTS }
      const pool = resources.adopt(new Pool(origin, options), (it) => it.close())
      const path = `${pathname}${search}`
      const client = async (): Promise<number> => {
        let bytes = 0
        for (let nth = 0; nth < REQUESTS / CLIENTS; nth += 1) {
          const { body } = await pool.request({ method: 'GET', path, headers })
          bytes += (await body.arrayBuffer()).byteLength
        }
        return bytes
      }
      return async () => {
        const all = await Promise.all(Array.from({ length: CLIENTS }, client))
        return all.reduce((sum, each) => sum + each, 0)
      }
    }
    const object = { operations: REQUESTS, expected: REQUESTS * OBJECT_BYTES }
    const customer = { operations: REQUESTS, expected: REQUESTS * customerBytes }
    return [
      { ...object, name: 'S3: a presigned GET of 4 kB', run: load(servers.s3) },
      { ...object, name: 'node:http, the same 4 kB', run: load(servers.s3Bare) },
      { ...customer, name: 'Stripe: a GET of a customer', run: load(servers.stripe) },
      { ...customer, name: 'node:http, the same customer', run: load(servers.stripeBare) },
    ]
  },
}
