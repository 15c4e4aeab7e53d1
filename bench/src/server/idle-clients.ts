/** Opens so many connections to the origin that its parent sends, and asks once on each. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { CONNECTIONS } from './idle.ts'

async function open(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  socket.on('error', () => {}).resume()
}

process.on('message', (origin) => {
  const port = Number(new URL(origin as string).port)
  const all = async (): Promise<void> => {
    for (let count = 0; count < CONNECTIONS; count += 100) {
      await Promise.all(Array.from({ length: 100 }, () => open(port)))
    }
  }
  void all().then(() => process.send?.(CONNECTIONS))
})
process.once('disconnect', () => process.exit())
