import { createServer, type Socket } from 'node:net'
import { type Dice, SECRET } from '@yuzuru/tooling/dialogues'
import { HostilePeer } from '@yuzuru/tooling/hostile-peer'

/** What is said to a step of the dialogue, and then. */
interface Say {
  readonly bytes: string | Buffer
  /** Then this again and again, until the client hangs up. */
  readonly endless?: string
  readonly ending?: 'go on' | 'silence' | 'end' | 'reset'
  readonly drips?: boolean
}

/** What is said to a step, instead of what a server says. */
export type Twist = (stage: string, answer: string) => Say | undefined

const ANSWERS: Readonly<Record<string, string>> = {
  GREETING: '220 hostile.example ESMTP\r\n',
  EHLO: '250-hostile.example\r\n250-SIZE 10000000\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n',
  AUTH: '235 2.7.0 welcome\r\n',
  DATA: '354 go on\r\n',
  DOT: '250 2.0.0 queued\r\n',
  QUIT: '221 bye\r\n',
  STARTTLS: '220 go on\r\n',
}

/** A server that speaks SMTP well enough for our client, and twists what it is told to. */
export class HostileSmtp extends HostilePeer<Twist> {
  /** Whether a message has come whole. */
  hasMessage = false
  /** All that came after a STARTTLS in plain text. */
  afterStartTls = ''

  constructor() {
    const server = createServer((socket) => void this.#serve(socket))
    super(server, () => undefined, 2_000_000)
  }

  async #serve(socket: Socket): Promise<void> {
    let rest = ''
    let isBody = false
    let isEncrypted = false
    socket.on('data', (chunk) => {
      if (isEncrypted) {
        this.afterStartTls += chunk.toString('latin1')
        return
      }
      rest += chunk.toString('latin1')
      for (;;) {
        const end = isBody ? '\r\n.\r\n' : '\r\n'
        const at = rest.indexOf(end)
        if (at < 0) return
        const said = rest.slice(0, at)
        rest = rest.slice(at + end.length)
        if (isBody) this.hasMessage = true
        const stage = isBody ? 'DOT' : (said.split(/[ :]/)[0] ?? '')
        isBody = stage === 'DATA'
        isEncrypted = stage === 'STARTTLS'
        void this.#say(socket, stage)
      }
    })
    await this.#say(socket, 'GREETING')
  }

  async #say(socket: Socket, stage: string): Promise<void> {
    const answer = ANSWERS[stage] ?? '250 OK\r\n'
    const twisted = this.twist(stage, answer)
    const said: Say = twisted ?? { bytes: answer }
    const delivery = {
      bytes: Buffer.from(said.bytes as string),
      ending: stage === 'QUIT' && said.ending !== 'reset' ? 'end' : (said.ending ?? 'go on'),
      drips: said.drips === true,
      ...often(said.endless),
    } as const
    await this.deliver(socket, delivery, twisted !== undefined)
  }
}

/** A piece of what has no end, as large as is worth a write. */
function often(piece: string | undefined): { readonly endless?: Buffer } {
  if (piece === undefined) return {}
  return { endless: Buffer.from(piece.repeat(Math.ceil(20_000 / piece.length))) }
}

const SAID = `password=${SECRET}`

/** Replies that are none, or say two things, or more than was asked. */
const STRANGE: readonly string[] = [
  '\r\n',
  '\n',
  '\0\0\0\r\n',
  '2\r\n',
  '25\r\n',
  '250\r\n',
  `250 ${SAID}\r\n`,
  `2500000 ${SAID}\r\n`,
  `250-${SAID}\r\n550 no\r\n`,
  `550-${SAID}\r\n250 yes\r\n`,
  `550 ${SAID}\r\n`,
  `451 4.3.0 ${SAID}\r\n`,
  `421 ${SAID}\r\n`,
  `354 ${SAID}\r\n`,
  `334 ${Buffer.from(SAID).toString('base64')}\r\n`,
  `999 ${SAID}\r\n`,
  `000 ${SAID}\r\n`,
  `-250 ${SAID}\r\n`,
  `NaN ${SAID}\r\n`,
  `${SAID}\r\n`,
  `550 ${SAID.repeat(2_000)}\r\n`,
  `550 5.1.1 ${'\0'.repeat(1_000)}\r\n`,
  `${`250-${SAID}\r\n`.repeat(3_000)}250 ok\r\n`,
  `250-x\r\n250-SIZE ${'9'.repeat(400)}\r\n250 PIPELINING\r\n`,
  '250-x\r\n250 SIZE 1\r\n',
  '250-x\r\n250 SIZE -5\r\n',
  `250-x\r\n250-AUTH ${'X '.repeat(20_000)}\r\n250 ok\r\n`,
  '250-x\r\n250 STARTTLS\r\n',
  '250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250 DSN\r\n',
  `250 ${'\u{1f980}'.repeat(500)}\r\n`,
  '250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 queued\r\n250 queued\r\n',
  '250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n550 no\r\n',
  '220 go on\r\n250-injected\r\n250 AUTH PLAIN\r\n',
]

const ENDLESS: readonly string[] = [
  '\r\n',
  'x',
  '250-more\r\n',
  '250 again\r\n',
  '334 \r\n',
  '421 later\r\n',
  `550-${SAID}\r\n`,
  '\0',
]

const STAGES = [
  'GREETING',
  'EHLO',
  'STARTTLS',
  'AUTH',
  'MAIL',
  'RCPT',
  'DATA',
  'DOT',
  'RSET',
  'QUIT',
]
const ENDINGS = [
  'go on',
  'silence',
  'end',
  'reset',
  'cut',
  'endless',
  'drips',
  'before',
  'after',
] as const

/** What a server does at one step of the dialogue, or from then on. */
export function twistOf(dice: Dice): Twist {
  const at = dice.pick(STAGES)
  const lasts = dice.below(3) === 0
  const strange = dice.pick(STRANGE)
  const endless = dice.pick(ENDLESS)
  const ending = dice.pick(ENDINGS)
  const isAdded = dice.below(2) === 0
  const share = dice.next()
  let hasBegun = false
  return (stage, answer) => {
    if (stage !== at && !(hasBegun && lasts)) return undefined
    hasBegun = true
    const bytes = isAdded ? answer + strange : strange
    if (ending === 'cut')
      return { bytes: bytes.slice(0, Math.floor(share * bytes.length)), ending: 'silence' }
    if (ending === 'endless') return { bytes: isAdded ? answer : '', endless }
    if (ending === 'drips') return { bytes: bytes.slice(0, 2_000), drips: true }
    if (ending === 'before') return { bytes: strange + answer }
    if (ending === 'after') return { bytes: answer + strange }
    return { bytes, ending }
  }
}
