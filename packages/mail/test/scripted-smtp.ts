import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'

/** Where a dialogue without trouble can be stopped. */
export const STAGES: readonly Stage[] = ['GREETING', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'BODY', 'DOT']

/** Where a server may fall silent or hang up. */
export type Stage = 'GREETING' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'BODY' | 'DOT' | 'RSET'

/** TLS by a shared key, so that no certificate needs to lie about. */
export const PSK: {
  readonly ciphers: string
  readonly maxVersion: 'TLSv1.2'
  readonly pskCallback: () => { psk: Buffer; identity: string }
} = {
  ciphers: 'PSK',
  maxVersion: 'TLSv1.2',
  pskCallback: () => ({ psk: Buffer.alloc(32, 7), identity: 'test' }),
}

/** What the server does on purpose. */
export interface Script {
  silentAt?: Stage | undefined
  hangUpAt?: Stage
  /** How often it does so. */
  hangUps: number
  replies: Partial<Record<string, string>>
  secure?: boolean
  /** How many connections it takes at once; it greets more with what it says to those, and hangs up. */
  most?: number | undefined
  /** @default '421 4.7.0 too many connections'; '' hangs up without a word */
  turnsAwayWith?: string | undefined
  /** Called after each reply. */
  onReply?: (stage: string) => void
}

/** A server that says what the test wants. Without PIPELINING unless EHLO says so, so that each command can be stopped at. */
export interface Scripted extends Script, AsyncDisposable {
  readonly port: number
  /** What it heard, in order. */
  readonly log: string[]
  /** The same as whole lines. */
  readonly lines: string[]
  /** Settles when it has fallen silent. */
  readonly reached: Promise<void>
  /** Settles when a connection was closed by the client. */
  readonly hungUp: Promise<void>
  /** How many connections were opened, are open, and were open at once. */
  opened: number
  /** Whether a client cut a connection by a TCP reset. */
  wasReset: boolean
  open: number
  peak: number
  /** How many connections were one too many. */
  turnedAway: number
  /** Says more, to everyone who listens. */
  say(line: string): void
  /** The same of bytes. */
  drip(bytes: Buffer): void
  /** Ends the silence. */
  goOn(): void
}

const ANSWERS: Record<string, string> = {
  GREETING: '220 scripted',
  EHLO: '250 scripted',
  DATA: '354 go on',
  QUIT: '221 bye',
  STARTTLS: '502 not here',
}

/** Starts one on a free port of the loopback interface. */
export async function startScripted(script: Partial<Script> = {}): Promise<Scripted> {
  const reached = Promise.withResolvers<void>()
  const hungUp = Promise.withResolvers<void>()
  const sockets = new Set<Socket>()
  const held: (() => void)[] = []
  const leave = (socket: Socket): void => {
    if (sockets.delete(socket)) state.open -= 1
  }
  const answer = (socket: Socket, stage: string): void => {
    if (stage !== 'BODY') state.log.push(stage)
    if (state.hangUpAt === stage && state.hangUps > 0) {
      state.hangUps -= 1
      socket.destroy()
      return
    }
    const reply = (): void => {
      if (stage !== 'BODY')
        socket.write(`${state.replies[stage] ?? ANSWERS[stage] ?? '250 OK'}\r\n`)
      else socket.resume()
      state.onReply?.(stage)
      if (stage !== 'QUIT') return
      // From here on it holds nothing for the client.
      leave(socket)
      socket.end()
    }
    if (state.silentAt !== stage) {
      reply()
      return
    }
    if (stage === 'BODY') socket.pause()
    held.push(reply)
    reached.resolve()
  }
  const serve = (socket: Socket): void => {
    sockets.add(socket)
    state.opened += 1
    state.open += 1
    if (state.most !== undefined && state.open > state.most) {
      state.turnedAway += 1
      leave(socket)
      socket.on('error', () => undefined)
      const words = state.turnsAwayWith ?? '421 4.7.0 too many connections'
      socket.end(words === '' ? '' : `${words}\r\n`)
      return
    }
    state.peak = Math.max(state.peak, state.open)
    let body = false
    let rest = ''
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      state.wasReset ||= code === 'ECONNRESET'
    })
    socket.once('close', () => {
      leave(socket)
      hungUp.resolve()
    })
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1')
      if (body) {
        if (!rest.endsWith('\r\n.\r\n')) {
          rest = rest.slice(-5)
          answer(socket, 'BODY')
          return
        }
        body = false
        rest = ''
        answer(socket, 'DOT')
        return
      }
      const lines = rest.split('\r\n')
      rest = lines.pop() ?? ''
      // What was asked at once is answered at once.
      socket.cork()
      for (const line of lines) {
        const stage = line.split(/[ :]/)[0] ?? ''
        body = stage === 'DATA'
        state.lines.push(line)
        answer(socket, stage)
      }
      socket.uncork()
    })
    answer(socket, 'GREETING')
  }
  const pskCallback = (): Buffer => PSK.pskCallback().psk
  const server = script.secure
    ? createSecureServer({ ...PSK, pskCallback }, serve)
    : createServer(serve)
  const state: Scripted = {
    hangUps: Infinity,
    replies: {},
    ...script,
    port: 0,
    log: [],
    lines: [],
    reached: reached.promise,
    hungUp: hungUp.promise,
    opened: 0,
    wasReset: false,
    open: 0,
    peak: 0,
    turnedAway: 0,
    say(line) {
      for (const socket of sockets) socket.write(`${line}\r\n`)
    },
    drip(bytes) {
      for (const socket of sockets) socket.write(bytes)
    },
    goOn() {
      state.silentAt = undefined
      for (const reply of held.splice(0)) reply()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(state, { port: (server.address() as AddressInfo).port })
}
