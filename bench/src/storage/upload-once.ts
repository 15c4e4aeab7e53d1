/** Uploads once, from a file or a stream of unknown length, and tells its parent the most memory it had. */
import { Readable } from 'node:stream'
import { piecesOf } from './object.ts'
import { createStorage } from '@yuzuru/storage'

const [origin = '', from = '', size = ''] = process.argv.slice(2)
const bytes = Number(size)
const body =
  from === 'stream' ? Readable.from(piecesOf(bytes), { objectMode: false }) : { path: from }
const before = process.memoryUsage.rss()
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }
await using storage = createStorage({ bucket: 'plans', endpoint: origin, credentials })
const uploaded = await storage.upload('key', body)
if (uploaded.bytes !== bytes) throw new Error(`${uploaded.bytes} bytes were uploaded`)
// Linux counts it in KiB.
const peak = process.resourceUsage().maxRSS * 1_024
process.send?.({ before, peak })
