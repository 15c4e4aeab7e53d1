import type { IncomingMessage } from 'node:http'
import { isFromThisMachine } from '@yuzuru/concurrency/boundary'

const PORT = /:\d{1,5}$/

/** Whether a request comes from this machine, and through no proxy that shows itself. */
export function fromThisMachine({ headers, httpVersion, socket }: IncomingMessage): boolean {
  return isFromThisMachine({
    address: socket.remoteAddress,
    httpVersion,
    hostname: (headers.host ?? '').replace(PORT, ''),
    header: (name) => headers[name]?.toString(),
  })
}
