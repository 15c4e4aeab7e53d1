import { deserialize, serialize } from 'node:v8'
import { describe, expect, test, vi } from 'vitest'
import type { JobAnswer } from './executors/job-pool.ts'

/* What runs in each process, here in this one. What comes over its channel is told to its listener alone. */

const others = process.listeners('message')
const leaving = process.listeners('disconnect')
const { default: work } = await import('./process-worker.ts')
const listener = process.listeners('message').find((each) => !others.includes(each))
const tell = (message: string | object | null): void => listener?.(message, undefined)

const module = new URL('../test/executor-jobs.ts', import.meta.url).href
let jobs = 0

const send = async (name: string, ...args: unknown[]): Promise<JobAnswer> => {
  jobs += 1
  const request = serialize({ name, args })
  return deserialize(await work({ number: jobs, module, request, reports: false })) as JobAnswer
}

describe('in a process', () => {
  test('a job is told of its cancel by its number; all else over the channel is passed over', async () => {
    await send('add', 1, 2)
    const ending = send('heed')
    for (const other of [null, 'cancel', { number: jobs }]) tell(other)
    tell({ yuzuru: 'cancel', number: jobs + 1 })
    tell({ yuzuru: 'cancel', number: jobs })
    expect(await ending).toEqual({ kind: 'cancelled' })
  })

  test('a cancel may come before its job', async () => {
    tell({ yuzuru: 'cancel', number: jobs + 1 })
    expect(await send('obeyHere')).toEqual({ kind: 'cancelled' })
    expect(await send('add', 1, 2)).toEqual({ kind: 'value', value: 3 })
  })

  test('nothing goes on once its parent has gone', () => {
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
    const added = process.listeners('disconnect').filter((each) => !leaving.includes(each))
    expect(added).toHaveLength(1)
    added[0]?.()
    expect(exit).toHaveBeenCalledOnce()
  })

  test('what is moved elsewhere is copied here, and what cannot be copied is an error', async () => {
    expect(await send('fill', 2)).toEqual({ kind: 'value', value: Uint8Array.of(7, 7) })
    expect(await send('giveFunction')).toMatchObject({
      kind: 'error',
      failure: { error: { message: expect.stringContaining('result of "giveFunction"') } },
    })
    expect(await send('failWithText')).toEqual({ kind: 'error', failure: { value: 'only a text' } })
  })
})
