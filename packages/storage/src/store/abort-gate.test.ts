import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { AbortGate } from './abort-gate.ts'

test('a gate lets one result after the other through, until its signal fires', async () => {
  const gate = new AbortGate()
  const first = new AbortController()
  const second = new AbortController()
  expect(await gate.wait(Promise.resolve(1), first.signal)).toBe(1)
  await expect(gate.wait(Promise.reject(new Error('two')), first.signal)).rejects.toThrow('two')
  expect(getEventListeners(first.signal, 'abort')).toHaveLength(1)
  const never = gate.wait(new Promise(() => undefined), second.signal)
  expect(getEventListeners(first.signal, 'abort')).toHaveLength(0)
  second.abort('reason')
  await expect(never).rejects.toBe('reason')
  gate.close()
  expect(getEventListeners(second.signal, 'abort')).toHaveLength(0)
})
