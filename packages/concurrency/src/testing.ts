export { assertNoLeaks, type AssertNoLeaksOptions } from './assert-no-leaks.ts'
export {
  cancelEverywhere,
  type CancelEverywhereOptions,
  type CancelledRun,
} from './cancel-everywhere.ts'
export {
  exerciseOutcomes,
  type ExerciseOutcomesOptions,
  type Fault,
  type OutcomeFixture,
} from './exercise-outcomes.ts'
export { type Clock, installClock, systemClock, type Timer } from './clock.ts'
export { TestClock } from './test-clock.ts'
