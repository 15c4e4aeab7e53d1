export {
  exerciseIdempotencyStore,
  type IdempotencyStoreFixture,
} from './testing/exercise-idempotency-store.ts'
export {
  exerciseServer,
  type Handle,
  type MakeServer,
  type ServerFixture,
} from './testing/exercise-server.ts'
export {
  memoryIdempotencyStore,
  type MemoryTransaction,
} from './testing/memory-idempotency-store.ts'
