import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { StepMemory } from './step-memory.ts'

const row = (name: string, beside: readonly string[] = []) => ({ name, result: '1', beside })

/** The memory of a run whose predecessors have finished some steps. */
function memoryOf(...rows: ReturnType<typeof row>[]): StepMemory {
  const memory = new StepMemory('a job')
  memory.load(rows)
  return memory
}

describe('a step that no run before has finished', () => {
  test('waits until those that were finished are asked for', async () => {
    using _clock = TestClock.install()
    const memory = memoryOf(row('a'), row('b'))
    memory.ask('new')
    let isHeld = true
    const held = memory.hold('new').then(() => (isHeld = false))
    memory.ask('a')
    memory.recall('a', 'step')
    await new Promise(setImmediate)
    expect(isHeld).toBe(true)
    memory.ask('b')
    memory.recall('b', 'step')
    await held
    expect(isHeld).toBe(false)
  })

  test('does not run when one of those is not asked for within 5 s', async () => {
    using clock = TestClock.install()
    const memory = memoryOf(row('charge'))
    memory.ask('bill')
    const held = memory.hold('bill').catch((error: unknown) => error)
    await clock.advance(5_000)
    const error = await held
    expect(error).toMatchObject({ code: 'step_changed', outcome: 'none', retryable: true })
    expect(error).toMatchObject({
      message: expect.stringContaining('finished "charge", this one asked for "bill"') as string,
    })
  })

  test('runs when the last of those is asked for just as the 5 s pass', async () => {
    using clock = TestClock.install()
    const memory = memoryOf(row('charge'))
    memory.ask('bill')
    // Behind the end of the wait, and before what waits learns of that.
    const schedule = clock.schedule.bind(clock)
    clock.schedule = (delayMs, callback) =>
      schedule(delayMs, () => {
        callback()
        memory.ask('charge')
        memory.recall('charge', 'step')
      })
    const held = memory.hold('bill')
    await clock.advance(5_000)
    await held
    expect(memory.missing('none')).toBeUndefined()
  })

  test('does not wait when a run before had begun it beside one of those', async () => {
    using _clock = TestClock.install()
    const memory = memoryOf(row('fast', ['slow']))
    memory.ask('slow')
    await memory.hold('slow')
    expect(memory.missing('none')).toMatchObject({ code: 'step_changed' })
  })
})

describe('the steps of a job', () => {
  test('are at most a thousand', () => {
    const memory = new StepMemory('a job')
    for (let n = 0; n < 1_000; n += 1) memory.ask(`${n}`)
    expect(() => memory.ask('one more')).toThrow('Expected a job to have at most 1000 steps')
  })

  test('have results of at most 16 MiB, those of earlier runs counted', () => {
    const memory = memoryOf({ name: 'a', result: 'x'.repeat(15 * 1_048_576), beside: [] })
    memory.expectRoom('b', 'x'.repeat(1_048_576))
    expect(() => memory.expectRoom('c', 'x')).toThrow('to take at most 16777216 bytes')
  })

  test('are written down with those that run beside them', () => {
    const memory = new StepMemory('a job')
    memory.ask('a')
    memory.ask('b')
    expect(memory.beside('a')).toEqual(['b'])
    memory.finished('b')
    expect(memory.beside('a')).toEqual([])
  })
})
