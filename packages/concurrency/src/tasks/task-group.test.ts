import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { checkpoint, currentSignal } from '../scopes/checkpoint.ts'
import { Event } from '../sync/event.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { shield } from '../scopes/shield.ts'
import { sleep } from '../scopes/sleep.ts'
import type { Task } from './task.ts'
import { taskGroup, type TaskGroup } from './task-group.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from '../scopes/timeout.ts'

const caught = async (promise: PromiseLike<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  return expect.unreachable('nothing was thrown')
}

const fail = (message: string): never => {
  throw new Error(message)
}

describe('taskGroup', () => {
  test('a task that has ended gives its result also in a cancelled scope', async () => {
    await taskGroup(async (group) => {
      const task = group.spawn(() => 42)
      await task
      await cancelScope(async (scope) => {
        scope.cancel()
        expect(await task).toBe(42)
      })
    })
  })

  test('returns what its body returns, when all tasks have ended', async () => {
    const log: string[] = []
    const value = await taskGroup((group) => {
      group.spawn(async () => {
        await setImmediate()
        log.push('task')
      })
      return 'value'
    })
    expect(value).toBe('value')
    expect(log).toEqual(['task'])
  })

  test('a task begins at once and gives its result to who awaits it', async () => {
    await taskGroup(async (group) => {
      let begun = false
      const task = group.spawn(function load() {
        begun = true
        return 42
      })
      expect(begun).toBe(true)
      expect([task.name, task.state, group.running]).toEqual(['load', 'running', 1])
      expect(await task).toBe(42)
      expect([task.state, group.running]).toEqual(['done', 0])
      expect(group.spawn(() => 1, { name: 'named' }).name).toBe('named')
    })
  })

  test('the first failure cancels the siblings and the body, and all are awaited', async () => {
    const log: string[] = []
    const error = await caught(
      taskGroup(async (group) => {
        group.spawn(async () => {
          await sleep(0)
          fail('first')
        })
        group.spawn(async () => {
          try {
            await sleep(Infinity)
          } catch (error) {
            log.push(`sibling: ${(error as Cancelled).source}`)
            await shield(() => sleep(0))
            log.push('sibling ended')
            throw error
          }
        })
        try {
          await sleep(Infinity)
        } catch (error) {
          log.push(`body: ${((error as Cancelled).cause as Error).message}`)
          throw error
        }
      }),
    )
    expect(log.toSorted()).toEqual(['body: first', 'sibling ended', 'sibling: group'])
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors).toEqual([new Error('first')])
    expect((error as Error).message).toBe('a failure in "group": first')
  })

  test('a failure of the body cancels the tasks', async () => {
    const error = await caught(
      taskGroup((group) => {
        group.spawn(() => sleep(Infinity))
        throw new Error('body')
      }),
    )
    expect((error as AggregateError).errors).toEqual([new Error('body')])
  })

  test('the AbortError that a cancel made of a platform call in the body is no error', async () => {
    const error = await caught(
      taskGroup(async (group) => {
        group.spawn(async () => {
          await sleep(0)
          fail('task')
        })
        await setTimeout(60_000, undefined, { signal: currentSignal() as AbortSignal })
      }),
    )
    expect((error as AggregateError).errors).toEqual([new Error('task')])
  })

  test('every error is kept, in the order in which they came, and the cancels are dropped', async () => {
    const error = await caught(
      taskGroup(
        async (group) => {
          group.spawn(async () => {
            await sleep(Infinity).catch(() => fail('third'))
          })
          group.spawn(() => sleep(Infinity))
          group.spawn(async () => {
            await setImmediate()
            fail('first')
          })
          await sleep(Infinity).catch(() => fail('second'))
        },
        { name: 'pages' },
      ),
    )
    const messages = (error as AggregateError).errors.map((each: Error) => each.message)
    expect(messages[0]).toBe('first')
    expect(messages.toSorted()).toEqual(['first', 'second', 'third'])
    expect((error as Error).message).toBe('3 failures in "pages": first')
  })

  test('its message quotes the first error, where it is one', async () => {
    const failing = (thrown: unknown): Promise<unknown> =>
      taskGroup(() => Promise.reject(thrown), { name: 'page' })
    await expect(failing(new Error('no'))).rejects.toThrow(/^a failure in "page": no$/)
    await expect(failing('text')).rejects.toThrow(/^a failure in "page"$/)
  })

  test('a body that lets its task’s failure pass does not double it', async () => {
    const error = await caught(taskGroup(async (group) => await group.spawn(() => fail('once'))))
    expect((error as AggregateError).errors).toHaveLength(1)
  })

  test('an outer cancel without an error gives one Cancelled', async () => {
    const error = await caught(
      cancelScope(
        async (scope) => {
          const thrown = await caught(
            taskGroup(async (group) => {
              group.spawn(() => sleep(Infinity))
              group.spawn(() => sleep(Infinity))
              queueMicrotask(() => scope.cancel())
            }),
          )
          expect(thrown).toBeInstanceOf(Cancelled)
          throw thrown
        },
        { name: 'outer' },
      ),
    )
    expect(error).toMatchObject({ name: 'Cancelled', scope: 'outer' })
  })

  test('an outer cancel with errors gives the errors, and stays pending', async () => {
    const log: unknown[] = []
    const error = await caught(
      cancelScope(async (scope) => {
        const thrown = await caught(
          taskGroup(async (group) => {
            group.spawn(async () => {
              await sleep(Infinity).catch(() => fail('clean-up'))
            })
            queueMicrotask(() => scope.cancel())
            await sleep(Infinity)
          }),
        )
        log.push((thrown as AggregateError).errors)
        await checkpoint()
      }),
    )
    expect(log).toEqual([[new Error('clean-up')]])
    expect(error).toBeInstanceOf(Cancelled)
  })

  test('nested groups nest', async () => {
    const error = await caught(
      taskGroup(
        (outer) => {
          outer.spawn(() =>
            taskGroup(
              (inner) => {
                inner.spawn(() => fail('deep'))
              },
              { name: 'inner' },
            ),
          )
        },
        { name: 'outer' },
      ),
    )
    const [inner] = (error as AggregateError).errors
    expect(inner).toBeInstanceOf(AggregateError)
    expect(inner.errors).toEqual([new Error('deep')])
  })

  test('a cancelled child is no failure', async () => {
    const value = await taskGroup(async (group) => {
      const child = group.spawn(() => sleep(Infinity), { name: 'child' })
      const sibling = group.spawn(async () => {
        await sleep(0)
        return 'sibling'
      })
      child.cancel('not needed')
      expect(await caught(child)).toMatchObject({
        source: 'task',
        scope: 'child',
        message: 'not needed',
      })
      expect(child.state).toBe('cancelled')
      return await sibling
    })
    expect(value).toBe('sibling')
  })

  test('a body that awaits a child it cancelled, and lets that pass, throws the cancel', async () => {
    const error = await caught(
      taskGroup(async (group) => {
        const child = group.spawn(() => sleep(Infinity), { name: 'child' })
        child.cancel()
        await child
      }),
    )
    expect(error).toMatchObject({ name: 'Cancelled', scope: 'child' })
  })

  test('a body that turns the cancel into its own error yields that error', async () => {
    const own = new Error('mine')
    const error = await caught(
      taskGroup(async (group) => {
        group.cancel()
        await sleep(1).catch(() => {
          throw own
        })
      }),
    )
    expect((error as AggregateError).errors).toEqual([own])
  })

  test('group.cancel() ends the tasks; a body that returns gives its value', async () => {
    const value = await taskGroup((group) => {
      group.spawn(() => sleep(Infinity))
      group.cancel()
      return 'value'
    })
    expect(value).toBe('value')
  })

  test('group.cancel() that the body lets pass is thrown', async () => {
    const error = await caught(
      taskGroup(
        async (group) => {
          group.cancel('enough')
          await sleep(1)
        },
        { name: 'pages' },
      ),
    )
    expect(error).toMatchObject({ name: 'Cancelled', scope: 'pages', message: 'enough' })
  })

  test('nothing is spawned after a cancel', async () => {
    const error = await caught(
      taskGroup((group) => {
        group.cancel()
        group.spawn(() => expect.unreachable())
      }),
    )
    expect(error).toBeInstanceOf(Cancelled)
  })

  test('nothing is spawned after the end', async () => {
    let kept: TaskGroup | undefined
    await taskGroup((group) => {
      kept = group
    })
    expect(() => kept?.spawn(() => 1)).toThrow(
      'Expected the group "group" to be open, got one that has ended',
    )
  })

  test('a task may spawn while the group still waits for it', async () => {
    const log: string[] = []
    await taskGroup((group) => {
      group.spawn(async () => {
        await setImmediate()
        group.spawn(async () => {
          await setImmediate()
          log.push('grandchild')
        })
      })
    })
    expect(log).toEqual(['grandchild'])
  })

  test('no failure of a task that nobody awaits is an unhandled rejection', async () => {
    const rejections: unknown[] = []
    const listener = (reason: unknown): void => {
      rejections.push(reason)
    }
    process.on('unhandledRejection', listener)
    try {
      await caught(
        taskGroup((group) => {
          group.spawn(() => fail('one'))
          group.spawn(() => fail('two'))
          group.spawn(() => sleep(Infinity))
        }),
      )
      await setImmediate()
      await setImmediate()
      expect(rejections).toEqual([])
    } finally {
      process.off('unhandledRejection', listener)
    }
  })

  test('a task that is not cut short by an outer timeout lets the body’s value count', async () => {
    using clock = TestClock.install()
    const result = withTimeout(10, async (scope) => {
      const value = await taskGroup((group) => {
        group.spawn(() => shield(() => sleep(20)))
        return 'value'
      })
      return [value, scope.expired]
    })
    await clock.advance(20)
    expect(await result).toEqual(['value', true])
  })

  test('tasks run in their own scopes and see the store of who spawned them', async () => {
    const store = new AsyncLocalStorage<string>()
    const seen = await taskGroup(async (group) => {
      const task = store.run('spawner', () =>
        group.spawn(
          async () => {
            await setImmediate()
            return [store.getStore(), currentScope()?.name]
          },
          { name: 'mine' },
        ),
      )
      return await task
    })
    expect(seen).toEqual(['spawner', 'mine'])
  })

  test('a task reports who cancelled it: the sibling’s error is the cause', async () => {
    const failure = new Error('sibling')
    let task: Task<void> | undefined
    await caught(
      taskGroup((group) => {
        task = group.spawn(() => sleep(Infinity))
        group.spawn(() => {
          throw failure
        })
      }),
    )
    expect(await caught(task as Task<void>)).toMatchObject({ source: 'group', cause: failure })
  })

  test('to await a task that the cancel reaches too is to wait for its end', async () => {
    const log: string[] = []
    const result = cancelScope(async (scope) => {
      await taskGroup(async (group) => {
        const task = group.spawn(async () => {
          await sleep(Infinity).catch(() => undefined)
          await shield(() => setImmediate())
          log.push('task')
          return 'value'
        })
        queueMicrotask(() => scope.cancel())
        log.push(await task)
      })
    })
    expect(await result).toBeUndefined()
    expect(log).toEqual(['task', 'value'])
  })

  test('to await a task in a shield is not to wait for its end: the cancel does not reach it', async () => {
    const gate = new Event()
    let task: Task<string> | undefined
    const result = cancelScope(async (scope) => {
      const shielded = shield(() =>
        taskGroup((group) => {
          task = group.spawn(() => gate.wait().then(() => 'value'))
        }),
      )
      queueMicrotask(() => scope.cancel())
      await expect(task).rejects.toMatchObject({ source: 'scope' })
      expect(task?.state).toBe('running')
      gate.set()
      await shielded
    })
    await result
    expect(await cancelScope(() => task)).toBe('value')
  })

  test('several may await one task, while it runs and after', async () => {
    await taskGroup(async (group) => {
      const task = group.spawn(() => setImmediate('value'))
      expect(task.name).toBe('task')
      expect(await Promise.all([task, task, cancelScope(() => task)])).toEqual([
        'value',
        'value',
        'value',
      ])
      expect([await task, await cancelScope(() => task)]).toEqual(['value', 'value'])
    })
  })

  test('a task of another group gives its value, or what it threw', async () => {
    const failure = new Error('no')
    let bad: Task<never> | undefined
    const failing = taskGroup((group) => {
      bad = group.spawn(() => setImmediate().then(() => Promise.reject(failure)))
    })
    await Promise.all([
      expect(cancelScope(() => bad)).rejects.toBe(failure),
      expect(failing).rejects.toMatchObject({ errors: [failure] }),
    ])
    await taskGroup(async (group) => {
      const good = group.spawn(() => setImmediate('value'))
      expect(await cancelScope(() => good)).toBe('value')
    })
  })

  test('to await a task of another group is a checkpoint, and spares the task', async () => {
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const task = group.spawn(() => sleep(20))
      const direct = withTimeout(10, () => task)
      const within = withTimeout(10, async () => {
        await task
      })
      const ends = Promise.all([
        expect(direct).rejects.toMatchObject({ name: 'TimeoutError' }),
        expect(within).rejects.toMatchObject({ name: 'TimeoutError' }),
      ])
      await clock.advance(10)
      await ends
      expect(task.state).toBe('running')
      await clock.advance(10)
      await withTimeout(10, () => task)
    })
    expect(clock.pending).toBe(0)
  })

  test('refuses what is no function', async () => {
    await expect(taskGroup(1 as never)).rejects.toThrow(TypeError)
    await taskGroup((group) => {
      expect(() => group.spawn(1 as never)).toThrow('Expected fn to be a function, got 1')
    })
  })

  test('a task that settles fails for those who await it, and cancels nobody', async () => {
    const seen = await taskGroup(async (group) => {
      const bad = group.spawn(() => Promise.reject(new Error('no')), { settle: true })
      const other = group.spawn(() => checkpoint().then(() => 'fine'))
      return [await Promise.allSettled([bad]), await other]
    })
    expect(seen).toEqual([[{ status: 'rejected', reason: new Error('no') }], 'fine'])
  })

  test('a failure that settles and that nobody asks for is one of the group, once all else is done', async () => {
    let others = 0
    const result = taskGroup(async (group) => {
      for (let i = 0; i < 200; i += 1) {
        const task = group.spawn(() => Promise.reject(new Error(`asked ${i}`)), { settle: true })
        if (i % 2 === 0) await Promise.allSettled([task])
        else await checkpoint().then(() => Promise.allSettled([task]))
      }
      group.spawn(() => Promise.reject(new Error('unasked')), { settle: true })
      group.spawn(() => checkpoint().then(() => (others += 1)))
    })
    await expect(result).rejects.toMatchObject({
      message: 'a failure in "group": unasked',
      errors: [new Error('unasked')],
    })
    expect(others).toBe(1)
  })

  test('a task that settles and is cut short by an outer cancel swallows it no more than others', async () => {
    let settled = false
    const result = cancelScope((scope) =>
      taskGroup((group) => {
        group.spawn(() => sleep(Infinity), { settle: true }).then(undefined, () => (settled = true))
        scope.cancel()
      }),
    )
    await expect(result).rejects.toBeInstanceOf(Cancelled)
    expect(settled).toBe(true)
  })

  test('a task that ends by the cancel of something else fails its group, though the body awaits none', async () => {
    const alone = (): Promise<void> =>
      cancelScope((scope) => {
        scope.cancel('enough')
        return checkpoint()
      })
    const result = taskGroup((group) => {
      group.spawn(alone)
      group.spawn(() => sleep(Infinity))
    })
    await expect(result).rejects.toMatchObject({ message: 'enough', scope: 'scope' })
  })
})
