/**
 * An app for its parent: `GET /` says hello, `PUT /store` passes its body on to the store that the argument
 * names, `PUT /nowhere` throws it away. To any message it answers with the longest turn of its event loop
 * since the last one, in milliseconds of processor time: what others do on the machine is not in it.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createStorage } from '@yuzuru/storage'

const [origin = ''] = process.argv.slice(2)
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' }
const storage = createStorage({ bucket: 'plans', endpoint: origin, credentials })

async function drop(request: IncomingMessage): Promise<number> {
  let length = 0
  for await (const chunk of request) length += (chunk as Buffer).byteLength
  return length
}

async function take(request: IncomingMessage): Promise<number> {
  if (request.url === '/nowhere') return await drop(request)
  const { bytes } = await storage.upload('key', request)
  return bytes
}

const server = createServer((request, response) => {
  if (request.method === 'GET') response.end('hello')
  else {
    take(request).then(
      (bytes) => response.end(String(bytes)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  }
})
function processorTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

let before = processorTime()
let longest = 0
setInterval(() => {
  const now = processorTime()
  longest = Math.max(longest, now - before)
  before = now
}, 1).unref()
process.on('message', () => {
  process.send?.(longest)
  longest = 0
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => {
  server.close()
  server.closeAllConnections()
  void storage.close()
})
