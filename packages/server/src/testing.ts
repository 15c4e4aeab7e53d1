export {
  exerciseServer,
  type Handle,
  type MakeServer,
  type ServerFixture,
} from './testing/exercise-server.ts'
