import { expect, test } from 'vitest'
import { withPlainFailure } from './plain-failure.ts'

/** A library that looks at each failure, and may call its body again. */
function looking(seen: unknown[], times = 1) {
  return async <T>(body: (n: number) => Promise<T>): Promise<T> => {
    for (let n = 1; ; n += 1) {
      try {
        return await body(n)
      } catch (error) {
        seen.push(error instanceof Error && Object.keys(error))
        if (n === times) throw error
      }
    }
  }
}

function unseen(): unknown {
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
  revoke()
  return proxy
}

test.each([
  ['what no one can look at', unseen()],
  ['undefined', undefined],
  ['an error', new Error('no')],
])('a library sees a plain error in place of %s, and the caller gets that', async (_, error) => {
  const seen: unknown[] = []
  const failing = withPlainFailure(looking(seen), async () => {
    throw error
  })
  // `rejects` would look at it.
  const caught = await failing.then(
    () => ({ given: undefined }),
    (given: unknown) => ({ given }),
  )
  expect(Object.is(caught.given, error)).toBe(true)
  expect(seen).toStrictEqual([[]])
})

test('what is called again and succeeds gives its value', async () => {
  const seen: unknown[] = []
  const value = await withPlainFailure(looking(seen, 3), async (n: number) => {
    if (n < 3) throw new Error(`${n}`)
    return n
  })
  expect(value).toBe(3)
  expect(seen).toHaveLength(2)
})

test('what the library fails with behind its body is thrown as it is', async () => {
  const refused = new Error('COMMIT was refused')
  const failing = withPlainFailure<[], string>(
    async (body) => {
      await body()
      throw refused
    },
    async () => 'done',
  )
  await expect(failing).rejects.toBe(refused)
})
