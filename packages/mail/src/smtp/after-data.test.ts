import { setImmediate } from 'node:timers/promises'
import { cancelScope, taskGroup, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { caught, connect, letter } from '../../test/local-mail.ts'
import { startScripted } from '../../test/scripted-smtp.ts'

describe('after the end of DATA', () => {
  test('a cancel is unknown, whoever it comes from', async () => {
    await using server = await startScripted({ silentAt: 'DOT' })
    await using mail = connect(server, { connections: 3 })
    const controller = new AbortController()
    const bySignal = mail.send(letter, { signal: controller.signal }).catch(caught)
    const byScope = cancelScope(async (scope) => {
      controller.signal.addEventListener('abort', () => scope.cancel())
      return await mail.send(letter)
    }).catch(caught)
    const byGroup = taskGroup(async (group) => {
      group.spawn(() => mail.send(letter))
      await new Promise((resolve) => controller.signal.addEventListener('abort', resolve))
      throw new Error('a sibling failed')
    }).catch(caught)
    while (server.log.filter((stage) => stage === 'DOT').length < 3) await setImmediate()
    controller.abort()
    expect(await bySignal).toMatchObject({ name: 'Cancelled', outcome: 'unknown' })
    expect(await byScope).toMatchObject({ name: 'Cancelled', outcome: 'unknown' })
    expect(await byGroup).toMatchObject({
      errors: [{ message: 'a sibling failed' }],
      outcome: 'unknown',
    })
  })

  test('a limit that passes is unknown: the own one of a send, and one around it', async () => {
    using clock = TestClock.install()
    await using server = await startScripted({ silentAt: 'DOT' })
    await using mail = connect(server, { connections: 2 })
    const own = mail.send(letter, { timeoutMs: 1_000 }).catch(caught)
    const around = withTimeout(1_000, () => mail.send(letter)).catch(caught)
    while (server.log.filter((stage) => stage === 'DOT').length < 2) await setImmediate()
    await clock.advance(1_000)
    expect(await own).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
    expect(await around).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
  })
})
