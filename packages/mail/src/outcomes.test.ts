import { exerciseOutcomes, type Fault } from '@yuzuru/concurrency/testing'
import { startFaultProxy, startSmtp } from '@yuzuru/sandbox'
import { expect, test } from 'vitest'
import { createMail } from './create-mail.ts'

test('what is said of a mail is true: sent, not sent, or nobody knows', async () => {
  await using smtp = await startSmtp()
  await using proxy = await startFaultProxy({ target: smtp })
  const { user, password } = smtp
  const auth = { user, password }
  await using mail = createMail({
    host: '127.0.0.1',
    port: proxy.port,
    auth,
    from: 'no-reply@example.jp',
  })
  const set =
    (faults: Parameters<typeof proxy.set>[0]): Fault =>
    () => {
      proxy.set(faults)
      return () => proxy.clear()
    }
  const answer =
    (onMessage: NonNullable<Parameters<typeof smtp.setAnswers>[0]['onMessage']>): Fault =>
    () => {
      smtp.setAnswers({ onMessage })
      return () => smtp.setAnswers({})
    }
  const tally = await exerciseOutcomes(
    {
      act: (id) => mail.send({ to: 'hanako@example.jp', subject: id, text: '支援計画' }),
      count: async (id) => smtp.inbox.messages.filter(({ subject }) => subject === id).length,
      faults: {
        'kept, and the reply lost': answer(() => ({ drop: 'kept' })),
        'lost, and the reply lost': answer(() => ({ drop: 'lost' })),
        'refused for now': answer(() => ({ reject: 451 })),
        'the connection breaks in the dialogue': set({ resetAfterBytes: { toServer: 120 } }),
        'the connection breaks in the mail': set({ resetAfterBytes: { toServer: 500 } }),
        'no connection is taken': set({ refuse: true }),
      },
    },
    { rounds: 120, withinMs: 150 },
  )
  expect(tally.value).toBeGreaterThan(0)
})
