import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { taskGroup } from '@yuzuru/concurrency'
import { expect, onTestFinished, test } from 'vitest'
import { doneUntil, keeperOf, minutesPass, timesOf } from '../../test/cron.ts'
import { minutely } from '../../test/minutely.ts'
import { openKysely } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { kill, startProgram } from '../../test/start-program.ts'
import { Schedule } from './schedule.ts'

test('eight racing workers, of which processes are killed in the middle, give each time exactly one job', async () => {
  const { db, url } = await queue()
  const cron = minutely(() => ({ made: 0 }))
  await keeperOf(db, cron).keeper.look()
  await minutesPass(db, 'minutely', 1_000)
  const from = await doneUntil(db, 'minutely')

  // In processes of their own, whose clocks are off: two that kill themselves in a transaction, one that lives.
  const children = [start(url, 300_000, 30), start(url, -300_000, 40), start(url, 300_000, 0)]
  await Promise.all(children.map((child) => once(child, 'message')))
  const [first, second, third] = children as [ChildProcess, ChildProcess, ChildProcess]
  first.send('go')
  second.send('go')
  const [, signal] = (await Promise.race([once(first, 'exit'), once(second, 'exit')])) as unknown[]
  expect(signal).toBe('SIGKILL')
  third.send('go')
  await taskGroup(async (group) => {
    const keepers = Array.from({ length: 5 }, () => {
      const own = openKysely(url, 2)
      onTestFinished(() => own.destroy())
      return group.spawn(() => keeperOf(own, cron).keeper.keep())
    })
    await expect
      .poll(async () => (await doneUntil(db, 'minutely')).getTime(), {
        interval: 50,
        timeout: 60_000,
      })
      .toBeGreaterThan(from.getTime() + 999 * 60_000)
    for (const keeper of keepers) keeper.cancel('the test is over')
  })
  await Promise.all(children.map(kill))

  const until = await doneUntil(db, 'minutely')
  const schedule = new Schedule('* * * * *', 'UTC')
  const wanted = schedule.times(from, 2_000, until).map((at) => at.toISOString())
  expect(wanted.length).toBeGreaterThanOrEqual(999)
  expect(await timesOf(db, 'minutely')).toEqual(wanted)
})

function start(url: string, skewMs: number, diesAt: number): ChildProcess {
  return startProgram('cron-process.ts', url, `${skewMs}`, `${diesAt}`)
}
