import { cancelScope, IoError } from '@yuzuru/concurrency'
import {
  cancelWhenQuiet,
  type Dice,
  dialogueRuns,
  expectHonest,
  runDialogues,
  SECRET,
  within,
} from '@yuzuru/tooling/dialogues'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { HostileSmtp, twistOf } from '../../test/hostile-smtp.ts'
import { createMail } from '../create-mail.ts'
import { MailError } from '../mail-error.ts'
import type { Mail } from '../mail.ts'

const RUNS = dialogueRuns(100)

let server: HostileSmtp

beforeAll(async () => {
  server = await new HostileSmtp().listen()
})
afterEach(() => server.calmDown())
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

const letter = { to: ['hanako@example.jp', 'taro@example.jp'], subject: 'Hello', text: 'x' }
/** More than a socket takes at once, so that a reply may come before its end. */
const long = { ...letter, text: `${'x'.repeat(70)}\n`.repeat(15_000) }

function connect(): Mail {
  return createMail({
    host: '127.0.0.1',
    port: server.port,
    auth: { user: 'app', password: `${SECRET}-of-ours` },
    from: 'no-reply@example.jp',
    connectTimeoutMs: 500,
  })
}

type Use = (mail: Mail) => Promise<unknown>

const USES: readonly Use[] = [
  (mail) => mail.send(letter),
  (mail) => mail.send(long),
  (mail) => mail.health(),
  async (mail) => {
    await mail.send(letter)
    await mail.send(letter)
  },
]

async function failureOf(use: Use, mail: Mail): Promise<unknown> {
  try {
    await cancelScope((scope) => {
      cancelWhenQuiet(server, scope, 30)
      return use(mail)
    })
    return undefined
  } catch (error) {
    return error
  }
}

function expectHonestOf(error: unknown): void {
  const isRefusal = MailError.isInstance(error) && error.status !== undefined
  expectHonest(error, (one) => IoError.isInstance(one), server.hasMessage && !isRefusal)
  const said = MailError.isInstance(error) ? (error.response ?? '') : ''
  if (said.includes(SECRET) || said.length > 2_048) throw new Error('Expected a short reply')
}

/** What it said too much may put a kept connection out of step: that costs the one mail that meets it. */
async function healed(mail: Mail): Promise<unknown> {
  return await mail.send(letter, { timeoutMs: 1_000 }).catch(() => mail.send(letter))
}

/** A use against the server, and more when it has come to its senses. */
async function dialogue(dice: Dice): Promise<string> {
  const use = dice.pick(USES)
  server.twist = twistOf(dice)
  server.hasMessage = false
  const mail = connect()
  const error = await within(30_000, failureOf(use, mail))
  expectHonestOf(error)
  server.calmDown()
  expect(await within(30_000, healed(mail))).toMatchObject({ accepted: letter.to })
  await within(30_000, mail.close())
  await within(30_000, server.deserted())
  return MailError.isInstance(error) ? error.code : ((error as Error | undefined)?.name ?? 'well')
}

describe('a hostile server', () => {
  const title = 'gets typed errors, true outcomes and short words, and the next mail is sent'
  test(title, RUNS, async () => {
    const ends = await runDialogues(RUNS, dialogue)
    // It is a test of something only as long as much of it goes wrong.
    expect(RUNS.runs - (ends.get('well') ?? 0)).toBeGreaterThan(RUNS.runs / 3)
  })
})
