import { setImmediate } from 'node:timers/promises'
import { sleep } from '@yuzuru/concurrency'
import { enterScope } from '@yuzuru/concurrency/boundary'
import { Semaphore } from '@yuzuru/concurrency/sync'
import { expect, onTestFinished, test } from 'vitest'
import { type RequestUnderWay, serverStatus } from './server-status.ts'
import { statusText } from './status-text.ts'

/** Requests under way that wait for one thing; counts how many are looked at. */
function underWay(count: number) {
  const smtp = new Semaphore(0, { name: `smtp ${'x'.repeat(10_000)}` })
  const looked = { count: 0 }
  const requests = Array.from({ length: count }, (): RequestUnderWay => {
    const { scope, call } = entered()
    call(() => void smtp.acquire().catch(() => {}))
    // Much besides, and far within: no request shows all of it.
    call(() => {
      for (let each = 0; each < 3; each += 1) void sleep(Infinity).catch(() => {})
    })
    return {
      name: `GET /${'a'.repeat(10_000)}`,
      scope,
      response: { closed: false },
      get ageMs() {
        looked.count += 1
        return 1
      },
    }
  })
  return { requests, looked }
}

function entered() {
  const scope = enterScope({ name: 'GET /plans/:id', timeoutMs: 60_000, onCancel: () => {} })
  onTestFinished(async () => {
    scope.scope.cancel()
    await setImmediate()
    await scope.leave()
  })
  return { scope: scope.scope, call: (fn: () => void) => scope.call(fn) }
}

test('the page shows no more of ten thousand requests than of a hundred, and looks at no more', () => {
  const sizes = [100, 10_000].map((count) => {
    const { requests, looked } = underWay(count)
    const status = serverStatus(requests)
    expect([status.requests.length, status.more, looked.count]).toEqual([100, count - 100, 100])
    return ['application/json', 'text/html'].map((type) => statusText(status, type).body.length)
  })
  const [few = [], many = []] = sizes
  expect(many.map((size, kind) => size - (few[kind] ?? 0) < 2_000)).toEqual([true, true])
  expect(Math.max(...many)).toBeLessThan(200_000)
})
