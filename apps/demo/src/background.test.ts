import { sleep } from '@yuzuru/concurrency'
import { expect, test, vi } from 'vitest'
import { Background } from './background.ts'

test('work ends with the app, which waits for it', async () => {
  const background = new Background()
  const seen: string[] = []
  background.start('work', async () => {
    try {
      await sleep(Infinity)
    } finally {
      await Promise.resolve()
      seen.push('ended')
    }
  })
  await background[Symbol.asyncDispose]()
  expect(seen).toEqual(['ended'])
})

test('a failure is logged, and ends nothing else', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await using background = new Background()
  background.start('broken', () => Promise.reject(new Error('no')))
  await vi.waitFor(() => expect(logged).toHaveBeenCalledWith('broken failed:', expect.any(Error)))
  logged.mockRestore()
})
