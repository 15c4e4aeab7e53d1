import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'
import { PSK } from './scripted-smtp.ts'

/** A server that says how much of a message it has heard, and counts those that it took. */
export interface Watching extends AsyncDisposable {
  readonly port: number
  /** How often each message was taken, by its Message-ID. */
  readonly came: ReadonlyMap<string, number>
  /** What came instead of a command. */
  readonly stray: readonly string[]
  /**
   * Called once, when so many bytes of the next message have come.
   *
   * @param reply what the server says then, instead of at the end of the message
   */
  at(bytes: number, does: (socket: Socket) => void, reply?: string): void
}

const COMMAND = /^(?:EHLO|MAIL|RCPT|DATA|RSET|QUIT)\b/
const END = '\r\n.\r\n'

/**
 * Starts one that reads a piece in a turn, so that most of a long message waits with the client.
 *
 * @param secure by TLS with a shared key
 */
export async function startWatching(secure: boolean): Promise<Watching> {
  const came = new Map<string, number>()
  const stray: string[] = []
  const sockets = new Set<Socket>()
  let waiting: Parameters<Watching['at']> | undefined
  const serve = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    const say = (line: string): void => void (socket.writable && socket.write(`${line}\r\n`))
    /** Of what is not read to its end. */
    let rest = ''
    let message: { id: string; size: number; isAnswered: boolean } | undefined
    const keep = (id: string): void => void came.set(id, (came.get(id) ?? 0) + 1)
    const answer = (line: string): void => {
      if (!COMMAND.test(line)) stray.push(line)
      if (line === 'DATA') message = { id: '', size: 0, isAnswered: false }
      if (line.startsWith('EHLO')) say('250-watching\r\n250-PIPELINING\r\n250 8BITMIME')
      else say(line === 'DATA' ? '354 go on' : '250 2.0.0 OK')
    }
    const hear = (text: string): void => {
      rest += text
      if (message === undefined) {
        const at = rest.indexOf('\r\n')
        if (at < 0) return
        const line = rest.slice(0, at)
        const more = rest.slice(at + 2)
        rest = ''
        answer(line)
        hear(more)
        return
      }
      message.size += text.length
      message.id ||= /^Message-ID: (<[^>]+>)/m.exec(rest)?.[1] ?? ''
      if (waiting !== undefined && message.size >= waiting[0]) {
        const [, does, reply] = waiting
        waiting = undefined
        if (reply !== undefined) {
          message.isAnswered = true
          say(reply)
          if (reply.startsWith('2')) keep(message.id)
        }
        does(socket)
      }
      const at = rest.indexOf(END)
      if (at < 0) {
        if (message.id !== '') rest = rest.slice(-END.length)
        return
      }
      const { id, isAnswered } = message
      const more = rest.slice(at + END.length)
      message = undefined
      rest = ''
      if (!isAnswered) {
        keep(id)
        say('250 2.0.0 OK')
      }
      hear(more)
    }
    socket.setEncoding('latin1').on('data', (text: string) => {
      socket.pause()
      setImmediate(() => socket.resume())
      hear(text)
    })
    say('220 watching')
  }
  const pskCallback = (): Buffer => PSK.pskCallback().psk
  // One that has said its last may go on reading.
  const server = secure
    ? createSecureServer({ ...PSK, pskCallback, allowHalfOpen: true }, serve)
    : createServer({ allowHalfOpen: true }, serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    came,
    stray,
    at(...given) {
      waiting = given
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
