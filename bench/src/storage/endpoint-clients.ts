/** Four clients that upload at once whenever their parent says where to; tells it what they were answered. */
import { Readable } from 'node:stream'
import { Pool } from 'undici'
import { piecesOf } from './object.ts'

const CLIENTS = 4
const UPLOAD_BYTES = 64 * 1_024 ** 2

const [origin = ''] = process.argv.slice(2)
const pool = new Pool(origin)

async function upload(path: string): Promise<string> {
  const body = Readable.from(piecesOf(UPLOAD_BYTES), { objectMode: false })
  const answer = await pool.request({ method: 'PUT', path, body })
  return await answer.body.text()
}

process.on('message', (path: string) => {
  const uploads = Array.from({ length: CLIENTS }, () => upload(path))
  void Promise.all(uploads).then((answers) => process.send?.(answers.join()))
})
process.once('disconnect', () => void pool.close())
