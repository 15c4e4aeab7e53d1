import { cancelScope } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import { listenFor } from './listening.ts'
import type { WorkerEvent } from './worker-event.ts'

test('a listener that fails or ends is started again, and what was missed is looked for', async () => {
  const events: WorkerEvent[] = []
  let looks = 0
  let started = 0
  async function* source(channel: string): AsyncGenerator<string> {
    started += 1
    if (started === 1) throw new Error('connection lost')
    yield channel
  }
  const call = cancelScope((scope) => {
    const look = (): void => {
      looks += 1
      // One look after the failure, one for the notification, one after the end.
      if (looks === 3) scope.cancel('seen enough')
    }
    return listenFor(source, { isListening: false, look }, 0, (event) => events.push(event))
  })
  await expect(call).rejects.toThrow('seen enough')
  expect(started).toBe(2)
  expect(events).toMatchObject([{ type: 'error', operation: 'listen' }])
})
