import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A server that counts how often each message came whole, by its Message-ID. */
export interface Counting extends AsyncDisposable {
  readonly port: number
  /** How often each has come. */
  readonly came: ReadonlyMap<string, number>
  readonly open: number
  /** How many messages it has begun to take, and not answered. */
  readonly inDialogue: number
  /** While it is set, no MAIL is answered; then those that wait are. */
  hold(isHeld: boolean): void
}

export async function startCounting(): Promise<Counting> {
  const came = new Map<string, number>()
  const sockets = new Set<Socket>()
  const inDialogue = new Set<Socket>()
  const held: (() => void)[] = []
  let isHeld = false
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => {
      sockets.delete(socket)
      inDialogue.delete(socket)
    })
    socket.on('error', () => undefined)
    let rest = ''
    let isMessage = false
    socket.write('220 counting\r\n')
    const hear = (text: string): void => {
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
          inDialogue.delete(socket)
        } else if (said.startsWith('MAIL')) inDialogue.add(socket)
        isMessage = !isMessage && said === 'DATA'
        const greets = said.startsWith('EHLO') ? '250-counting\r\n250 PIPELINING' : '250 OK'
        socket.write(isMessage ? '354 go on\r\n' : `${greets}\r\n`)
      }
    }
    socket.setEncoding('latin1').on('data', (text: string) => {
      // It hears what is said, and answers none of it yet.
      if (!isHeld || !text.startsWith('MAIL')) return hear(text)
      inDialogue.add(socket)
      held.push(() => hear(text))
    })
  })
  const state = {
    port: 0,
    came,
    get open() {
      return sockets.size
    },
    get inDialogue() {
      return inDialogue.size
    },
    hold(isOn: boolean) {
      isHeld = isOn
      for (const answer of isOn ? [] : held.splice(0)) answer()
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
