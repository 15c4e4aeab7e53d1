import { type Dice, dialogueRuns, runDialogues, within } from '@yuzuru/tooling/dialogues'
import { expect, test } from 'vitest'
import { startForgetful } from '../../test/forgetful-smtp.ts'
import { connect } from '../../test/local-mail.ts'
import { MailError } from '../mail-error.ts'

const RUNS = dialogueRuns(60)
const MAILS = 8

/** Refusals, and replies that mean nothing, two things, or are more than was asked for. */
const REPLIES: readonly string[] = [
  '250 OK',
  '251 forwarded',
  '354 go on',
  '421 4.4.2 idle',
  '450 4.2.1 later',
  '451 4.4.2 timeout',
  '452 4.5.3 too many recipients',
  '500 what',
  '503 5.5.1 not now',
  '550 5.1.1 nobody',
  '554 5.7.1 no',
  '250-yes\r\n550 no',
  '550-no\r\n250 yes',
  '250 OK\r\n250 OK',
  '250 OK\r\n550 no',
  '250 OK\r\n451 later',
  '550 no\r\n250 OK',
  '2500 OK',
  'OK',
  '999 ?',
]

interface Plan {
  readonly from: string
  readonly to: readonly string[]
  readonly secret: string
}

function planOf(nth: number, dice: Dice): Plan {
  const count = 1 + dice.below(3)
  return {
    from: `sender-${nth}@example.jp`,
    to: Array.from({ length: count }, (_, index) => `reader-${nth}-${index}@example.jp`),
    secret: `secret-${nth}-`,
  }
}

/** Several mails over one connection at a time, to a server that says what it likes. */
async function dialogue(dice: Dice): Promise<string> {
  // Half of the servers take several commands at once.
  const pipelining = dice.below(2) === 0
  await using server = await startForgetful((stage, usual) => {
    if (stage === 'EHLO') return pipelining ? `250-PIPELINING\r\n${usual}` : usual
    return stage !== 'GREETING' && dice.below(4) === 0 ? dice.pick(REPLIES) : usual
  })
  const plans = Array.from({ length: MAILS }, (_, nth) => planOf(nth, dice))
  const mail = connect(server, { connections: 1 })
  const ends = plans.map(({ from, to, secret }) =>
    mail.send({ from, to, subject: secret, text: secret }).then(
      () => 'sent',
      (error: unknown) => (MailError.isInstance(error) ? error.code : error),
    ),
  )
  const seen = await within(30_000, Promise.all(ends))
  await within(30_000, mail.close())
  for (const { from, to, raw } of server.came) {
    const [plan, ...others] = plans.filter(({ secret }) => raw.includes(secret))
    expect(others).toEqual([])
    expect(from).toBe(plan?.from)
    expect(plan?.to).toEqual(expect.arrayContaining([...to]))
  }
  for (const [nth, end] of seen.entries()) {
    const came = server.came.filter(({ raw }) => raw.includes(plans[nth]?.secret ?? '?'))
    if (end === 'sent') expect(came.length).toBeGreaterThan(0)
    else expect(typeof end).toBe('string')
  }
  return seen.includes('sent') && seen.some((end) => end !== 'sent') ? 'both' : 'one of both'
}

test(
  'nothing of a message crosses to the next over a kept session, whatever the server says',
  { timeout: RUNS.timeout },
  async () => {
    const ends = await runDialogues(RUNS, dialogue)
    expect(ends.get('both')).toBeGreaterThan(RUNS.runs / 2)
  },
)
