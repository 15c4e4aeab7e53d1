export { exerciseStorage } from './testing/exercise-storage.ts'
export {
  createFakeStorage,
  type FakeStorage,
  type FakeStorageOptions,
} from './testing/fake-storage.ts'
export type { StorageFixture } from './testing/storage-fixture.ts'
