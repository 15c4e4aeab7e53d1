import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'
import { PSK } from './scripted-smtp.ts'

/** Where it hangs up: when so many bytes have come over all its connections, or been said. */
export interface Cut {
  readonly after: 'heard' | 'said'
  readonly bytes: number
}

/** A server that hangs up at a byte, and counts how often each message came whole and was kept. */
export interface Cutting extends AsyncDisposable {
  readonly port: number
  /** How often each has come, by its Message-ID. */
  readonly came: ReadonlyMap<string, number>
  /** How many bytes have come and been said. */
  readonly heard: number
  readonly said: number
  /** Begins to count anew; it hangs up once. */
  cutAt(cut: Cut | undefined): void
}

/** What it is like. */
export interface CuttingOptions {
  readonly secure: boolean
  /** Whether it says that it takes several commands at once. */
  readonly pipelining: boolean
}

/** A recipient whose name begins so is refused. */
const REFUSED = 'RCPT TO:<nobody'

export async function startCutting({ secure, pipelining }: CuttingOptions): Promise<Cutting> {
  const came = new Map<string, number>()
  const sockets = new Set<Socket>()
  const state = { heard: 0, said: 0, cut: undefined as Cut | undefined }
  const greeting = `250-cutting${pipelining ? '\r\n250-PIPELINING' : ''}\r\n250 8BITMIME`

  const serve = (socket: Socket): void => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let rest = ''
    let isMessage = false
    let isCut = false
    /** Gives how much of it comes before the cut. */
    const upTo = (what: Cut['after'], text: string): string => {
      const { cut } = state
      const left = cut?.after === what ? cut.bytes - state[what] : Infinity
      state[what] += text.length
      if (left > text.length) return text
      isCut = true
      state.cut = undefined
      return text.slice(0, left)
    }
    const say = (line: string): void => {
      if (isCut) return
      const bytes = upTo('said', `${line}\r\n`)
      // It hangs up when that has left.
      socket.write(bytes, () => void (isCut && socket.destroy()))
    }
    let hasRecipient = false
    const answer = (line: string): void => {
      if (line.startsWith('MAIL')) hasRecipient = false
      if (line.startsWith('EHLO')) say(greeting)
      else if (line === 'DATA') say(hasRecipient ? '354 go on' : '554 5.5.1 no recipients')
      else if (line.startsWith(REFUSED)) say('550 5.1.1 no')
      else {
        hasRecipient ||= line.startsWith('RCPT')
        say('250 2.0.0 OK')
      }
    }
    const take = (text: string): void => {
      rest += text
      for (;;) {
        const end = isMessage ? '\r\n.\r\n' : '\r\n'
        const at = rest.indexOf(end)
        if (at < 0) return
        const line = rest.slice(0, at)
        rest = rest.slice(at + end.length)
        if (isMessage) {
          const id = /^Message-ID: (<[^>]+>)/m.exec(line)?.[1] ?? ''
          came.set(id, (came.get(id) ?? 0) + 1)
        }
        isMessage = !isMessage && hasRecipient && line === 'DATA'
        answer(line)
      }
    }
    socket.setEncoding('latin1').on('data', (text: string) => {
      if (isCut) return
      take(upTo('heard', text))
      if (isCut && !socket.writableNeedDrain) socket.destroy()
    })
    say('220 cutting')
  }
  const pskCallback = (): Buffer => PSK.pskCallback().psk
  const server = secure ? createSecureServer({ ...PSK, pskCallback }, serve) : createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    came,
    get heard() {
      return state.heard
    },
    get said() {
      return state.said
    },
    cutAt(cut) {
      Object.assign(state, { heard: 0, said: 0, cut })
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
