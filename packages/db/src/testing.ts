export {
  databaseTemplate,
  type DatabaseTemplate,
  type ThrowawayDatabase,
} from './database-template.ts'
export { exerciseDatabase, type ExerciseCase } from './exercise-database.ts'
export { withRollback } from './with-rollback.ts'
