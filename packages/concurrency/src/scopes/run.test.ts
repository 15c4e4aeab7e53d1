import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { program } from '../../test/program.ts'
import { cancelScope } from './cancel-scope.ts'
import { io } from '../boundary/io.ts'
import { LeftoverError } from './leftover-error.ts'
import { run } from './run.ts'
import { rootScopes } from './scope.ts'
import { shield } from './shield.ts'
import { sleep } from './sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { formatTaskTree } from '../inspect/task-tree.ts'
import { withTimeout } from './timeout.ts'

const caught = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  return expect.unreachable('nothing was thrown')
}

describe('run', () => {
  test('gives what main returns, and takes its listeners off', async () => {
    const before = process.listenerCount('SIGTERM')
    const value = await run((scope) => {
      expect(process.listenerCount('SIGTERM')).toBe(before + 1)
      return scope.name
    })
    expect(value).toBe('main')
    expect(process.listenerCount('SIGTERM')).toBe(before)
    expect(rootScopes().size).toBe(0)
  })

  test('listens to the signals that it is told to, and to a foreign one, no longer than it runs', async () => {
    const { signal } = new AbortController()
    const counts = (): number[] => [
      process.listenerCount('SIGHUP'),
      process.listenerCount('SIGTERM'),
      getEventListeners(signal, 'abort').length,
    ]
    const before = counts()
    const within = await run(counts, { shutdownSignals: ['SIGHUP'], signal })
    expect(within).toEqual([(before[0] ?? 0) + 1, before[1], 1])
    expect(counts()).toEqual(before)
  })

  test('throws what main throws', async () => {
    await expect(run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  test('a foreign signal cancels main', async () => {
    const controller = new AbortController()
    const result = run(
      async () => {
        controller.abort()
        await sleep(1)
      },
      { signal: controller.signal },
    )
    await expect(result).rejects.toMatchObject({ source: 'signal', scope: 'main' })
  })

  test('closes resources in reverse order when main has ended', async () => {
    const log: string[] = []
    await run((scope) => {
      scope.defer(() => log.push('database'))
      scope.defer(() => log.push('server'))
    })
    expect(log).toEqual(['server', 'database'])
  })

  test('with strict, a forgotten await is an error of the scope in which it was forgotten', async () => {
    const read = { boundary: 'test', operation: 'read', effect: 'read' } as const
    let inner: unknown
    await run(
      async () => {
        inner = await caught(
          cancelScope(
            function forgetful() {
              io(read, {}, (signal) => {
                const { promise, reject } = Promise.withResolvers<never>()
                signal.addEventListener('abort', () => reject(signal.reason))
                return promise
              }).catch(() => undefined)
            },
            { name: 'page' },
          ),
        )
      },
      { strict: true },
    )
    expect(LeftoverError.isInstance(inner)).toBe(true)
    expect((inner as Error).message).toMatch(/^In "page": io "test.read" was still running/)
    expect((inner as Error).message).toContain('forgetful')
    expect((inner as LeftoverError).leftovers).toMatchObject([{ name: 'test.read' }])
  })

  test('with strict, a group throws it beside its other errors', async () => {
    const error = await caught(
      run(
        () =>
          taskGroup(() => {
            cancelScope(() => sleep(60_000)).catch(() => undefined)
          }),
        { strict: true },
      ),
    )
    expect((error as AggregateError).errors).toMatchObject([
      { message: expect.stringMatching(/^In "group": scope "scope" was still running/) },
    ])
  })

  test('with strict, what is awaited at the end and not cancelled is no error', async () => {
    let done = false
    await run(
      (scope) => {
        scope.defer(() => expect(formatTaskTree()).toMatch(/^run main .*\n└─ shield deferred /))
        void shield(async () => {
          await sleep(0)
          done = true
        })
      },
      { strict: true },
    )
    expect(done).toBe(true)
  })

  test('refuses what is no function, and a signal that is none', async () => {
    await expect(run(1 as never)).rejects.toThrow('Expected main to be a function, got 1')
    await expect(run(() => 1, { signal: 1 as never })).rejects.toThrow(
      'Expected signal to be an AbortSignal, got 1',
    )
  })

  test.each<[NodeJS.Signals, number]>([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ])('%s cancels main, which is awaited; the exit code is %i', async (signal, code) => {
    const ended = await program(
      `await y.run(async () => {
        console.log('ready')
        try { await y.sleep(1e9) } catch (error) {
          await y.shield(() => y.sleep(1))
          console.log('closed:', error.source, error.scope, error.message)
          throw error
        }
      }, { name: 'office' })`,
      [signal],
    )
    const told = `closed: shutdown office ${signal} asked the process to end`
    expect(ended).toEqual({ code, signal: null, out: `ready\n${told}\n`, err: '' })
  })

  test('what main makes of a shutdown signal is its own error', async () => {
    const ended = await program(
      `await y.run(async () => {
        console.log('ready')
        await y.sleep(1e9).catch(() => { throw new Error('could not close') })
      })`,
      ['SIGTERM'],
    )
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('could not close')
  })

  test('a second signal exits at once', async () => {
    const ended = await program(
      `await y.run(async () => {
        console.log('ready')
        try { await y.sleep(1e9) } finally {
          console.log('ready')
          await y.shield(() => y.sleep(1e9))
        }
      })`,
      ['SIGTERM', 'SIGINT'],
    )
    expect(ended).toMatchObject({ signal: 'SIGINT', out: 'ready\nready\n' })
  })

  test('a program that has set its own exit code keeps it', async () => {
    const ended = await program(
      `await y.run(async () => {
        console.log('ready')
        try { await y.sleep(1e9) } finally { process.exitCode = 3 }
      })`,
      ['SIGTERM'],
    )
    expect(ended.code).toBe(3)
  })

  test('leftovers are cancelled, awaited and reported, and do not bring the process down', async () => {
    const ended = await program(
      `await y.run(async () => {
        async function upload() {
          await y.io({ boundary: 'test', operation: 'put', effect: 'write' }, {}, (signal) =>
            new Promise((_, reject) => signal.addEventListener('abort', () => {
              setTimeout(() => { console.log('stopped'); reject(signal.reason) }, 1)
            })))
        }
        upload()
      })
      console.log('end')`,
    )
    expect(ended).toMatchObject({ code: 0, out: 'stopped\nend\n' })
    expect(ended.err).toContain('io "test.put" was still running')
    expect(ended.err).toContain('at upload')
  })

  test('a program that hears of unhandled rejections itself does so as ever, and not of leftovers', async () => {
    const ended = await program(
      `process.on('unhandledRejection', (error) => console.log('heard of', error.message))
      await y.run(async () => {
        y.io({ boundary: 'test', operation: 'put', effect: 'write' }, {}, (signal) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => {
            Promise.reject(new Error('a real mistake'))
            setImmediate(() => reject(signal.reason))
          })))
      })`,
    )
    // Who listens hears of all; whoever does not is spared the leftovers.
    expect(ended.code).toBe(0)
    expect(ended.out).toContain('heard of a real mistake')
  })

  test('another unhandled rejection still does, while leftovers are awaited', async () => {
    const ended = await program(
      `await y.run(async () => {
        y.io({ boundary: 'test', operation: 'put', effect: 'write' }, {}, (signal) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => {
            Promise.reject(new Error('a real mistake'))
            setTimeout(() => reject(signal.reason), 50)
          })))
      })`,
    )
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('a real mistake')
  })
})

describe('run within another scope', () => {
  test('ends with that, and begins nothing where that is cancelled', async () => {
    let began = 0
    const error = await withTimeout(5, async () => {
      await run(() => {
        began += 1
        return sleep(Infinity)
      }).catch(() => undefined)
      await run(() => (began += 1))
    }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'TimeoutError' })
    expect(began).toBe(1)
  })

  test('a grace bounds the wait also where the cancel came before, or at once', async () => {
    const deaf = (): Promise<never> => Promise.withResolvers<never>().promise
    const signal = AbortSignal.abort()
    await expect(run(deaf, { graceMs: 1, signal })).rejects.toMatchObject({ name: 'Cancelled' })
    const cancelling = withTimeout(
      10_000,
      (scope) => {
        scope.cancel()
        return deaf()
      },
      { graceMs: 1 },
    )
    await expect(cancelling).rejects.toMatchObject({ name: 'Cancelled' })
  })
})

describe('a shutdown signal', () => {
  const main = `
    console.log('ready')
    try { await y.sleep(Infinity) } finally { await y.shield(() => y.sleep(5)); console.log('closed') }`

  test('that is named twice is heard once', async () => {
    const ended = await program(
      `await y.run(async () => {${main}}, { shutdownSignals: ['SIGTERM', 'SIGTERM'] })`,
      ['SIGTERM'],
    )
    expect(ended).toMatchObject({ code: 143, out: 'ready\nclosed\n' })
  })

  test('ends the program in order also where no thread can be started to watch it', async () => {
    const ended = await program(
      `import worker from 'node:worker_threads'
      import { syncBuiltinESMExports } from 'node:module'
      await y.run(async () => {
        worker.Worker = class { constructor() { throw new Error('ERR_ACCESS_DENIED') } }
        syncBuiltinESMExports()
        ${main}
      })`,
      ['SIGTERM'],
    )
    expect(ended).toMatchObject({ code: 143, out: 'ready\nclosed\n' })
  })
})
