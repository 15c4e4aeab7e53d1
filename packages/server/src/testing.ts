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
export type { LeavingMoment } from './testing/send-in-memory.ts'
export {
  inject,
  type InjectOptions,
  type LeaveOptions,
  type MemoryOptions,
  type MemoryServer,
  serveInMemory,
} from './testing/serve-in-memory.ts'
export {
  memoryIdempotencyStore,
  type MemoryTransaction,
} from './testing/memory-idempotency-store.ts'
