export {
  databaseTemplate,
  type DatabaseTemplate,
  type ThrowawayDatabase,
} from './testing/database-template.ts'
export { exerciseDatabase } from './testing/exercise-database.ts'
export { withRollback } from './testing/with-rollback.ts'
