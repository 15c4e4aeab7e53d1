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
 * Whether the event loop has looked at its sockets since. Whatever the kernel knew before (that a
 * connection was closed, say) has been heard when the turn is over. One timer for all.
 */
export function loopTurn(): { readonly isOver: boolean } {
  // The next may come before the loop looks; the one after it does not.
  const end = turns + 2
  wanted = end
  if (!isArmed) arm()
  return {
    get isOver() {
      return turns >= end
    },
  }
}
