import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as jobsModule from '../../../test/executor-jobs.ts'
import { withTimeout } from '../../index.ts'
import { processes } from '../../processes.ts'
import { threads } from '../../threads.ts'
import type { Executor } from '../executor.ts'

const around = 2
const jobs = new URL('../../../test/executor-jobs.ts', import.meta.url)

/** A function of which the program was made elsewhere, by a tool that puts helpers into it. */
const asWritten = (text: string): (() => unknown) =>
  // oxlint-disable-next-line typescript/no-implied-eval -- for what vitest would rewrite
  new Function(`return (${text})`)() as () => unknown

class Counter {
  count = 1
  method(): number {
    return this.count
  }
}

describe.each(['threads', 'processes'] as const)('a function as a job of %s', (kind) => {
  let pool: Executor<object>
  beforeAll(() => {
    pool = { threads, processes }[kind]({ workers: 1, effect: 'read', graceMs: 0 })
  })
  afterAll(async () => {
    await pool.close()
  })

  test('is called with its arguments, and gives its value with its type', async () => {
    const sum: number = await pool.call((a: number, b: number) => a + b, 1, 2)
    expect(sum).toBe(3)
    const text: string = await pool.run({ fn: async (s: string) => s.toUpperCase(), args: ['a'] })
    expect(text).toBe('A')
  })

  test('may be anything that needs nothing from around it', async () => {
    function factorial(n: number): number {
      return n < 2 ? 1 : n * factorial(n - 1)
    }
    const destructured = ({ a: [first] = [1] }: { a?: number[] }, ...rest: number[]): number =>
      [...rest, first ?? 0].length
    const withInner = function (this: unknown): unknown[] {
      class Inner {
        value: boolean = this instanceof Inner
      }
      const arrow = (): unknown => this
      return [new Inner().value, arrow(), arguments.length]
    }
    const hash = async (data: string): Promise<string> => {
      const { createHash } = await import('node:crypto')
      return createHash('sha256').update(data).digest('hex').slice(0, 8)
    }
    expect(await pool.call(factorial, 5)).toBe(120)
    expect(await pool.call(destructured, {}, 1, 2)).toBe(3)
    expect(await pool.call(withInner)).toEqual([true, undefined, 0])
    expect(await pool.call(hash, 'a')).toBe('ca978112')
    expect(await pool.call(asWritten('() => __name(() => 7, "seven")()'))).toBe(7)
    expect(await pool.call(asWritten('async () => (await import("node:os")).EOL'))).toBe('\n')
  })

  test.each<[string, () => unknown, string]>([
    ['a variable', () => around, 'one that uses "around"'],
    ['a type of error', () => new Counter(), 'one that uses "Counter"'],
    ['an assignment', asWritten('() => { total = 1 }'), 'one that uses "total"'],
    ['a look', asWritten('() => typeof nowhere'), 'one that uses "nowhere"'],
    ['two', asWritten('() => a + b + a'), 'one that uses "a", "b"'],
    ['a default', asWritten('(x = outer) => x'), 'one that uses "outer"'],
    ['the arguments of another', asWritten('() => arguments'), 'one that uses "arguments"'],
    ['require', asWritten('() => require("node:os")'), 'one that uses "require"'],
    ['this', asWritten('() => this'), 'an arrow function that uses this'],
    ['this, further in', asWritten('() => () => [this]'), 'an arrow function that uses this'],
    ['a relative import', asWritten('() => import("./a.js")'), 'one that imports "./a.js"'],
    ['a package', asWritten('() => import("kysely")'), 'one that imports "kysely"'],
    ['a generator', asWritten('function* () { yield 1 }'), 'a generator'],
    ['a class', Counter as never, 'a class'],
    ['a method', asWritten('{ method() {} }.method'), 'a method, a native function or a bound one'],
    ['a native function', Date.now, 'a method, a native function or a bound one'],
    ['a bound function', Date.now.bind(Date), 'a method, a native function or a bound one'],
  ])('is refused with %s', async (_what, fn, message) => {
    await expect(pool.call(fn)).rejects.toThrow(TypeError)
    await expect(pool.call(fn)).rejects.toThrow(message)
    expect(pool.running).toBe(0)
  })

  test('finds a global of the program missing where it runs', async () => {
    Object.assign(globalThis, { onlyHere: 1 })
    try {
      const call = pool.call(asWritten('() => onlyHere'))
      await expect(call).rejects.toThrow('one that uses "onlyHere"')
    } finally {
      Reflect.deleteProperty(globalThis, 'onlyHere')
    }
  })

  test('is called by its name in what it throws', async () => {
    const failing = (): never => {
      throw new RangeError('too far')
    }
    await expect(pool.call(failing)).rejects.toMatchObject({
      name: 'RangeError',
      message: 'too far',
    })
    const endless = (): void => {
      for (;;);
    }
    const late = withTimeout(50, () => pool.call(endless))
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError' })
    const crash = (): void => void process.exit(3)
    await expect(pool.call(crash)).rejects.toThrow('"crash" crashed')
  })

  test('has no name beside its own', async () => {
    const both = { name: 'add', fn: () => 1, args: [] as [] }
    await expect(pool.run(both)).rejects.toThrow('Expected one of name and fn, got both')
  })

  test('is all that a pool without a module takes', async () => {
    await expect(pool.call('add' as never)).rejects.toThrow('Expected job to be a function')
  })

  test('goes beside the jobs of a module', async () => {
    const make = { threads, processes }[kind]
    await using both = make<typeof jobsModule>({ module: jobs })
    expect(await both.call('add', 1, 2)).toBe(3)
    expect(await both.call((a: number) => a + 1, 3)).toBe(4)
  })
})
