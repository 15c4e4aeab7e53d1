export { type Clock, installClock, systemClock, type Timer } from './clock.ts'
export { TestClock } from './test-clock.ts'
