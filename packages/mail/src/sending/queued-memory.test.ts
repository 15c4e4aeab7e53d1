import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { connect, letter } from '../../test/local-mail.ts'
import { startCounting } from '../../test/counting-smtp.ts'

const MAILS = 4_000

/** What the heap holds, without what nobody holds. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

test('a mail that waits takes at most 2,600 bytes, whatever is in it', async () => {
  await using server = await startCounting()
  await using mail = connect(server, { connections: 1, queue: MAILS, acquireTimeoutMs: Infinity })
  const message = { ...letter, html: `<p>${'x'.repeat(100_000)}</p>` }
  const before = heldBytes()
  const ends = Array.from({ length: MAILS }, () => mail.send(message).catch(() => undefined))
  const each = (heldBytes() - before) / MAILS
  expect(each).toBeLessThan(2_600)
  await mail.close({ drainMs: 0 })
  await Promise.all(ends)
})
