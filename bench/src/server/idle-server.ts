/**
 * A server that says what memory it holds: `ours` or `bare`, for a parent that sends `'memory'`.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { serve } from '@yuzuru/server'
import { CONNECTIONS, IDLE_MS } from './idle.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function listening(): Promise<string> {
  if (process.argv[2] === 'ours') {
    const limits = { connections: 2 * CONNECTIONS, idleTimeoutMs: IDLE_MS }
    const app = (_request: unknown, response: { end(text: string): void }): void => {
      response.end('ok')
    }
    return (await serve(app, { limits, lingerMs: 0 })).url
  }
  const server = createServer({ keepAliveTimeout: IDLE_MS }, (_request, response) => {
    response.end('ok')
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const url = await listening()
process.on('message', () => {
  collect()
  collect()
  process.send?.(process.memoryUsage.rss())
})
process.once('disconnect', () => process.exit())
process.send?.(url)
