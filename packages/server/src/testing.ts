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
