import { describe, expect, test } from 'vitest'
import { caught, connect, letter } from '../test/local-mail.ts'
import { startScripted } from '../test/scripted-smtp.ts'

describe('close', () => {
  test('names each message that it cut off, by its Message-ID and with its outcome', async () => {
    await using server = await startScripted({ silentAt: 'DOT' })
    await using mail = connect(server, { connections: 1 })
    const keys = ['first', 'second', 'third']
    const sending = keys.map((idempotencyKey) =>
      mail.send({ ...letter, idempotencyKey }).catch(caught),
    )
    await server.reached
    const { unsent } = await mail.close({ drainMs: 0 })
    expect(unsent.map(({ outcome }) => outcome).toSorted()).toEqual(['none', 'none', 'unknown'])
    expect(new Set(unsent.map(({ messageId }) => messageId)).size).toBe(3)
    expect(JSON.stringify(unsent)).not.toContain('hanako')
    for (const error of await Promise.all(sending)) expect(error).toMatchObject({ code: 'closed' })
    expect(await mail.close()).toEqual({ unsent })
  })

  test('names none when all came to its end in time, nor what was refused', async () => {
    await using server = await startScripted({ replies: { RCPT: '550 no' } })
    await using mail = connect(server)
    const refused = mail.send(letter).catch(caught)
    expect(await mail.close()).toEqual({ unsent: [] })
    expect(await refused).toMatchObject({ code: 'recipient_rejected' })
  })
})
