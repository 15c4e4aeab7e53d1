import { type Dice, SECRET } from '@yuzuru/tooling/dialogues'
import type { Delivery } from '@yuzuru/tooling/hostile-peer'
import type { Twist } from './hostile-postgres.ts'
import {
  authentication,
  bytesOf,
  columns,
  complete,
  failure,
  int16,
  int32,
  message,
  type Message,
  ready,
  refusal,
  row,
  setting,
  text,
} from './answers.ts'

const SAID = `password=${SECRET}\n`

const scram = (said: string): Message => authentication(11, said)

/** Messages that nobody asked for, and such as say what cannot be. */
const STRANGE: readonly (() => Message)[] = [
  () => message('A', int32(1), text('plans'), text(SAID.repeat(1_000))),
  () => setting('DateStyle', SAID),
  () => setting('client_encoding', 'SQL_ASCII'),
  () => failure({ S: 'NOTICE', C: '00000', M: SAID.repeat(100) }, 'N'),
  () => failure({}),
  () => failure({ M: SAID }),
  () => failure({ S: 'ERROR', C: SAID, M: SAID }),
  () => failure({ S: 'ERROR', C: '23505', M: SAID.repeat(5_000), D: `Key (${SAID}, `.repeat(999) }),
  () => failure({ S: 'ERROR', C: '22P04', M: SAID, W: `COPY t, line 1, ${SAID}`.repeat(3_000) }),
  () => failure({ S: 'ERROR', C: '42P01', M: SAID, s: SAID.repeat(99), t: SAID.repeat(99) }),
  () => refusal('57P01', SAID, 'FATAL'),
  () => refusal('XX000', SAID, 'PANIC'),
  () => refusal('40001'),
  () => message('E', 'SERROR\0C'),
  () => ready('X'),
  () => ready('E'),
  () => ready(),
  () => message('Z'),
  () => complete(SAID),
  () => complete(`SELECT ${'9'.repeat(400)}`),
  () => message('C', 'SELECT 1'),
  () => message('G', Buffer.of(0, 0, 0)),
  () => message('H', Buffer.of(0, 0, 0)),
  () => message('H', Buffer.of(0, 0xff, 0xff)),
  () => message('W', Buffer.of(0, 0, 0)),
  () => message('d', SAID.repeat(100)),
  () => message('c'),
  () => message('s'),
  () => message('I'),
  () => message('n'),
  () => message('1'),
  () => message('v', int32(0), int32(0)),
  () => message('\0', SAID),
  () => message('K', int32(-1), int32(-1)),
  () => message('K', int32(1), Buffer.alloc(252)),
  () => message('t', int16(-1)),
  () => row('1'),
  () => row('1', SAID, null),
  () => row('x', SAID),
  () => row('9'.repeat(100_000), SAID),
  () => message('D', int16(-1)),
  () => message('D', int16(32_767)),
  () => message('D', int16(2), int32(-2), int32(2_147_483_647)),
  () => message('T', int16(-1)),
  () => message('T', int16(32_767), text(SAID)),
  () => columns(['__proto__', 23], ['constructor', 114]),
  () => columns(['x', 20], ['x', 114]),
  () => columns(['x', 2_147_483_647], ['y', 3_000_000]),
  () => authentication(0),
  () => authentication(3),
  () => authentication(5, Buffer.alloc(4)),
  () => authentication(5),
  () => authentication(7),
  () => authentication(10, 'SCRAM-SHA-256\0\0'),
  () => authentication(10, 'SCRAM-SHA-256'),
  () => authentication(10, `${SAID}\0\0`),
  () => scram('r=x,s=AAAA,i=4096'),
  () => scram('r=x,s=AAAA,i=2147483647'),
  () => scram(SAID),
  () => scram(''),
  () => authentication(12, `e=${SAID}`),
  () => authentication(12, 'v=AAAA'),
  () => authentication(2_147_483_647, SAID),
  () => message('R'),
]

const LENGTHS = [0, 1, 3, 5, -1, -2_147_483_648, 2_147_483_647, 1_073_741_824, 30_001, 100_000]

type Shape = (dice: Dice, answer: Message[]) => void

/** How the messages of an answer are changed. */
const SHAPES: readonly Shape[] = [
  (dice, answer) => void answer.splice(dice.below(answer.length + 1), 0, dice.pick(STRANGE)()),
  (dice, answer) => void answer.splice(0, answer.length, dice.pick(STRANGE)()),
  (dice, answer) => void answer.splice(dice.below(answer.length), 1),
  (dice, answer) => {
    const at = dice.below(answer.length)
    const again = answer[at]
    if (again !== undefined) answer.splice(at, 0, again)
  },
  (dice, answer) => void answer.sort(() => dice.next() - 0.5),
  (dice, answer) => {
    const at = dice.below(answer.length)
    const old = answer[at]
    if (old !== undefined) answer[at] = { ...old, length: dice.pick(LENGTHS) }
  },
  (dice, answer) => {
    const at = dice.below(answer.length)
    const old = answer[at]
    if (old !== undefined) answer[at] = { ...old, length: old.content.length + 2 + dice.below(5) }
  },
  (dice, answer) => {
    const content = Buffer.from(answer[dice.below(answer.length)]?.content ?? '')
    for (let times = 0; times < 3 && content.length > 0; times += 1) {
      content[dice.below(content.length)] = dice.below(256)
    }
    answer.splice(
      dice.below(answer.length),
      1,
      message(dice.pick('12DTCEZNSKRAGHIdcnst'.split('')), content),
    )
  },
  () => undefined,
]

const ENDINGS = ['go on', 'silence', 'end', 'reset', 'cut', 'endless', 'drips', 'more'] as const

/** What a server does at one turn of the dialogue, or from then on. */
export function twistOf(dice: Dice): Twist {
  const from = dice.below(5)
  const lasts = dice.below(3) === 0
  const shapes = [dice.pick(SHAPES), ...(dice.below(3) === 0 ? [dice.pick(SHAPES)] : [])]
  const strange = dice.pick(STRANGE)
  const ending = dice.pick(ENDINGS)
  const share = dice.next()
  return (turn, given): Delivery | undefined => {
    if (turn < from || (turn > from && !lasts)) return undefined
    const answer = [...given]
    for (const shape of shapes) shape(dice, answer)
    const bytes = Buffer.concat(answer.map(bytesOf))
    if (ending === 'cut') {
      return { bytes: bytes.subarray(0, Math.floor(share * bytes.length)), ending: 'silence' }
    }
    if (ending === 'endless') {
      const piece = bytesOf(strange())
      const often = Buffer.concat(
        Array.from({ length: Math.ceil(20_000 / piece.length) }, () => piece),
      )
      return { bytes: Buffer.alloc(0), endless: often, ending: 'go on' }
    }
    if (ending === 'more')
      return { bytes: Buffer.concat([bytes, bytesOf(strange())]), ending: 'go on' }
    if (ending === 'drips') return { bytes, drips: true, ending: 'silence' }
    return { bytes, ending }
  }
}
