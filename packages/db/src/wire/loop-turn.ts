import { detached } from '@yuzuru/concurrency'

let turns = 0
let wanted = 0
let isArmed = false

function arm(): void {
  isArmed = true
  detached(() =>
    setImmediate(() => {
      turns += 1
      if (turns < wanted) arm()
      else isArmed = false
    }),
  )
}

/**
 * Tells whether the event loop has polled its sockets since the call. When the turn is over, everything
 * that the kernel knew before it, such as a closed connection, has been reported. All callers share one
 * timer.
 */
export function loopTurn(): { readonly isOver: boolean } {
  // The next turn may come before the loop polls, but the one after it does not.
  const end = turns + 2
  wanted = end
  if (!isArmed) arm()
  return {
    get isOver() {
      return turns >= end
    },
  }
}
