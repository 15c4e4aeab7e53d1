/** Resolves a turn of the event loop later; `setImmediate` of Node, also where a test has put its own in force. */
export { setImmediate as eventLoopTurn } from 'node:timers/promises'
