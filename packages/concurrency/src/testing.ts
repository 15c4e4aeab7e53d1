export { assertNoLeaks, type AssertNoLeaksOptions } from './testing/assert-no-leaks.ts'
export {
  cancelEverywhere,
  type CancelEverywhereOptions,
  type CancelledRun,
} from './testing/cancel-everywhere.ts'
export {
  exerciseOutcomes,
  type ExerciseOutcomesOptions,
  type Fault,
  type OutcomeFixture,
} from './testing/exercise-outcomes.ts'
export { type Clock, installClock, systemClock, type Timer } from './scopes/clock.ts'
export { TestClock } from './testing/test-clock.ts'
export {
  exerciseHostileTexts,
  type ExerciseHostileTextsInit,
  HOSTILE_SQL,
} from './testing/exercise-hostile-texts.ts'
export {
  exerciseOptions,
  type ExerciseOptionsInit,
  type Face,
  type OptionsTaker,
} from './testing/exercise-options.ts'
export { casesOf, type Fixture, type MakeCase, type SuiteCase } from './testing/suite-case.ts'
