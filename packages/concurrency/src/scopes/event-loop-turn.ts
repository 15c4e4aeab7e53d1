/**
 * Resolves one turn of the event loop later. It is Node's `setImmediate`, even where a test has replaced
 * the global.
 */
export { setImmediate as eventLoopTurn } from 'node:timers/promises'
