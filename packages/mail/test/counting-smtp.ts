import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A server that counts how often each message came whole, by its Message-ID. */
export interface Counting extends AsyncDisposable {
  readonly port: number
  /** How often each has come. */
  readonly came: ReadonlyMap<string, number>
  readonly open: number
  /** How many were open at once since it was last put to 0. */
  peak: number
}

export async function startCounting(): Promise<Counting> {
  const came = new Map<string, number>()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    state.peak = Math.max(state.peak, sockets.size)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let rest = ''
    let isMessage = false
    socket.write('220 counting\r\n')
    socket.setEncoding('latin1').on('data', (text: string) => {
      rest += text
      for (;;) {
        const end = isMessage ? '\r\n.\r\n' : '\r\n'
        const at = rest.indexOf(end)
        if (at < 0) return
        const said = rest.slice(0, at)
        rest = rest.slice(at + end.length)
        if (isMessage) {
          const id = /^Message-ID: (<[^>]+>)/m.exec(said)?.[1] ?? ''
          came.set(id, (came.get(id) ?? 0) + 1)
        }
        isMessage = !isMessage && said === 'DATA'
        const greets = said.startsWith('EHLO') ? '250-counting\r\n250 PIPELINING' : '250 OK'
        socket.write(isMessage ? '354 go on\r\n' : `${greets}\r\n`)
      }
    })
  })
  const state = {
    port: 0,
    came,
    peak: 0,
    get open() {
      return sockets.size
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  state.port = (server.address() as AddressInfo).port
  return state
}
