import { currentScope } from './scope.ts'

/**
 * The one way in which this package waits: a promise that somebody resolves, or that the cancel of the
 * scope around the caller rejects. Whichever is first settles it; the other is taken off.
 *
 * The awaiting function goes on in its own scope and `AsyncLocalStorage`, whoever resolves it.
 *
 * @param label what the task tree shows
 * @param start begins the wait and returns what ends it when it is cancelled
 */
export function wait<T>(
  label: string,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  const scope = currentScope()
  const pending = scope?.reason
  if (pending !== undefined) return Promise.reject(pending)
  if (scope === undefined) {
    return new Promise((resolve, reject) => {
      start(resolve, reject)
    })
  }
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      scope.waitingFor = undefined
      unlisten()
    }
    const unlisten = scope.onCancel((reason) => {
      scope.waitingFor = undefined
      undo()
      reject(reason)
    })
    scope.waitingFor = label
    const undo = start(
      (value) => {
        leave()
        resolve(value)
      },
      (error) => {
        leave()
        reject(error)
      },
    )
  })
}
