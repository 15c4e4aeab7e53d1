import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A message that came whole, as the server has it. */
interface Mixed {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
}

/** A server that forgets nothing of a message before it has said 2xx to RSET or to the end of another. */
export interface Forgetful extends AsyncDisposable {
  readonly port: number
  readonly came: readonly Mixed[]
}

const END = '\r\n.\r\n'

const isYes = (reply: string): boolean => /^2\d\d[ -]/.test(reply)

/**
 * Starts one that is the worst that RFC 5321 leaves room for, and worse: it keeps a recipient that it refused, and
 * adds those of the next message to it. MAIL clears nothing.
 *
 * @param answer what is said to a step of the dialogue, instead of what a server says
 */
export async function startForgetful(
  answer: (stage: string, usual: string) => string,
): Promise<Forgetful> {
  const came: Mixed[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
    let rest = ''
    let isMessage = false
    let from = ''
    let to: string[] = []
    const say = (stage: string, usual: string): string => {
      const reply = answer(stage, usual)
      socket.write(`${reply}\r\n`)
      if ((stage === 'RSET' || stage === 'DOT') && isYes(reply)) to = []
      return reply
    }
    const hear = (line: string): void => {
      const stage = line.split(/[ :]/)[0] ?? ''
      const path = /<(.*?)>/.exec(line)?.[1] ?? ''
      if (stage === 'MAIL') from = path
      if (stage === 'RCPT') to.push(path)
      if (stage === 'EHLO') say(stage, '250-forgetful\r\n250 8BITMIME')
      else if (stage === 'DATA') {
        isMessage = say(stage, '354 go on').startsWith('354')
        // An empty message is a line with a dot, and nothing before it.
        if (isMessage) rest = `\r\n${rest}`
      } else say(stage, '250 OK')
    }
    say('GREETING', '220 forgetful')
    socket.setEncoding('latin1').on('data', (text: string) => {
      rest += text
      for (;;) {
        const end = isMessage ? END : '\r\n'
        const at = rest.indexOf(end)
        if (at < 0) return
        const said = rest.slice(0, at)
        rest = rest.slice(at + end.length)
        if (!isMessage) hear(said)
        else {
          isMessage = false
          if (said !== '') came.push({ from, to, raw: said.slice(2) })
          say('DOT', '250 queued')
        }
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    came,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
