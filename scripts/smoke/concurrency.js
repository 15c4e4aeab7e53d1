import assert from 'node:assert/strict'
import * as concurrency from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'

const { gather, sleep, TimeoutError, withTimeout } = concurrency
{
  using clock = TestClock.install()
  const late = withTimeout(100, () => gather([() => sleep(1_000), () => sleep(2_000)]))
  const caught = assert.rejects(late, (error) => TimeoutError.isInstance(error))
  await clock.advance(100)
  await caught
}
console.log('ok')
